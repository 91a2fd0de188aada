import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { ErrorCode } from '../../contract/error-codes.ts';
import { HASH } from '../../contract/hash.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { inPrivateFolder } from '../../core/private-folder.ts';
import { doltEnvironment, preparePrivateRoot } from '../environment.ts';
import { classify, panicIn, type TextClass } from '../failure-text.ts';
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
export const OPEN_WITHIN_MS = 60_000;
/** Each ancestor of a new head is looked up: about 0.1 ms for each. */
export const COMPARE_WITHIN_MS = 10 * 60_000;

/** The database before new data came. */
export interface Trial {
  /** Its state, which may be no better; null: unknown. */
  readonly before: StoreState | null;
  /** The heads of remotes that it had; null: unknown. */
  readonly known: ReadonlySet<string> | null;
}

/**
 * Opens a copy of a database, and makes a table with a counter in it. When Dolt opens a database, it begins to read the
 * schemas of all tables of all branches, also of the remote-tracking ones (2.3.0, measured). It ends if it cannot decode
 * one, perhaps seconds later. If it cannot read a root, no program can use a counter. Such a statement waits for the end of
 * that reading.
 * @param options of the engine that has the database open, or had; no statement runs in it
 * @returns why it cannot be opened or used; null: it can, or the earlier state could not either
 */
