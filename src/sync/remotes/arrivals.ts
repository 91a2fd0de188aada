import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Env } from '../../core/env.ts';
import { errorMessage, Failure, toFailure } from '../../core/failure.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { checkDatabase } from '../../dolt/fsck.ts';
import type { Engine, Engines, TimeLimit } from '../../dolt/server/engines.ts';
import { deleteTrackingRefs, trackingRefs } from '../../dolt/sql/heads.ts';
import { checkTable } from '../../dolt/store/chunk-hashes.ts';
import { type StoredFiles, storedFiles } from '../../dolt/store/stored-files.ts';
import { keepsFiles, type StoreState, storeState, takeBack } from '../../dolt/store/take-back.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { type Arriving, forgetMove, readOwnMoves, recordMove } from '../merge/own-moves.ts';
import type { SyncContext } from '../sync-context.ts';

interface Checking {
  /** For the check of a whole database, which is needed only if Dolt joined table files. */
  readonly limit: TimeLimit;
  readonly signal: AbortSignal;
}

/** The database before fetches of one engine. */
export interface Awaited {
  readonly engine: Engine;
  readonly before: StoreState;
  /** The heads of all remotes, with which Dolt opened the database; null: unknown. */
  readonly heads: ReadonlySet<string> | null;
}

/** The name of the record of fetches that have begun. */
const RECORD = 'dolt-federation-arriving';

/** More heads are not recorded. */
const MAX_HEADS = 1_000;

/** For wrong data that stays. `dolt fsck` may panic over it (2.3.0). */
const REPAIR =
  'Copy the folder first: it may contain commits that no other database has. Then remove the remotes of the peers with `dolt remote remove`, and run `dolt gc --full`: it removes data that no branch or tag refers to. If the error returns, clone the database from a peer that you trust into another folder.';

/** For a database that Dolt cannot open any more, not even to remove a remote (2.3.0, measured). */
const REPLACE =
  'Keep the folder: it may contain commits that no other database has. Put a backup of it in its place, or clone the database from a peer that you trust into another folder. Remove the peer that sent the data from the configuration.';

/** The table files that were here before the run, or whose chunks were compared with their hashes. */
const known = new WeakMap<Engines, StoredFiles>();

/**
 * Remembers the data of the database before fetches. Without a record, only a kill leaves data unchecked. Chunks that a
 * killed run left are checked with the new ones: a run that only reads does not look for them at its start.
 */
