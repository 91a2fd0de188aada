import { join } from 'node:path';
import { Failure } from '../core/failure.ts';
import { plain, shorten } from '../core/text.ts';
import { run } from './process.ts';
import type { ProgramContext } from './program-context.ts';
import type { OwnDatabase } from './server/engines.ts';
import { engineMemory, goMemoryLimit, watchMemory } from './server/memory.ts';
import { checkIndex } from './store/chunk-hashes.ts';
import { storedFiles } from './store/stored-files.ts';

const MAX_REASON = 300;

/**
 * Checks all data of a database with `dolt fsck`: every chunk has the content of its hash, and everything that a branch
 * or tag reaches is there. Queries read less: every row of a table is readable although a chunk of an older commit is
 * damaged (Dolt 2.3.0, measured). An archive in which two hashes name one content is refused: `dolt fsck` compares only
 * one of them.
 * @param database its folder, which a server may have open, and the program that reads it
 * @param memory its limit in bytes, on Linux: a small chunk can expand to any size, which GOMEMLIMIT does not count
 * @throws Failure `corrupt`, `too-large` if it exceeded its memory limit or was killed, `interrupted`
 */
export async function checkDatabase(
  { dolt, folder }: Pick<OwnDatabase, 'dolt' | 'folder'>,
  { env, signal, secrets }: Pick<ProgramContext, 'env' | 'signal' | 'secrets'>,
  memory = engineMemory(),
): Promise<void> {
  const { exitCode, stdout, stderr } = await run(dolt, ['fsck', '--quiet'], {
    env: { ...env, GOMEMLIMIT: goMemoryLimit(memory) },
    cwd: folder,
    signal,
    // It prints a line for each damaged chunk, and nothing for an intact database.
    cutsOutput: true,
    watch: (child) => watchMemory(child, memory, '`dolt fsck`'),
  });
  const found = exitCode === 0 ? await indexProblem(folder) : firstProblem(`${stdout}\n${stderr}`);
  if (found === null) return;
  const problem = plain(secrets.redact(found));
  throw new Failure('corrupt', `\`dolt fsck\` found damage: ${shorten(problem, MAX_REASON)}`);
}

/** The first table file of which `dolt fsck` does not compare each chunk; null: none. */
async function indexProblem(database: string): Promise<string | null> {
  for (const path of (await storedFiles(database)).keys()) {
    const { wrong } = await checkIndex(join(database, '.dolt', path));
    if (wrong !== null) return wrong;
  }
  return null;
}

/** The first line that is not the heading of a section. */
export function firstProblem(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('====')) ?? 'it names none';
}
