import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { enterGates } from '../../../beads/processes/gates.ts';
import type { BdUsage } from '../../../beads/workspace.ts';
import type { Configuration } from '../../../config/configuration.ts';
import type { Diagnostic } from '../../../core/diagnostic.ts';
import { shortDigest } from '../../../core/digest.ts';
import { Failure, toFailure } from '../../../core/failure.ts';
import { realPath, writeFileAtomic } from '../../../core/files.ts';
import { pause } from '../../../core/interruption.ts';
import { makeOwnFolder, warnOfReplaceable } from '../../../core/shared-folder.ts';
import { monotonicMs } from '../../../core/time.ts';
import { readRepoState } from '../../../dolt/database-files.ts';
import { NO_CREDENTIALS } from '../../../dolt/engine-credentials.ts';
import { lockExclusively, ownerOfLock } from '../../../dolt/file-lock.ts';
import { type Copied, copyForReading } from '../../../dolt/reading-copy.ts';
import { type Engines, openEngines } from '../../../dolt/server/engines.ts';
import { inUse } from '../../../dolt/server/lock.ts';
import { checkedOutBranch } from '../../../dolt/sql/heads.ts';
import { readStateFiles, type StatePlace } from '../../../sync/history/last-verified.ts';
import { readOwnMoves, servedMoves } from '../../../sync/merge/own-moves.ts';
import { readRemoteRecords } from '../../../sync/remotes/remote-records.ts';
import { reportedFilePath } from '../../../sync/remotes/reported-remotes.ts';
import { isLeftover, removeLeftovers, requireExchangeable } from '../../../sync/served/exchange-folder.ts';
import { shortHolds } from '../../../sync/served/short-holds.ts';
import { timeLimit } from '../../../sync/time-limits.ts';
import type { Context } from '../../context.ts';
import { mayWrite, type SyncRequest } from '../../request.ts';
import { copiesOf, type LocalDatabase, localDatabase } from '../local-database.ts';
import type { Found } from '../locate-database.ts';
import { behindGates } from './behind-gates.ts';

type Opening = Pick<
  SyncRequest,
  'branch' | 'dryRun' | 'parallel' | 'command' | 'timeout' | 'rewrites' | 'leases' | 'fixRemotes'
>;

interface Known {
  readonly configuration: Configuration;
  /** Dolt executable. */
  readonly dolt: string;
}

/** How long to look for a moment in which bd does not have the database open. */
const FREE_MS = 2_000;
const POLL_MS = 50;
/** How long another run on the same database is waited for. */
const RUN_MS = 60_000;
/** One for the exchange, the others for the move of the branch. */
const CONNECTIONS = 4;

/**
 * Opens a copy of the database of an embedded bd. bd 1.3.0 waits, without a message or a limit, while another process
 * has the database open. So the run works in the copy, and opens the database itself only to move its branch.
 * @returns null if the run has to work on the database itself
 * @throws Failure `database-in-use`
 */
