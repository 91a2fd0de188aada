import { Failure } from '../core/failure.ts';
import { plain } from '../core/text.ts';
import { run } from './process.ts';
import type { ProgramContext } from './program-context.ts';
import { engineMemory, goMemoryLimit } from './server/memory.ts';

/**
 * Checks all data of a database with `dolt fsck`: every chunk has the content of its hash, and everything that a branch
 * or tag reaches is there. Queries read less: of a table with a damaged chunk of an older commit, every row is read
 * (Dolt 2.3.0, measured).
 * @param database the folder that holds `.dolt`; a server may have it open
 * @throws Failure `corrupt`, `interrupted`
 */
export async function checkDatabase(
  dolt: string,
  database: string,
  { env, signal, secrets }: Pick<ProgramContext, 'env' | 'signal' | 'secrets'>,
): Promise<void> {
  const limited = { ...env, GOMEMLIMIT: goMemoryLimit(engineMemory()) };
  const { exitCode, stdout, stderr } = await run(dolt, ['fsck', '--quiet'], { env: limited, cwd: database, signal });
  if (exitCode === 0) return;
  throw new Failure(
    'corrupt',
    `\`dolt fsck\` found damage: ${plain(secrets.redact(firstProblem(`${stdout}\n${stderr}`)))}`,
  );
}

/** The first line that is not the heading of a section. */
export function firstProblem(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('====')) ?? 'it names none';
}
