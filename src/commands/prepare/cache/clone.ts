import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BdUsage } from '../../../beads/workspace.ts';
import type { FileCache } from '../../../caches/file-cache.ts';
import type { Diagnostic } from '../../../core/diagnostic.ts';
import { errorMessage, Failure, toFailure } from '../../../core/failure.ts';
import { readSmallText } from '../../../core/files.ts';
import { throwIfInterrupted } from '../../../core/interruption.ts';
import { parsedJson } from '../../../core/json.ts';
import { inCloneFolder } from '../../../core/private-folder.ts';
import { secondsText } from '../../../core/text.ts';
import { monotonicMs } from '../../../core/time.ts';
import {
  adoptSource,
  fetchSource,
  type Stale,
  stale,
  stripClone,
  writeCloneState,
} from '../../../dolt/cached-clone.ts';
import { type CloneSource, cloneDatabase, moveClone } from '../../../dolt/clone.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../../../dolt/engine-credentials.ts';
import { checkDatabase } from '../../../dolt/fsck.ts';
import { type Engine, openEngines, type TimeLimit } from '../../../dolt/server/engines.ts';
import type { ServerOptions } from '../../../dolt/server/server.ts';
import { NOWHERE } from '../../../egress/host-rule.ts';
import { readWithRetries } from '../../../sync/read-peer.ts';
import type { Context } from '../../context.ts';
import {
  dataFilesIn,
  ENTRY_FILE,
  type Entry,
  entrySchema,
  isDataFile,
  type Keeping,
  MAX_ENTRY_BYTES,
  removeUnnamed,
} from './entry.ts';

/** A clone to be made, in a folder that does not exist. */
interface Cloning {
  readonly options: ServerOptions & { readonly engineCredentials: EngineCredentials };
  readonly source: CloneSource;
  readonly limit: TimeLimit;
  readonly retries: number;
}

/** A clone that is stored in the Actions cache when its engine has stopped. */
export interface KeptClone extends Keeping {
  /** Name of the peer that it is a clone of. */
  readonly source: string;
  readonly cloneMs: number;
  /** The size of the data that the cache has already; null: none. */
  readonly storedBytes: number | null;
}

/** A new database. */
export interface Clone {
  /** false: another run made the folder meanwhile, and its database stays. */
  readonly isOurs: boolean;
  /** How long a clone takes: this one, or the last one before. */
  readonly cloneMs: number;
  /** The restored entry; null: there was none. */
  readonly restored: { readonly milliseconds: number } | null;
  /** null: it is not kept. */
  readonly keeping: KeptClone | null;
}

/**
 * Clones a database, or restores an earlier clone and fetches the new commits. Only commits that the source still has are
 * taken from the cache, so both ways end with the same database.
 * @throws Failure of cloning; a fault of the cache only leads to a clone
 */
export async function cloneOrRestore(context: Context, cloning: Cloning, keeping: Keeping | null): Promise<Clone> {
  const restored = keeping === null ? null : await restoreClone(context, cloning, keeping);
  if (restored !== null) return restored;
  const { options, source, limit, retries } = cloning;
  const begun = monotonicMs();
  const isOurs = await readWithRetries(() => cloneDatabase(context, options, source, limit), {
    retries,
    signal: context.signal,
  });
  const cloneMs = monotonicMs() - begun;
  const kept = keeping === null ? null : { ...keeping, source: source.remote, cloneMs, storedBytes: null };
  return { isOurs, cloneMs, restored: null, keeping: kept };
}

/** In server mode, bd 1.3.0 makes its local tables only when it writes, and a command that reads needs them (measured). */
const MAKE_LOCAL_TABLES =
  'Run `bd migrate schema` once. It makes the local tables of bd, without which its commands that only read fail.';

/**
 * @param from null: another run made the database, or it is a temporary one
 * @param made `bd`: null: bd does not use it
 */
export function clonedNotice(
  from: string | null,
  into: string,
  { restored, cloneMs, bd }: Pick<Clone, 'restored' | 'cloneMs'> & { readonly bd: BdUsage | null },
): readonly Diagnostic[] {
  if (from === null) return [];
  const how =
    restored === null
      ? `cloned ${from} into ${into}`
      : `restored it from the Actions cache into ${into} and fetched ${from} in ${secondsText(restored.milliseconds)}; the last clone took ${secondsText(cloneMs)}`;
  const hint = bd?.mode === 'server' ? { hint: MAKE_LOCAL_TABLES } : {};
  return [{ severity: 'notice', code: 'cloned', message: `the database did not exist: ${how}`, ...hint }];
}