export async function openCopyOfEmbedded(
  request: Opening,
  context: Context,
  { configuration, dolt }: Known,
  { found, state }: { readonly found: Extract<Found, { kind: 'database' }>; readonly state: StatePlace },
): Promise<LocalDatabase | null> {
  const { path, bd, notices } = found;
  const { stateDir } = context;
  if (bd?.mode !== 'embedded' || stateDir === undefined || needsDatabase(request, configuration)) return null;
  if (await hasLeftovers(path, state)) return null;
  // Runs that name the database by other paths must wait for this one.
  const kept = join(stateDir, 'beside', shortDigest(await realPath(path)));
  const exchangeFolder = join(kept, 'exchange');
  if (!(await couldMakeOwn(stateDir, exchangeFolder, context))) return null;
  const lock = await lockForRun(path, join(kept, 'run.lock'), context);
  if (lock === null) return null;
  const own = behindGates(openEngines(context, { dolt, database: path }, CONNECTIONS), bd, context);
  const copies = join(kept, 'copies');
  const close = async (): Promise<void> => {
    await rm(copies, { recursive: true, force: true }).finally(() => lock.release());
  };
  try {
    // Those of killed runs. The watchdog of such a run may remove its own later, so each run has a folder of its own.
    await rm(copies, { recursive: true, force: true });
    await mkdir(copies, { mode: 0o700 });
    const folder = await mkdtemp(join(copies, 'df-'));
    context.onResource({ kind: 'folder', path: folder });
    const work = join(folder, basename(path));
    await removeExchanges(path, own);
    const recorded = await readStateFiles(state);
    if (!(await copied({ path, work, bd }, context, own))) {
      await close();
      return null;
    }
    const copiedNotes = await readNotes(work);
    const engines = openEngines(
      context,
      { dolt, database: work, copyOf: path, removeWith: [folder] },
      request.parallel + 1,
    );
    const { branch, standard } = await engines
      .use(NO_CREDENTIALS, async ({ database }) => {
        const standard = await checkedOutBranch(database);
        return { standard, branch: request.branch ?? standard };
      })
      .catch(async (thrown: unknown) => {
        await engines.close();
        throw thrown;
      });
    const limit = timeLimit({ name: path, timeout: null }, 'clone', request.timeout);
    const exchange = pathToFileURL(exchangeFolder).href;
    const reported: Diagnostic[] = [...notices];
    const notify = (notice: Diagnostic): void => void reported.push(notice);
    const held = shortHolds({ engines: own, path, branch, exchange, limit, notify });
    return localDatabase({
      path,
      work,
      // Of the database: the copy is removed.
      state,
      recorded,
      engines,
      notices: reported,
      served: { branch, isDefault: branch === standard, uncommitted: [], dirty: [], stays: null, ...held },
      close: () =>
        engines
          .close()
          .then(() => keepNotes({ work, path }, copiedNotes))
          .catch((thrown: unknown) => context.log.warning(toFailure(thrown).message))
          .finally(close),
    });
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/**
 * Makes the folder for the copy; false, with a warning, if that is impossible, Dolt cannot use it, or another user owns a part
 * of it.
 */
async function couldMakeOwn(stateDir: string, folder: string, { log }: Pick<Context, 'log'>): Promise<boolean> {
  try {
    requireExchangeable(folder);
    await makeOwnFolder(stateDir, folder);
    await warnOfReplaceable(folder, log);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    log.warning(`${thrown.message}. This run works in the database itself. ${thrown.hint}`);
    return false;
  }
}

/**
 * Waits for another run that has a copy of the database.
 * @returns null if no file can be locked here: Dolt's own lock still keeps runs on the database itself apart
 */
async function lockForRun(path: string, file: string, { env, signal, log }: Context) {
  const lock = await lockExclusively(file, { env, signal, maxWaitMs: RUN_MS });
  if (lock.kind === 'held') return lock;
  if (lock.kind === 'busy') {
    const owner = await ownerOfLock(file);
    throw inUse(path, { kind: 'run', pid: null, program: null, ...owner }, RUN_MS);
  }
  log.debug(`${file} was not locked: ${lock.why}`);
  return null;
}

/** Whether a run reads or changes more of the database than its branch. */
export function needsDatabase(
  request: Pick<SyncRequest, 'command' | 'dryRun' | 'rewrites' | 'leases' | 'fixRemotes'>,
  { register, inbox, dirty }: Pick<Configuration, 'register' | 'inbox' | 'dirty'>,
): boolean {
  const { rewrites, leases, fixRemotes } = request;
  const changesHistory = rewrites.adopt.size + rewrites.merge.size + leases.size > 0;
  const changesRemotes = fixRemotes === true || register.value === 'keep';
  return !mayWrite(request) || changesHistory || changesRemotes || inbox.value !== false || dirty.value === 'commit';
}

/** Leftovers of a killed run in the database, or an unusable file there. A run on the database itself repairs them. */
async function hasLeftovers(path: string, place: StatePlace): Promise<boolean> {
  // A run through a server recorded its moves in its copy.
  for (const copy of copiesOf(place)) if ((await servedMoves(copy)).length > 0) return true;
  const [moves, remotes, state] = [
    await readOwnMoves(path),
    await readRemoteRecords(path),
    await readStateFiles(place),
  ];
  const warnings = [moves.warning, remotes.warning, state.own.warning];
  return moves.moves.size + remotes.records.size > 0 || warnings.some((warning) => warning !== null);
}

/** A run that is killed while it holds the database leaves a remote, because of which bd refuses to upgrade. */
async function removeExchanges(path: string, own: Engines): Promise<void> {
  if ((await readRepoState(path))?.remotes.some(isLeftover) !== true) return;
  await own.use(NO_CREDENTIALS, ({ database }) => removeLeftovers(database)).finally(() => own.close());
}

interface Copying {
  readonly path: string;
  readonly work: string;
}

/** Whether the database could be copied. Too large a database is not tried again. */
async function copied(copying: Copying & { readonly bd: BdUsage }, context: Context, own: Engines): Promise<boolean> {
  const free = await copyWhenFree(copying, context);
  return free === 'copied' || (free === 'busy' && (await copyWhileHeld(copying, own)) === 'copied');
}

/** Copies between two commands of bd, so neither has to wait. */
async function copyWhenFree({ path, work, bd }: Copying & { readonly bd: BdUsage }, context: Context): Promise<Copied> {
  const gates = await enterGates(bd.guarded, context);
  try {
    for (const began = monotonicMs(); monotonicMs() - began < FREE_MS; await pause(POLL_MS, context.signal)) {
      const copy = await copyForReading(path, work).catch(() => 'busy' as const);
      if (copy === 'copied') return copy;
      await rm(work, { recursive: true, force: true });
      // Other systems list no locks.
      if (copy === 'too-large' || process.platform !== 'linux') return copy;
    }
    return 'busy';
  } finally {
    await gates.leave();
  }
}

/** An engine keeps other processes out meanwhile. */
async function copyWhileHeld({ path, work }: Copying, own: Engines): Promise<Copied> {
  const copy = await own
    .use(NO_CREDENTIALS, () => copyForReading(path, work, true).catch(() => 'busy' as const))
    .finally(() => own.close());
  if (copy !== 'copied') await rm(work, { recursive: true, force: true });
  return copy;
}

/** The notes about reported remotes; null: none. */
async function readNotes(database: string): Promise<string | null> {
  return await readFile(reportedFilePath(database), 'utf8').catch(() => null);
}

/** Copies the notes back for later runs, unless another run changed them meanwhile. */
async function keepNotes({ work, path }: Copying, before: string | null): Promise<void> {
  const now = await readNotes(work);
  if (now === null || now === before || (await readNotes(path)) !== before) return;
  await writeFileAtomic(reportedFilePath(path), now, 0o600);
}
