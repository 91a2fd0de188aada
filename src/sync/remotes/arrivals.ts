import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { errorMessage, Failure, toFailure } from '../../core/failure.ts';
import type { EngineCredentials } from '../../dolt/engine-credentials.ts';
import { checkDatabase } from '../../dolt/fsck.ts';
import type { Engine, Engines, TimeLimit } from '../../dolt/server/engines.ts';
import { checkTable } from '../../dolt/store/chunk-hashes.ts';
import { type StoredFiles, storedFiles } from '../../dolt/store/stored-files.ts';
import { keepsFiles, type StoreState, storeState, takeBack } from '../../dolt/store/take-back.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { forgetMove, readOwnMoves, recordMove } from '../merge/own-moves.ts';
import type { SyncContext } from '../sync-context.ts';

interface Checking {
  /** For the check of a whole database, which is needed only if Dolt joined table files. */
  readonly limit: TimeLimit;
  readonly signal: AbortSignal;
}

/** The database before fetches of one engine. */
export interface Awaited {
  readonly folder: string;
  readonly before: StoreState;
}

/** The name of the record of fetches that have begun. */
const RECORD = 'dolt-federation-arriving';

/** For wrong data that stays. `dolt fsck` may panic over it (2.3.0). */
const REPAIR =
  'Copy the folder first: it may contain commits that no other database has. Then remove the remotes of the peers with `dolt remote remove`, and run `dolt gc --full`: it removes data that no branch or tag refers to. If the error returns, clone the database from a peer that you trust into another folder.';

/** The table files that were here before the run, or whose chunks were compared with their hashes. */
const known = new WeakMap<Engines, StoredFiles>();

/**
 * Remembers the data of the database before fetches. Without a record, only a kill leaves chunks unchecked. Chunks that a
 * killed run left are checked with the new ones: a run that only reads does not look for them at its start.
 */
export async function awaitArrivals({ engines }: SyncContext, { database: { folder } }: Engine): Promise<Awaited> {
  const before = await storeState(folder);
  const files = known.get(engines) ?? (await leftFiles(folder)) ?? before.files;
  known.set(engines, files);
  await recordMove(folder, RECORD, { kind: 'arriving', files: Object.fromEntries(files) }).catch(() => undefined);
  return { folder, before };
}

/** The database after them. */
interface Fetched extends Awaited {
  readonly engineCredentials: EngineCredentials;
  /** Whether the engine no longer holds the database. */
  readonly hasEnded: boolean;
  /** Whether the engine still reads table files that were replaced; null: unknown. */
  readonly readsReplacedFiles: boolean | null;
  /** The peers that were read. */
  readonly names: readonly string[];
}

/**
 * Compares each chunk that fetches brought with its hash. Dolt (2.3.0) does not, so a peer can serve the commit of
 * another peer with other rows. If one is wrong, all that the fetches brought is removed: what an honest peer sent
 * meanwhile may lack the chunks that were here already.
 * @returns what is wrong; null: nothing
 * @throws Failure `corrupt` if it cannot be removed, so that the run cannot go on
 */
export async function refuseArrivals(
  context: SyncContext,
  { folder, before, engineCredentials, hasEnded, readsReplacedFiles, names }: Fetched,
): Promise<string | null> {
  const { engines, limits, signal } = context;
  const now = await storeState(folder);
  const files = { now: now.files, known: known.get(engines) ?? new Map() };
  const checking = { limit: limits.of('checking'), signal };
  const wrong = await wrongIn(folder, files, checking, (check) => engines.use(engineCredentials, check));
  // Two peers that send the same chunks write the same file. The engine still reads the one that was replaced.
  const mayBeReplaced = names.length > 1 && !isDeepStrictEqual(files.now, files.known);
  if (wrong !== null || (readsReplacedFiles ?? mayBeReplaced)) await engines.close();
  if (wrong === null) known.set(engines, now.files);
  else {
    const isNew = keepsFiles({ before, now }) && (wrong.path === null || !before.files.has(wrong.path));
    try {
      if (!isNew) throw new Failure('corrupt', 'it may have been there before');
      await takeBack(folder, { before, now, hasEnded }, context);
    } catch (thrown) {
      const lead = isNew ? `${names.join(' or ')} sent wrong data` : `${folder} has wrong data`;
      const why = `what was fetched cannot be removed from ${folder}: ${errorMessage(thrown)}`;
      throw new Failure('corrupt', `${lead}, ${wrong.why}; ${why}`, { hint: REPAIR, cause: thrown });
    }
  }
  await forgetMove(folder, RECORD).catch(() => undefined);
  return wrong?.why ?? null;
}

/**
 * Checks what the fetches of an earlier run brought, which was killed or could not remove it.
 * @throws Failure `corrupt`
 */
export async function checkLeftArrivals(engine: Engine, checking: Checking): Promise<void> {
  const { folder } = engine.database;
  const left = await leftFiles(folder);
  if (left === null) return;
  const files = { now: await storedFiles(folder), known: left };
  const wrong = await wrongIn(folder, files, checking, (check) => check(engine));
  if (wrong !== null) {
    const message = `an earlier run left wrong data in ${folder}: ${wrong.why}`;
    throw new Failure('corrupt', message, { hint: REPAIR });
  }
  await forgetMove(folder, RECORD);
}

/** The table files before the fetches of a killed run; null: no such run left a record. */
async function leftFiles(folder: string): Promise<StoredFiles | null> {
  const left = (await readOwnMoves(folder)).moves.get(RECORD);
  return left?.kind === 'arriving' ? new Map(Object.entries(left.files)) : null;
}

/** Wrong data, and its table file; null: unknown. */
interface Wrong {
  readonly path: string | null;
  readonly why: string;
}

async function wrongIn(
  folder: string,
  files: { readonly now: StoredFiles; readonly known: StoredFiles },
  { limit, signal }: Checking,
  inEngine: (check: (engine: Engine) => Promise<void>) => Promise<void>,
): Promise<Wrong | null> {
  let unread = 0;
  for (const [path, file] of files.now) {
    if (files.known.get(path) === file) continue;
    const checked = await checkTable(join(folder, '.dolt', path), signal);
    if (checked.wrong !== null) return { path, why: checked.wrong };
    unread += checked.unread;
  }
  if (unread === 0) return null;
  // Dolt has joined new table files with older archives.
  try {
    await inEngine((engine) => engine.runProgram(limit, NOWHERE, (program) => checkDatabase(engine.database, program)));
    return null;
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'corrupt') return { path: null, why: failure.message };
    if (failure.code === 'interrupted') throw failure;
    const message = `the data of ${folder} could not be compared with its hashes: ${failure.message}`;
    const hint = failure.code === 'timeout' ? 'Set `--merge-timeout` to a longer time.' : failure.hint;
    throw new Failure(failure.code, message, { hint, cause: failure });
  }
}

/** The failure of a peer that sent a wrong chunk. */
export function wrongChunk(peer: string, wrong: string): Failure {
  return new Failure('corrupt', `${peer} serves other data than its hashes say: ${wrong}`, {
    hint: 'Nothing of it was kept, and the other peers are served. Have its owner restore it from another peer.',
  });
}