async function restoreClone(context: Context, cloning: Cloning, keeping: Keeping): Promise<Clone | null> {
  const begun = monotonicMs();
  const { database } = cloning.options;
  return await inCloneFolder(context, database, async (tempFolder) => {
    const folder = join(tempFolder, 'database');
    const found = await unpackEntry(folder, keeping);
    if (found === null) return null;
    const { key, entry, bytes } = found;
    const usable = await refreshClone(context, { ...cloning, folder, tempFolder }, found, keeping.cache);
    throwIfInterrupted(context.signal);
    if (usable.kind === 'stale') {
      context.log.info(`Actions cache: the entry ${key} is not used: ${usable.why}`);
      return null;
    }
    await cloning.source.finish?.(folder);
    const isOurs = await moveClone(folder, database);
    const milliseconds = monotonicMs() - begun;
    const { cloneMs } = entry;
    context.log.info(
      `database from the Actions cache: ${secondsText(milliseconds)}, the last clone took ${secondsText(cloneMs)}`,
    );
    const kept = { ...keeping, source: cloning.source.remote, cloneMs, storedBytes: bytes };
    return { isOurs, cloneMs, restored: { milliseconds }, keeping: kept };
  });
}

interface Found {
  readonly key: string;
  readonly entry: Entry;
  /** The size of its data. */
  readonly bytes: number;
}

/** Restores the data files and their description; null: there are none, or they cannot be used. */
async function unpackEntry(folder: string, { cache, prefix }: Keeping): Promise<Found | null> {
  const unpacked = join(dirname(folder), 'unpacked');
  const wanted = { what: 'the database', key: prefix, maxBytes: MAX_ENTRY_BYTES };
  const key = await cache.restoreFolder(wanted, unpacked, (name) => name === ENTRY_FILE || isDataFile(name));
  if (key === null) return null;
  try {
    const entry = entrySchema.parse(parsedJson(await readSmallText(join(unpacked, ENTRY_FILE))));
    await mkdir(join(folder, '.dolt'), { recursive: true, mode: 0o700 });
    await rename(join(unpacked, 'noms'), join(folder, '.dolt', 'noms'));
    await mkdir(join(folder, '.dolt', 'noms', 'oldgen'), { recursive: true });
    await removeUnnamed(join(folder, '.dolt'));
    await writeCloneState(folder, entry.branch);
    const { bytes } = await dataFilesIn(join(folder, '.dolt'));
    return { key, entry, bytes };
  } catch {
    cache.refuse(key, 'it does not describe a database: unexpected form');
    return null;
  }
}

/** The database may be damaged until it was checked, so this limits the work of its engine that needs no peer. */
const LOCAL_MS = 20_000;
const TOO_LONG: TimeLimit = {
  milliseconds: LOCAL_MS,
  failure: () => new Failure('timeout', `its engine took more than ${secondsText(LOCAL_MS)}`),
};

interface Refreshing extends Cloning {
  readonly folder: string;
  readonly tempFolder: string;
}

/** Updates a restored database to the state of the source, and then checks all of it. */
async function refreshClone(
  context: Context,
  { options, source, limit, folder, tempFolder }: Refreshing,
  { key, entry }: Found,
  cache: FileCache,
): Promise<Stale | { readonly kind: 'usable' }> {
  const serverOptions = {
    dolt: options.dolt,
    database: folder,
    removeWith: [...(options.removeWith ?? []), tempFolder],
  };
  const engines = openEngines(context, serverOptions, 2);
  try {
    const old = await engines.use(NO_CREDENTIALS, (engine) =>
      engine.allWithin(TOO_LONG, () => stripClone(engine.database, entry.branch)),
    );
    if (old.kind === 'stale') return old;
    if (old.head !== entry.head) return stale(`its head is ${old.head}, and it says ${entry.head}`);
    const adopted = await engines.use(options.engineCredentials, async (engine) => {
      await fetchSource(engine, source, { tags: old.tags, limit });
      return await engine.allWithin(TOO_LONG, () =>
        adoptSource(engine, source, { branch: entry.branch, old: old.head }),
      );
    });
    if (adopted.kind === 'stale') return adopted;
    const checked = await cache.check('the check of the database', (over) =>
      engines.use(NO_CREDENTIALS, (engine) => checkData(engine, limit, over)),
    );
    if (checked === null) return stale('it could not be checked in time');
    if (checked.problem === null) return { kind: 'usable' };
    cache.refuse(key, checked.problem);
    return stale('it is damaged');
  } catch (thrown) {
    // The clone that follows has the same trouble with the source, and reports it.
    return stale(errorMessage(thrown));
  } finally {
    await engines.close();
  }
}

/**
 * @param over ends the check
 * @returns why the data cannot be used; null: it can
 * @throws Failure `interrupted`, and others that are not about the data
 */
async function checkData(
  engine: Engine,
  limit: TimeLimit,
  over: AbortSignal,
): Promise<{ readonly problem: string | null }> {
  try {
    await engine.runProgram(limit, NOWHERE, ({ env, secrets, signal }) =>
      checkDatabase(engine.database, { env, secrets, signal: AbortSignal.any([signal, over]) }),
    );
    return { problem: null };
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    if (code === 'corrupt' || code === 'too-large') return { problem: message };
    throw thrown;
  }
}