export async function awaitArrivals({ engines }: SyncContext, engine: Engine): Promise<Awaited> {
  const { folder } = engine.database;
  const heads = await headsOf(engine);
  const before = await storeState(folder);
  const files = known.get(engines) ?? (await leftFiles(folder)) ?? before.files;
  known.set(engines, files);
  const recorded = { ...before, files: Object.fromEntries(before.files) };
  await recordMove(folder, RECORD, {
    kind: 'arriving',
    files: Object.fromEntries(files),
    before: recorded,
    ...(heads === null || heads.size > MAX_HEADS ? {} : { heads: [...heads] }),
  }).catch(() => undefined);
  return { engine, before, heads };
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
 * another peer with other rows. Then opens a copy of the database: with a malformed chunk that has the right hash, no Dolt
 * may open it any more. If something is wrong, all that the fetches brought is removed: what an honest peer sent meanwhile
 * may lack the chunks that were here already.
 * @returns what is wrong; null: nothing
 * @throws Failure `corrupt` if it cannot be removed, so that the run cannot go on
 */
export async function refuseArrivals(context: SyncContext, fetched: Fetched): Promise<Wrong | null> {
  const { engine, before, engineCredentials, hasEnded, readsReplacedFiles, names } = fetched;
  const { engines, limits, signal } = context;
  const { folder } = engine.database;
  let now = await storeState(folder);
  const files = { now: now.files, known: known.get(engines) ?? new Map() };
  const checking = { limit: limits.of('checking'), signal };
  const wrong = await wrongIn(folder, files, checking, {
    whyUnopenable: () => whyUnopenable(context, fetched),
    inEngine: (check) => engines.use(engineCredentials, check),
  });
  // Two peers that send the same chunks write the same file. The engine still reads the one that was replaced.
  const mayBeReplaced = names.length > 1 && !isDeepStrictEqual(files.now, files.known);
  const isForgotten = wrong !== null && wrong.unopenable !== null && !engine.hasEnded() && (await forgetHeads(fetched));
  if (isForgotten) now = await storeState(folder);
  if (wrong !== null || (readsReplacedFiles ?? mayBeReplaced)) await engines.close();
  if (wrong === null) known.set(engines, now.files);
  else {
    const isNew = keepsFiles({ before, now }) && (wrong.path === null || !before.files.has(wrong.path));
    try {
      if (!isNew) throw new Failure('corrupt', 'it may have been there before');
      await takeBack(folder, { before, now, hasEnded }, context);
    } catch (thrown) {
      if (!isForgotten) throw staying(folder, wrong, isNew ? `${names.join(' or ')} sent wrong data` : null, thrown);
    }
  }
  await forgetMove(folder, RECORD).catch(() => undefined);
  return wrong;
}

/** The failure of a run that cannot remove wrong data. @param sent null: it may have been there before */
function staying(folder: string, { why, unopenable }: Wrong, sent: string | null, cause: unknown): Failure {
  const lead = sent ?? `${folder} has wrong data`;
  const message = `${lead}, ${why}; what was fetched cannot be removed from ${folder}: ${errorMessage(cause)}`;
  return new Failure('corrupt', message, { hint: unopenable === null ? REPAIR : REPLACE, cause });
}

/** Only for heads that were not here before. Also if the heads cannot be read. */
async function whyUnopenable({ engines }: SyncContext, { engine, before, heads }: Awaited): Promise<Failure | null> {
  const now = engine.hasEnded() ? null : await headsOf(engine);
  if (now !== null && heads !== null && [...now].every((head) => heads.has(head))) return null;
  return await engines.whyUnopenable({ before, known: heads });
}

/** Without the end of Dolt's log. */
function reasonOf({ withoutValues }: Failure): string {
  return `with which ${withoutValues.replace(/:\n.*/s, '')}`;
}

async function headsOf({ database }: Engine): Promise<ReadonlySet<string> | null> {
  return await trackingRefs(database)
    .then((refs) => new Set(refs.values()))
    .catch(() => null);
}

/** Removes the refs to new heads while their engine, which does not read them, still runs. @returns whether it did */
async function forgetHeads({ engine: { database }, heads }: Pick<Awaited, 'engine' | 'heads'>): Promise<boolean> {
  if (heads === null) return false;
  try {
    const refs = [...(await trackingRefs(database))].filter(([, head]) => !heads.has(head));
    await deleteTrackingRefs(
      database,
      refs.map(([name]) => name),
    );
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes sure that Dolt can open the database after fetches that were interrupted, or failed, before they were checked.
 * Chunks that were not compared stay, with their record.
 */
export async function leaveOpenable({ engines, env }: SyncContext, { engine, before, heads }: Awaited): Promise<void> {
  const { folder } = engine.database;
  // If the engine has ended, the next one repairs the database when it starts.
  const { now, hasEnded } = await engines.finish(async (present) => ({
    now: await storeState(folder),
    hasEnded: present !== engine,
  }));
  if (isDeepStrictEqual(now.journal, before.journal)) return;
  if ((await engines.whyUnopenable({ before, known: heads })) === null) return;
  await engines.close();
  await takeBack(folder, { before, now, hasEnded }, { env, signal: new AbortController().signal });
  await forgetMove(folder, RECORD);
}

/**
 * Removes what fetches of an earlier run brought if it may be the reason why Dolt cannot open the database.
 * @param unopenable why it cannot be opened
 * @returns whether it was removed
 * @throws Failure `corrupt` if it cannot be removed
 */
export async function repairArrivals(
  folder: string,
  unopenable: Failure,
  context: { readonly env: Env; readonly signal: AbortSignal },
): Promise<boolean> {
  const before = stateBefore(await leftRecord(folder));
  if (before === null) return false;
  const now = await storeState(folder);
  if (isDeepStrictEqual(now, before)) return false;
  try {
    await takeBack(folder, { before, now, hasEnded: true }, context);
  } catch (thrown) {
    const wrong = { path: null, why: reasonOf(unopenable), unopenable };
    throw staying(folder, wrong, 'an earlier run fetched wrong data', thrown);
  }
  await forgetMove(folder, RECORD);
  return true;
}

/**
 * For a run that may not write.
 * @throws Failure `corrupt` if data that an earlier run fetched may be the reason why Dolt cannot open the database
 */
export async function refuseLeftArrivals(folder: string, unopenable: Failure): Promise<void> {
  if (stateBefore(await leftRecord(folder)) === null) return;
  throw new Failure('corrupt', `an earlier run fetched data ${reasonOf(unopenable)}`, {
    hint: 'Run `dolt-federation sync`: it removes the data, unless another program has written to the database since.',
    cause: unopenable,
  });
}

/**
 * Checks what the fetches of an earlier run brought, which was killed or could not remove it. Data with which Dolt does not
 * work is removed.
 * @throws Failure `corrupt`
 */
export async function checkLeftArrivals(
  engines: Engines,
  { env, limit, signal }: Checking & { readonly env: Env },
): Promise<void> {
  const { folder } = engines;
  const left = await leftRecord(folder);
  if (left === null) return;
  const heads = left.heads === undefined ? null : new Set(left.heads);
  const unopenable = await engines.whyUnopenable({ before: stateBefore(left), known: heads });
  if (unopenable !== null) return await removeLeft(engines, heads, unopenable, { env, signal });
  const files = { now: await storedFiles(folder), known: new Map(Object.entries(left.files)) };
  const wrong = await wrongIn(
    folder,
    files,
    { limit, signal },
    { whyUnopenable: async () => null, inEngine: (check) => engines.use(NO_CREDENTIALS, check) },
  );
  if (wrong !== null) {
    const message = `an earlier run left wrong data in ${folder}: ${wrong.why}`;
    throw new Failure('corrupt', message, { hint: REPAIR });
  }
  await forgetMove(folder, RECORD);
}

/** Removes what an earlier run fetched, or at least the refs to it. @throws Failure `corrupt` */
async function removeLeft(
  engines: Engines,
  heads: Awaited['heads'],
  unopenable: Failure,
  context: { readonly env: Env; readonly signal: AbortSignal },
): Promise<void> {
  const { folder } = engines;
  const isForgotten = await engines.use(NO_CREDENTIALS, (engine) => forgetHeads({ engine, heads })).catch(() => false);
  await engines.close();
  const isRemoved = await repairArrivals(folder, unopenable, context).catch((thrown: unknown) => {
    if (!isForgotten) throw thrown;
    return false;
  });
  if (isRemoved) return;
  if (isForgotten) return await forgetMove(folder, RECORD);
  throw new Failure('corrupt', `an earlier run left data in ${folder} ${reasonOf(unopenable)}`, { hint: REPLACE });
}

/** The data before the fetches of an earlier run; null: unknown. */
function stateBefore(left: Arriving | null): StoreState | null {
  return left?.before === undefined ? null : { ...left.before, files: new Map(Object.entries(left.before.files)) };
}

/** The record of fetches that a run did not check; null: there is none. */
async function leftRecord(folder: string): Promise<Arriving | null> {
  const left = (await readOwnMoves(folder)).moves.get(RECORD);
  return left?.kind === 'arriving' ? left : null;
}

async function leftFiles(folder: string): Promise<StoredFiles | null> {
  const left = await leftRecord(folder);
  return left === null ? null : new Map(Object.entries(left.files));
}

/** Wrong data, and its table file; null: unknown. */
export interface Wrong {
  readonly path: string | null;
  readonly why: string;
  /** Why Dolt cannot open the database with it; null: chunks have other hashes. */
  readonly unopenable: Failure | null;
}

async function wrongIn(
  folder: string,
  files: { readonly now: StoredFiles; readonly known: StoredFiles },
  { limit, signal }: Checking,
  check: {
    readonly whyUnopenable: () => Promise<Failure | null>;
    readonly inEngine: (check: (engine: Engine) => Promise<void>) => Promise<void>;
  },
): Promise<Wrong | null> {
  let unread = 0;
  for (const [path, file] of files.now) {
    if (files.known.get(path) === file) continue;
    const checked = await checkTable(join(folder, '.dolt', path), signal);
    if (checked.wrong !== null) return { path, why: checked.wrong, unopenable: null };
    unread += checked.unread;
  }
  // An engine cannot start with such data.
  const unopenable = await check.whyUnopenable();
  if (unopenable !== null) return { path: null, why: reasonOf(unopenable), unopenable };
  if (unread === 0) return null;
  // Dolt has joined new table files with older archives.
  try {
    await check.inEngine((engine) =>
      engine.runProgram(limit, NOWHERE, (program) => checkDatabase(engine.database, program)),
    );
    return null;
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'corrupt') return { path: null, why: failure.message, unopenable: null };
    if (failure.code === 'interrupted') throw failure;
    const message = `the data of ${folder} could not be compared with its hashes: ${failure.message}`;
    const hint = failure.code === 'timeout' ? 'Set `--merge-timeout` to a longer time.' : failure.hint;
    throw new Failure(failure.code, message, { hint, cause: failure });
  }
}

/** The failure of a peer that sent wrong data. */
export function wrongArrival(peer: string, { why, unopenable }: Wrong): Failure {
  if (unopenable === null) {
    return new Failure('corrupt', `${peer} serves wrong data: ${why}`, {
      hint: `Nothing of it was kept, and the other peers are served. ${RESTORE}`,
    });
  }
  const { code, hint } = unopenable;
  return new Failure(code, `${peer} serves data ${why}`, {
    hint: `No remote of the database refers to it, and the other peers are served. ${code === 'corrupt' ? RESTORE : hint}`,
  });
}

const RESTORE = 'Have its owner restore it from another peer.';
