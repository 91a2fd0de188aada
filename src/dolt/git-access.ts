import { join } from 'node:path';
import type { Redactor } from '../core/secrets.ts';
import { run } from './process.ts';
import { textFailure } from './sql/failure.ts';

/** Of an engine: what git needs to be let in as it is. */
interface GitContext {
  readonly env: Readonly<Record<string, string>>;
  /** Private folder for an empty repository. */
  readonly privateDir: string;
  readonly signal: AbortSignal;
  readonly secrets: Redactor;
}

/**
 * The address that git gets for a git remote. A path that begins with `/./` starts in the far user's home, which only the
 * short form can say (Dolt 2.3.0, dbfactory/git_remote.go).
 * @param url what Dolt gets
 * @returns null for a repository on this disk, which no host guards
 */
export function gitAddress(url: string): string | null {
  const plain = url.replace(/^git\+/i, '');
  if (/^file:/i.test(plain)) return null;
  const short = /^ssh:\/\/([^/:]+)\/\.\/(.+)$/i.exec(plain);
  return short === null ? plain : `${short[1]}:${short[2]}`;
}

/**
 * Asks a git host, in one conversation, whether it takes a push from us. Dolt does not ask: a push that is refused it
 * tries 32 times, with some hundred requests (2.3.0). Nothing is sent.
 * @throws Failure with the class of what git said, `interrupted`
 */
export async function requirePushAccess(
  address: string,
  { env, privateDir, signal, secrets }: GitContext,
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
