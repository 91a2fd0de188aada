import { DOLT_REF } from '../contract/dolt-ref.ts';
import { Failure } from '../core/failure.ts';
import { inPrivateFolder } from '../core/private-folder.ts';
import { plain } from '../core/text.ts';
import { foreignEntry } from './database-files.ts';
import { run } from './process.ts';
import type { ProgramContext } from './program-context.ts';
import { textFailure } from './sql/failure.ts';

/** The git repository and the ref with the data of a peer. */
export interface GitPlace {
  readonly peer: string;
  /** The URL for Dolt. */
  readonly url: string;
  /** null: Dolt's own ref. */
  readonly ref: string | null;
}

/** git starts no work in the background, and can ask for a single file (git-config(1), `protocol.version`). */
const SETTINGS = ['-c', 'gc.auto=0', '-c', 'maintenance.auto=false', '-c', 'protocol.version=2'] as const;

/** git in a folder, with the credentials of an engine. It throws a Failure with the class of git's output. */
export function gitIn(folder: string, { env, signal, secrets }: ProgramContext) {
  return async (...words: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run('git', [...SETTINGS, ...words], { env, cwd: folder, signal });
    if (exitCode !== 0) throw textFailure(secrets.redact(stderr.trim()));
    return stdout;
  };
}

/**
 * The address that git gets for a git remote. A path that begins with `/./` starts in the remote user's home, which
 * only the short form can express (Dolt 2.3.0, dbfactory/git_remote.go).
 * @param url what Dolt gets
 */
export function gitAddress(url: string): string {
  const plain = withoutPrefix(url);
  const short = /^ssh:\/\/([^/:]+)\/\.\/(.+)$/i.exec(plain);
  return short === null ? plain : `${short[1]}:${short[2]}`;
}

/** The URL of the repository, without the prefix that Dolt needs. */
export function withoutPrefix(url: string): string {
  return url.replace(/^git\+/i, '');
}

/**
 * Checks before a push whether Dolt can put data into the ref of a git remote, and whether the host accepts a push.
 * Dolt does not check. It tries a refused push 32 times, with about a hundred requests, and reads through a tag object
 * that it then tries to replace for a minute (2.3.0). Sends no data.
 * @param isFirst whether Dolt found no data there
 * @throws Failure `not-a-remote`, `interrupted`, or with the class of git's output
 */
export async function requirePushable(place: GitPlace, isFirst: boolean, program: ProgramContext): Promise<void> {
  await inPrivateFolder({ tempDir: program.privateDir }, 'push', async (folder) => {
    const git = gitIn(folder, program);
    const address = gitAddress(place.url);
    await git('init', '--quiet', '--bare');
    await requireDataRef(git, place, isFirst);
    // A repository on this disk needs no check.
    if (!/^file:/i.test(address)) {
      await git('push', '--quiet', '--dry-run', '--', address, 'refs/heads/*:refs/heads/*');
    }
  });
}

/** A ref without data may have no other files, like the folder of a remote. */
async function requireDataRef(git: ReturnType<typeof gitIn>, { peer, url, ref }: GitPlace, isFirst: boolean) {
  const name = ref ?? DOLT_REF;
  const lines = (await git('ls-remote', '--', gitAddress(url), name, `${name}^{}`)).split('\n');
  const isThere = (one: string): boolean => lines.some((line) => line.endsWith(`\t${one}`));
  // Only a tag object has such a line: the commit that it names.
  if (isThere(`${name}^{}`)) throw unfit(peer, `has a tag object at ${name}, which Dolt cannot replace`);
  // git also looks for the name of a push target there, and refuses two matches (git 2.39, measured).
  const double = [`refs/heads/${name}`, `refs/tags/${name}`, `refs/${name}`].find(isThere);
  if (double !== undefined)
    throw unfit(peer, `has a ref ${double}, which git cannot distinguish from ${name} in a push`);
  if (!isFirst || !isThere(name)) return;
  await git('fetch', '--quiet', '--no-tags', '--depth=1', '--filter=blob:none', '--', gitAddress(url), name);
  const names = (await git('ls-tree', '-z', '--name-only', 'FETCH_HEAD')).split('\0').filter((one) => one !== '');
  const foreign = foreignEntry(names);
  if (foreign !== undefined) throw unfit(peer, `has ${plain(foreign)} at ${name}, and no data of Dolt`);
}

function unfit(peer: string, what: string): Failure {
  return new Failure('not-a-remote', `the git repository of ${peer} ${what}`, {
    hint: `Set \`federation.peers.${peer}.ref\` to a ref that does not exist yet, or correct the ref in the repository.`,
  });
}