export async function tryToOpen(
  context: EngineContext,
  options: ServerOptions,
  { before, known }: Trial,
): Promise<Failure | null> {
  return await inPrivateFolder(context, 'look', async (folder) => {
    const copy = await copied(options.database, join(folder, 'now'));
    const opened = await tryCopy(context, options, copy);
    if (!(opened instanceof Failure)) return await tryHistories(context, options, copy, { heads: opened, known });
    const failure = opened;
    if (before === null || before.manifest === '') return failure;
    if (!keepsFiles({ before, now: await storeState(options.database) })) return failure;
    const earlier = await copied(options.database, join(folder, 'before'));
    await setBack(earlier, before);
    const then = await tryCopy(context, options, earlier);
    return then instanceof Failure && then.code === failure.code ? null : failure;
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

/** The head of a branch of ours, or of a remote. */
interface Head {
  readonly hash: string;
  readonly isRemote: boolean;
}

const headRow = z.object({ hash: z.string().regex(HASH), isRemote: z.coerce.boolean() });
const HEADS = 'SELECT hash, TRUE AS isRemote FROM dolt_remote_branches UNION SELECT hash, FALSE FROM dolt_branches';

/** @returns the heads in it; or why it cannot be opened or used @throws Failure `interrupted` */
async function tryCopy(
  context: EngineContext,
  options: ServerOptions,
  copy: string,
): Promise<Failure | readonly Head[]> {
  const named = options.copyOf ?? options.database;
  const statement = `CREATE TABLE df_${randomBytes(6).toString('hex')} (id INT PRIMARY KEY AUTO_INCREMENT)`;
  const ended = await inCopy(context, options, copy, { statements: [statement, HEADS], withinMs: OPEN_WITHIN_MS });
  if (ended instanceof Failure) return ended;
  const { exitCode, output } = ended;
  if (exitCode === 0) return resultsIn(output, headRow);
  const log = output.replace(`error on line 1 for query ${statement}: `, '');
  const outcome = { kind: 'ended', how: `exit code ${exitCode}` } as const;
  const failure = startFailure(outcome, { log, database: named, panic: panicIn(`${log}\n`)?.text ?? null });
  return failure === 'port-in-use' ? new Failure('engine-start', log) : failure;
}

/**
 * Runs statements in a copy.
 * @returns what Dolt printed, with results as JSON; or why it needed too much memory or time: such data is no better than
 * data that cannot be read
 * @throws Failure `interrupted`
 */
async function inCopy(
  context: EngineContext,
  { dolt, database, copyOf, memoryLimit = engineMemory(), signal = context.signal }: ServerOptions,
  copy: string,
  { statements, withinMs }: { readonly statements: readonly string[]; readonly withinMs: number },
): Promise<{ readonly exitCode: number; readonly output: string } | Failure> {
  const named = copyOf ?? database;
  const privateDir = join(copy, '..');
  const env = doltEnvironment(context.env, await preparePrivateRoot(privateDir), { privateDir, userHome: false });
  const late = AbortSignal.timeout(withinMs);
  try {
    const { exitCode, stdout, stderr } = await run(dolt, ['sql', '-r', 'json', '-q', statements.join('; ')], {
      env: { ...env, GOMEMLIMIT: goMemoryLimit(memoryLimit) },
      cwd: copy,
      signal: AbortSignal.any([signal, late]),
      cutsOutput: true,
      watch: (child) => watchMemory(child, memoryLimit, 'Dolt'),
    });
    return { exitCode, output: context.secrets.redact(`${stdout}\n${stderr}`.trim().replaceAll(copy, named)) };
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'too-large') return failure;
    if (failure.code !== 'interrupted' || signal.aborted || !late.aborted) throw failure;
    return new Failure('engine-start', `Dolt did not open or read ${named} within ${withinMs} ms`);
  }
}

/** Our own history has an end, or the copy cannot be written. */
const NOT_OF_HEADS: readonly TextClass[] = ['shallow-clone', 'disk-full', 'read-only'];
/** More heads than that are not looked at together. */
const MAX_HEADS = 1_000;

const basesRow = z.object({ base: z.coerce.boolean(), missing: z.coerce.number(), extra: z.coerce.number() });

/**
 * Compares the list of ancestors in each new head, from which Dolt takes merge bases, with its parents. Dolt (2.3.0) copies
 * it from there into the lists of later commits and never compares it. Two commits are made on the head, in the copy: it must
 * be their base.
 * @param known heads that need no trial; null: unknown
 */
async function tryHistories(
  context: EngineContext,
  options: ServerOptions,
  copy: string,
  { heads, known }: { readonly heads: readonly Head[]; readonly known: ReadonlySet<string> | null },
): Promise<Failure | null> {
  const [own] = heads.filter(({ isRemote }) => !isRemote);
  const ours = new Set(heads.flatMap(({ hash, isRemote }) => (isRemote ? [] : [hash])));
  const added = [...new Set(heads.map(({ hash }) => hash))].filter(
    (hash) => !ours.has(hash) && known?.has(hash) !== true,
  );
  if (own === undefined) return null;
  for (const head of added) {
    const others = heads
      .map(({ hash }) => hash)
      .filter((hash) => hash !== head)
      .slice(0, MAX_HEADS);
    const statements = probesOf(head, { own: own.hash, others });
    const found = await inCopy(context, options, copy, { statements, withinMs: COMPARE_WITHIN_MS });
    if (found instanceof Failure) return found;
    const [bases] = found.exitCode === 0 ? resultsIn(found.output, basesRow) : [];
    if (bases?.base === true && bases.missing === 0 && bases.extra === 0) continue;
    if (found.exitCode !== 0 && NOT_OF_HEADS.includes(classify(found.output))) continue;
    return new Failure('corrupt', `histories cannot be compared: the commit ${head} lists other ancestors than it has`);
  }
  return null;
}

function probesOf(
  head: string,
  { own, others }: { readonly own: string; readonly others: readonly string[] },
): string[] {
  const name = `df_${randomBytes(6).toString('hex')}`;
  const author = `'--author', 'dolt-federation <dolt-federation@localhost>'`;
  const commits = ['a', 'b'].flatMap((end) => [
    `CALL DOLT_CHECKOUT('-b', '${name}${end}', '${own}')`,
    // The tables stay as they are at our own commit: those of the head may not be fit for a commit.
    `CALL DOLT_RESET('--soft', '${head}')`,
    `CALL DOLT_COMMIT('--allow-empty', '--force', ${author}, '-m', '${end}')`,
  ]);
  const log = `dolt_log(${others.map((hash) => `'${hash}'`).join(', ')}, '--not', '${head}')`;
  // Dolt copies the list of the head into that of the new commit. It cannot look anything up in that of a first commit.
  const count = (of: string, which: string) =>
    `(SELECT COUNT(*) FROM ${of} WHERE ${which}HAS_ANCESTOR('${name}a', commit_hash))`;
  return [
    // Our own commit can store conflicts and violations.
    'SET @@dolt_force_transaction_commit = 1',
    'SET @@dolt_allow_commit_conflicts = 1',
    ...commits,
    `SELECT DOLT_MERGE_BASE('${name}a', '${name}b') = '${head}' AS base, ${count(`dolt_log('${head}')`, 'NOT ')} AS missing, ${count(log, '')} AS extra`,
  ];
}

/** The rows of a result among others that Dolt printed as JSON, one result in a line. */
function resultsIn<T>(output: string, schema: z.ZodType<T>): readonly T[] {
  const result = z.object({ rows: z.array(schema) });
  return output.split('\n').flatMap((line) => {
    try {
      return result.safeParse(JSON.parse(line)).data?.rows ?? [];
    } catch {
      return [];
    }
  });
}
