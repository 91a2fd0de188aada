import type { Env } from '../core/env.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { type FolderPlace, inPrivateFolder } from '../core/private-folder.ts';
import { plain, shorten } from '../core/text.ts';
import { doltEnvironment, preparePrivateRoot } from './environment.ts';
import { run } from './process.ts';
import type { ProgramContext } from './program-context.ts';
import { engineMemory, goMemoryLimit } from './server/memory.ts';

const MAX_REASON = 300;

/**
 * Checks all data of a database with `dolt fsck`: every chunk has the content of its hash, and everything that a branch
 * or tag reaches is there. Queries read less: every row of a table is readable although a chunk of an older commit is
 * damaged (Dolt 2.3.0, measured).
 * @param database the folder that holds `.dolt`; a server may have it open
 * @throws Failure `corrupt`, `interrupted`
 */
export async function checkDatabase(
  dolt: string,
  database: string,
  { env, signal, secrets }: Pick<ProgramContext, 'env' | 'signal' | 'secrets'>,
): Promise<void> {
  const problem = await problemOf(dolt, database, { env, signal });
  if (problem === null) return;
  throw new Failure('corrupt', `\`dolt fsck\` found damage: ${plain(secrets.redact(problem))}`);
}

/**
 * Checks an idle database that no engine has open, as `checkDatabase` does.
 * @param signal ends the check
 * @returns the first problem; null: none
 * @throws Failure as `run` does
 */
export async function brokenChunks(
  database: string,
  context: FolderPlace & { readonly env: Env },
  { dolt, signal }: { readonly dolt: string; readonly signal: AbortSignal },
): Promise<string | null> {
  return await inPrivateFolder(context, 'fsck', async (folder) => {
    const root = await preparePrivateRoot(folder);
    const env = doltEnvironment(context.env, root, { privateDir: folder, userHome: false });
    const problem = await problemOf(dolt, database, { env, signal });
    return problem === null ? null : shorten(plain(problem), MAX_REASON);
  });
}

async function problemOf(
  dolt: string,
  database: string,
  { env, signal }: Pick<ProgramContext, 'env' | 'signal'>,
): Promise<string | null> {
  const limited = { ...env, GOMEMLIMIT: goMemoryLimit(engineMemory()) };
  try {
    const { exitCode, stdout, stderr } = await run(dolt, ['fsck', '--quiet'], { env: limited, cwd: database, signal });
    return exitCode === 0 ? null : firstProblem(`${stdout}\n${stderr}`);
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    // It prints a line for each damaged chunk, and nothing for an intact database.
    if (code === 'too-large') return message;
    throw thrown;
  }
}

/** The first line that is not the heading of a section. */
export function firstProblem(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('====')) ?? 'it names none';
}
