import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ErrorCode } from '../../contract/error-codes.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { inPrivateFolder } from '../../core/private-folder.ts';
import { doltEnvironment, preparePrivateRoot } from '../environment.ts';
import { panicIn } from '../failure-text.ts';
import { run } from '../process.ts';
import { copyForOpening } from '../reading-copy.ts';
import { keepsFiles, type StoreState, setBack, storeState } from '../store/take-back.ts';
import { engineMemory, goMemoryLimit, watchMemory } from './memory.ts';
import { startFailure } from './ready.ts';
import type { EngineContext, ServerOptions } from './server.ts';

/** A start that fails because of the data. */
const OF_DATA: readonly ErrorCode[] = ['corrupt', 'client-too-old'];

export function isOfData({ code }: Failure): boolean {
  return OF_DATA.includes(code);
}

/** A statement that was killed may write a little longer. */
const TRIES = 10;
/** As for a server that starts. */
const OPEN_WITHIN_MS = 60_000;

/**
 * Opens a copy of a database, and makes a table with a counter in it. When Dolt opens a database, it begins to read the
 * schemas of all tables of all branches, also of the remote-tracking ones (2.3.0, measured). It ends if it cannot decode
 * one, perhaps seconds later. If it cannot read a root, no program can use a counter. Such a statement waits for the end of
 * that reading.
 * @param options of the engine that has the database open, or had; no statement runs in it
 * @param before an earlier state of the database, which may be no better; null: none is known
 * @returns why it cannot be opened or used; null: it can, or the earlier state could not either
 */
export async function tryToOpen(
  context: EngineContext,
  options: ServerOptions,
  before: StoreState | null,
): Promise<Failure | null> {
  return await inPrivateFolder(context, 'look', async (folder) => {
    const failure = await tryCopy(context, options, await copied(options.database, join(folder, 'now')));
    if (failure === null || before === null || before.manifest === '') return failure;
    if (!keepsFiles({ before, now: await storeState(options.database) })) return failure;
    const earlier = await copied(options.database, join(folder, 'before'));
    await setBack(earlier, before);
    return (await tryCopy(context, options, earlier))?.code === failure.code ? null : failure;
  });
}

/** A fixed name: Dolt does not serve a database with any name of a folder. */
const COPY = 'copy';

/** @returns the folder of a copy */
async function copied(database: string, folder: string): Promise<string> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const copy = join(folder, `${tries}`, COPY);
    if (await copyForOpening(database, copy)) return copy;
  }
  throw new Failure('database-in-use', `${database} changed while it was copied`);
}

/** @throws Failure `interrupted` */
async function tryCopy(
  context: EngineContext,
  { dolt, database, copyOf, memoryLimit = engineMemory(), signal = context.signal }: ServerOptions,
  copy: string,
): Promise<Failure | null> {
  const named = copyOf ?? database;
  const privateDir = join(copy, '..');
  const env = doltEnvironment(context.env, await preparePrivateRoot(privateDir), { privateDir, userHome: false });
  const statement = `CREATE TABLE df_${randomBytes(6).toString('hex')} (id INT PRIMARY KEY AUTO_INCREMENT)`;
  const late = AbortSignal.timeout(OPEN_WITHIN_MS);
  try {
    const { exitCode, stdout, stderr } = await run(dolt, ['sql', '-q', statement], {
      env: { ...env, GOMEMLIMIT: goMemoryLimit(memoryLimit) },
      cwd: copy,
      signal: AbortSignal.any([signal, late]),
      cutsOutput: true,
      watch: (child) => watchMemory(child, memoryLimit, 'Dolt'),
    });
    if (exitCode === 0) return null;
    const output = `${stdout}\n${stderr}`.trim().replace(`error on line 1 for query ${statement}: `, '');
    const log = context.secrets.redact(output.replaceAll(copy, named));
    const outcome = { kind: 'ended', how: `exit code ${exitCode}` } as const;
    const failure = startFailure(outcome, { log, database: named, panic: panicIn(`${log}\n`)?.text ?? null });
    return failure === 'port-in-use' ? new Failure('engine-start', log) : failure;
  } catch (thrown) {
    const failure = toFailure(thrown);
    // Data that needs more memory than an engine may have, or more time, is no better than data that cannot be read.
    if (failure.code === 'too-large') return failure;
    if (failure.code !== 'interrupted' || signal.aborted || !late.aborted) throw failure;
    return new Failure('engine-start', `Dolt did not open ${named} within ${OPEN_WITHIN_MS} ms`);
  }
}
