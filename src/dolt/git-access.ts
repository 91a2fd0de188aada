import { join } from 'node:path';
import { run } from './process.ts';
import type { ProgramContext } from './program-context.ts';
import { textFailure } from './sql/failure.ts';

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

/** Whether access is checked before a push. A repository on this disk needs no check. */
export function needsPushAccess(url: string): boolean {
  return !/^file:/i.test(withoutPrefix(url));
}

/**
 * Checks with one connection whether a git host accepts a push. Dolt does not check: it tries a refused push 32 times,
 * with about a hundred requests (2.3.0). Sends no data.
 * @throws Failure with the class of git's output, `interrupted`
 */
export async function requirePushAccess(
  address: string,
  { env, privateDir, signal, secrets }: ProgramContext,
): Promise<void> {
  const repository = join(privateDir, 'empty.git');
  const options = { env, cwd: privateDir, signal };
  for (const words of [
    ['init', '--quiet', '--bare', repository],
    ['-C', repository, 'push', '--quiet', '--dry-run', '--', address, 'refs/heads/*:refs/heads/*'],
  ]) {
    const { exitCode, stderr } = await run('git', words, options);
    if (exitCode !== 0) throw textFailure(secrets.redact(stderr.trim()));
  }
}
