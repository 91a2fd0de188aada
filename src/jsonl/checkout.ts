export const REMOTE = 'origin';

/** The repository around the JSONL file, in which git runs. */
export interface Git {
  /** Path of the file in the repository. */
  readonly path: string;
  readonly file: string;
  /** Output of a command. @throws Failure `jsonl-commit-failed` */
  output(...words: readonly string[]): Promise<string>;
  /** null if a command succeeded, else its error output. */
  tried(...words: readonly string[]): Promise<string | null>;
  /** The same repository with an index of its own. */
  withIndex(index: string): Git;
  readonly folder: string;
}

export async function branchHere(git: Git): Promise<string | null> {
  if ((await git.tried('symbolic-ref', '--quiet', 'HEAD')) !== null) return null;
  return (await git.output('symbolic-ref', '--quiet', 'HEAD')).replace(/^refs\/heads\//, '');
}

/** How far a checkout may be behind. A killed run leaves one commit. */
const BEHIND = 20;

/**
 * After a push, the checkout follows if its commit has the same files except for ours. One that only lacks commits of
 * others is for the user to pull.
 * @returns why a checkout cannot follow that has commits of its own, else null
 */
export async function followHere(git: Git, branch: string, commit: string): Promise<string | null> {
  const here = await git.output('rev-parse', '--verify', 'HEAD^{commit}');
  if (here === commit || (await branchHere(git)) !== branch) return null;
  const changed = await git.output('diff-tree', '-r', '-z', '--no-renames', '--name-only', here, commit);
  const isOurs = changed.split('\0').every((path) => path === '' || path === git.path);
  if (isOurs && (await isBefore(git, here, commit))) {
    await moveHere(git, { base: here, commit });
    return null;
  }
  const unpushed = await git.output('rev-list', '--max-count=1', here, '--not', commit, `--remotes=${REMOTE}`);
  if (unpushed === '' || ((await isShallow(git)) && (await mayBePushed(git, unpushed)))) return null;
  return `its commit ${unpushed} is not pushed. Discard the local change of ${git.path}, then pull the branch`;
}

export async function isShallow(git: Git): Promise<boolean> {
  return (await git.output('rev-parse', '--is-shallow-repository')) === 'true';
}

/**
 * Whether the remote has a commit, or does not say so (git before 2.32). A shallow clone does not know what is before the
 * commits of the remote.
 */
async function mayBePushed(git: Git, commit: string): Promise<boolean> {
  const words = ['fetch', '--quiet', '--negotiate-only', `--negotiation-tip=${commit}`, '--', REMOTE];
  if ((await git.tried(...words)) !== null) return true;
  return (await git.output(...words)).split('\n').includes(commit);
}

/** Whether a commit is among the last ones of a line without merges. */
async function isBefore(git: Git, earlier: string, commit: string): Promise<boolean> {
  let at = commit;
  for (let steps = 0; steps < BEHIND; steps += 1) {
    // A shallow clone has the commit and hides its parents from every command but this one.
    if ((await git.tried('cat-file', '-e', at)) !== null) return false;
    const [parent, ...others] = parentsOf(await git.output('cat-file', 'commit', at));
    if (parent === earlier) return true;
    if (parent === undefined || others.length > 0) return false;
    at = parent;
  }
  return false;
}

function parentsOf(commit: string): string[] {
  return headerLines(commit).flatMap((line) => (line.startsWith('parent ') ? [line.slice('parent '.length)] : []));
}

/**
 * Updates the entry of the file in the index, and moves the branch that is checked out. If only the second step is missing,
 * the next run makes it; an index that stays behind would revert the file in the next commit of the user.
 */
export async function moveHere(
  git: Git,
  { base, commit }: { readonly base: string; readonly commit: string },
): Promise<void> {
  const [mode, , blob] = (await git.output('ls-tree', commit, '--', git.path)).split(/\s/);
  await git.output('update-index', '--add', '--cacheinfo', `${mode},${blob},${git.path}`);
  await git.output('update-ref', '-m', 'dolt-federation: JSONL file', 'HEAD', commit, base);
}

/** The lines of a commit above its message. */
export function headerLines(commit: string): string[] {
  const [head = ''] = commit.split('\n\n');
  return head.split('\n');
}
