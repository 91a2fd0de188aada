import { readEnv } from '../../src/core/env.ts';
import { run } from '../../src/dolt/process.ts';
import { serverProgram } from './servers/server-program.ts';

/** Runs git as Ann, without hooks. @returns standard output */
export async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', '-c', 'core.hooksPath=/dev/null'];
  const env = { PATH: readEnv()['PATH'] ?? '' };
  const { exitCode, stdout, stderr } = await run(serverProgram('GIT'), [...who, ...args], { env, cwd });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}
