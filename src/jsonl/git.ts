import { writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { shortDigest } from '../core/digest.ts';
import type { Env } from '../core/env.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { isInside, realPath } from '../core/files.ts';
import type { Logger } from '../core/logger.ts';
import { type FolderPlace, inPrivateFolder } from '../core/private-folder.ts';
import type { Redactor } from '../core/secrets.ts';
import { createEngineCredentials } from '../dolt/engine-credentials.ts';
import { doltEnvironment, preparePrivateRoot } from '../dolt/environment.ts';
import { run } from '../dolt/process.ts';
import { branchHere, followHere, type Git, headerLines, isShallow, moveHere, REMOTE } from './checkout.ts';

/**
 * The action for the file in git. `commit`: on the branch that is checked out · `push`: on the branch of the remote ·
 * `pull-request`: on a branch of its own, from which a pull request goes to the branch of the remote.
 */
export interface Committing {
  /** Absolute path of the JSONL file. */
  readonly file: string;
  readonly mode: 'commit' | 'push' | 'pull-request';
  /** The branch of the remote; null: unknown, so nothing can be pushed. */
  readonly branch: string | null;
  readonly author: { readonly name: string; readonly email: string };
  readonly message: string;
  /** git settings that hold the credential of the remote. */
  readonly git: readonly (readonly [key: string, value: string])[];
  /**
   * Called with the file that a commit would replace. The branch may have records that the file of the checkout lacks.
   * @throws Failure if it has records that must stay
   */
  readonly compare: (former: FormerFile) => Promise<void>;
}

/** A copy of a file of a commit. */
export interface FormerFile {
  /** Absolute path of the copy. */
  readonly copy: string;
  /** The file and its commit, for messages. */
  readonly name: string;
}

/** `unchanged`: the branch has the same file. `proposed`: `branch` has it, and is to be merged into `base`. */
export type Committed =
  | { readonly status: 'committed' | 'pushed' | 'unchanged'; readonly branch: string; readonly commit: string | null }
  | Proposed;

export interface Proposed {
  readonly status: 'proposed';
  readonly branch: string;
  readonly base: string;
  readonly commit: string;
}

export interface GitContext extends FolderPlace {
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly secrets: Redactor;
  readonly log: Pick<Logger, 'warning'>;
}

/** How often a commit is made again on a branch that moved meanwhile. */
const RETRIES = 2;
const LIMIT_MS = 120_000;
/** Settings of the repository that would push more than the commit, or start another program. */
const ONE_COMMIT = [
  ['push.followTags', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['push.gpgSign', 'false'],
] as const;

/**
 * Commits the file, and nothing else, to the git repository around it. The commit is made from objects, not from the
 * working tree: no hook, filter or staged change takes part, and the branch of a push need not be checked out.
 * @throws Failure `jsonl-commit-failed`, `interrupted`, and what `compare` throws
 */
export async function commitFile(committing: Committing, context: GitContext): Promise<Committed> {
  return await inPrivateFolder(context, 'git', async (folder) => {
    const git = await openGit(committing, folder, context);
    if (committing.mode === 'commit') return await commitHere(git, committing);
    const { branch } = committing;
    if (branch === null) throw failed('the event names no branch, and the default branch of the repository is unknown');
    if (committing.mode === 'pull-request') return await proposeTo(git, branch, committing);
    const follow = async (commit: string): Promise<void> => {
      const why = await followHere(git, branch, commit).catch((thrown: unknown) => {
        const { code, message } = toFailure(thrown);
        if (code === 'interrupted') throw thrown;
        return message;
      });
      if (why !== null)
        context.log.warning(`${branch} has the JSONL file at the remote, but the checkout does not follow: ${why}`);
    };
    for (let attempt = 0; ; attempt += 1) {
      const base = await remoteHead(git, branch);
      const commit = await commitOn(git, base, committing);
      if (commit === null) {
        // An earlier run may have ended right after its push.
        await follow(base);
        return { status: 'unchanged', branch, commit: null };
      }
      const pushed = await git.tried('push', '--quiet', '--', REMOTE, `${commit}:refs/heads/${branch}`);
      if (pushed === null) {
        await follow(commit);
        return { status: 'pushed', branch, commit };
      }
      // The branch moved meanwhile, or the push is not allowed at all.
      if (attempt >= RETRIES || (await remoteHead(git, branch)) === base)
        throw failed(`git push to ${branch}: ${pushed}`);
    }
  });
}

async function openGit({ file, author, git }: Committing, folder: string, context: GitContext): Promise<Git> {
  const real = await realPath(file);
  const parent = dirname(real);
  // In a container, the checkout belongs to another user. A folder of it must not pass for a repository with programs.
  const settings = [
    ['safe.directory', '*'] as const,
    ['safe.bareRepository', 'explicit'] as const,
    ...ONE_COMMIT,
    ...git,
  ];
  const engineCredentials = createEngineCredentials({ git: settings });
  const root = await preparePrivateRoot(folder);
  const identity = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((who) => [
      [`GIT_${who}_NAME`, author.name],
      [`GIT_${who}_EMAIL`, author.email],
    ]),
  );
  const env = {
    ...doltEnvironment(context.env, root, { privateDir: folder, userHome: false, engineCredentials }),
    ...identity,
  };
  const at = (cwd: string, path: string, index: string | null): Git => {
    const start = async (words: readonly string[]) => {
      const own = index === null ? env : { ...env, GIT_INDEX_FILE: index };
      const options = { env: own, cwd, signal: context.signal, timeoutMs: LIMIT_MS };
      const { exitCode, stdout, stderr } = await run('git', words, options).catch((thrown: unknown) => {
        const failure = toFailure(thrown);
        throw failure.code === 'interrupted' ? failure : failed(failure.message, { cause: failure });
      });
      return { exitCode, stdout: stdout.trimEnd(), stderr: context.secrets.redact(stderr.trim()) };
    };
    return {
      path,
      file: real,
      folder,
      withIndex: (other) => at(cwd, path, other),
      async output(...words) {
        const { exitCode, stdout, stderr } = await start(words);
        if (exitCode !== 0) throw failed(`git ${words[0]}: ${stderr}`);
        return stdout;
      },
      async tried(...words) {
        const { exitCode, stderr } = await start(words);
        return exitCode === 0 ? null : stderr;
      },
    };
  };
  const top = await at(parent, '', null).output('rev-parse', '--show-toplevel');
  if (!isInside(top, real)) throw failed(`${file} is not in the git repository ${top}`);
  return at(top, relative(top, real).replaceAll('\\', '/'), null);
}

/** The head of the branch at the remote. A shallow clone stays shallow and keeps the history that it has. */
async function remoteHead(git: Git, branch: string): Promise<string> {
  const ref = `refs/heads/${branch}`;
  const isCut = await isShallow(git);
  if (isCut) {
    // A fetch with a depth also cuts off what is before a commit that is already here.
    const [head = ''] = (await git.output('ls-remote', '--', REMOTE, ref)).split('\t');
    if ((await git.output('show-ref', '--head', '--hash')).split('\n').includes(head)) return head;
  }
  const depth = isCut ? ['--depth=1'] : [];
  await git.output('fetch', '--quiet', '--no-tags', ...depth, '--', REMOTE, ref);
  return await git.output('rev-parse', '--verify', 'FETCH_HEAD^{commit}');
}

/** A commit of the file on another commit; null if that has the same file. */
async function commitOn(git: Git, base: string, { message, compare }: Committing): Promise<string | null> {
  // The path of a tree entry may be ignored by git; then its owner does not want it in the repository.
  const blob = await git.output('hash-object', '-w', '--no-filters', '--', git.file);
  const former = await git.output('ls-tree', base, '--', git.path);
  if (former.includes(` ${blob}\t`)) return null;
  if (former === '' && (await git.tried('check-ignore', '--quiet', '--', git.path)) === null) {
    throw failed(`${git.path} is ignored by git`);
  }
  if (former !== '') await compare({ copy: await copyOf(git, base), name: `${git.path} of commit ${base}` });
  const own = git.withIndex(`${git.folder}/index`);
  await own.output('read-tree', base);
  await own.output('update-index', '--add', '--cacheinfo', `${modeOf(former)},${blob},${git.path}`);
  return await git.output('commit-tree', await own.output('write-tree'), '-p', base, '-m', message);
}

/** The mode of a file that stays executable. */
function modeOf(treeEntry: string): string {
  return treeEntry.startsWith('100755 ') ? '100755' : '100644';
}

/** Copies the file of a commit to the private folder, without filters. */
async function copyOf(git: Git, base: string): Promise<string> {
  const repository = await git.output('rev-parse', '--absolute-git-dir');
  const name = await git.output(`--git-dir=${repository}`, '-C', git.folder, 'unpack-file', `${base}:${git.path}`);
  return join(git.folder, name);
}

/**
 * The last line of a proposed commit: the digest of the commit without that line. An amend, a rebase, a squash or a
 * cherry-pick changes the commit, so the digest no longer fits.
 */
function markOf(rest: string): string {
  return `Written-by: dolt-federation ${shortDigest(rest, 64)}`;
}

/** Writes a commit with our mark. @param rest its content */
async function writeMarked(git: Git, rest: string): Promise<string> {
  const copy = join(git.folder, 'commit');
  await writeFile(copy, `${rest}\n\n${markOf(rest)}\n`);
  return await git.output('hash-object', '-t', 'commit', '-w', '--no-filters', '--', copy);
}

/** Whether a commit is as a run wrote it. */
function isMarked(commit: string): boolean {
  const end = commit.lastIndexOf('\n');
  return commit.slice(end + 1) === markOf(commit.slice(0, end).trimEnd());
}

/**
 * Puts one commit on the head of a branch, on a branch of its own. Each run replaces that branch, so it never
 * conflicts, but only while its head is the commit of a run.
 */
async function proposeTo(git: Git, branch: string, committing: Committing): Promise<Committed> {
  const own = `dolt-federation/jsonl-${shortDigest(JSON.stringify([branch, git.path]), 8)}`;
  for (let attempt = 0; ; attempt += 1) {
    const base = await remoteHead(git, branch);
    const isThere = (await git.output('ls-remote', '--', REMOTE, `refs/heads/${own}`)) !== '';
    const tip = isThere ? await remoteHead(git, own) : null;
    const former = tip === null ? null : await git.output('cat-file', 'commit', tip);
    if (former !== null && !isMarked(former))
      throw failed(`the head of the branch ${own} is not a commit of dolt-federation`, {
        hint: `Merge its pull request or close it, and delete the branch \`${own}\`. The next run makes it again.`,
      });
    const commit = await commitOn(git, base, committing);
    const lease = `--force-with-lease=refs/heads/${own}:${tip ?? ''}`;
    if (commit === null) {
      // The pull request would bring back an older file. GitHub closes it with its branch.
      const kept = tip === null ? null : await git.tried('push', '--quiet', lease, '--', REMOTE, `:refs/heads/${own}`);
      if (kept !== null) throw failed(`the outdated branch ${own} was not removed: ${kept}`);
      return { status: 'unchanged', branch, commit: null };
    }
    const proposed = { status: 'proposed', branch: own, base: branch } as const;
    const content = await git.output('cat-file', 'commit', commit);
    if (tip !== null && former !== null && treeAndParents(former) === treeAndParents(content))
      return { ...proposed, commit: tip };
    const ours = await writeMarked(git, content);
    const pushed = await git.tried('push', '--quiet', lease, '--', REMOTE, `${ours}:refs/heads/${own}`);
    if (pushed === null) return { ...proposed, commit: ours };
    if (attempt >= RETRIES) throw failed(`git push to ${own}: ${pushed}`);
  }
}

function treeAndParents(commit: string): string {
  return headerLines(commit)
    .filter((line) => /^(?:tree|parent) /.test(line))
    .join();
}

async function commitHere(git: Git, committing: Committing): Promise<Committed> {
  const branch = await branchHere(git);
  if (branch === null) throw failed('no branch is checked out');
  const base = await git.output('rev-parse', '--verify', 'HEAD^{commit}');
  const commit = await commitOn(git, base, committing);
  if (commit === null) return { status: 'unchanged', branch, commit: null };
  await moveHere(git, { base, commit });
  return { status: 'committed', branch, commit };
}

function failed(why: string, more: { readonly hint?: string; readonly cause?: Failure } = {}): Failure {
  return new Failure('jsonl-commit-failed', `the JSONL file was not committed: ${why}`, more);
}
