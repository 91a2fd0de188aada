import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeVersionWitness } from '../../beads/bd-files.ts';
import { requireNoDaemon } from '../../beads/processes/daemon.ts';
import type { BdUsage } from '../../beads/workspace.ts';
import type { Configuration, Peer } from '../../config/configuration.ts';
import { boundaryOf } from '../../core/boundary.ts';
import { Failure, failureOf } from '../../core/failure.ts';
import { isInside, realPath } from '../../core/files.ts';
import { makePrivateFolder } from '../../core/private-folder.ts';
import { markRun } from '../../core/run-mark.ts';
import { processCommand } from '../../dolt/process.ts';
import { copyForReading } from '../../dolt/reading-copy.ts';
import { type Engines, type EnginesOptions, openEngines } from '../../dolt/server/engines.ts';
import { installDolt } from '../../install/install.ts';
import type { StatePlace } from '../../sync/history/last-verified.ts';
import { refuseLeftArrivals, repairArrivals } from '../../sync/remotes/arrivals.ts';
import { fileOwnerFailure } from '../../sync/remotes/file-access.ts';
import { fileRemote, requirePeerWithin } from '../../sync/remotes/file-remote.ts';
import { refuseCheckoutPrograms } from '../../sync/remotes/git-programs.ts';
import { writeRemoteRecords } from '../../sync/remotes/remote-records.ts';
import { timeLimit } from '../../sync/time-limits.ts';
import type { Context } from '../context.ts';
import { DEFAULT_SYNC_REQUEST, mayWrite, type SyncRequest } from '../request.ts';
import { behindGates, holdAtOnce } from './bd/behind-gates.ts';
import { refuseFrozen } from './bd/frozen.ts';
import { openCopyOfEmbedded } from './bd/open-copy.ts';
import { stopBd } from './bd/stop-bd.ts';
import { type Clone, clonedNotice, cloneOrRestore } from './cache/clone.ts';
import { bootstrapPeer, branchToClone, isClone, makePlaceOfClone } from './cache/clone-place.ts';
import { recordSource } from './cache/clone-source.ts';
import { type Caching, keepingOf } from './cache/entry.ts';
import { requireFreePlace } from './cache/free-place.ts';
import { type LocalDatabase, localDatabase, stateOfFound } from './local-database.ts';
import { databasesBelow, type Found, locateDatabase } from './locate-database.ts';
import { requestedCredentials } from './options.ts';
import { type AccessRules, accessTo, accessToPeers } from './peer-access.ts';
import { openLocated } from './served/open-located.ts';
import { openServed } from './served/open-served.ts';
import { findServing, type Serving, startsServers } from './served/served-by.ts';

type Opening = Pick<
  SyncRequest,
  | 'database'
  | 'branch'
  | 'bootstrap'
  | 'dryRun'
  | 'parallel'
  | 'command'
  | 'timeout'
  | 'retries'
  | 'rewrites'
  | 'leases'
  | 'fixRemotes'
  | 'stopBd'
>;

interface Known {
  readonly configuration: Configuration;
  /** Dolt executable. */
  readonly dolt: string;
  readonly access: AccessRules;
  /** Absent: clones are not kept in the Actions cache. */
  readonly caching?: Caching | null;
}

/**
 * Finds the local database. If there is none, clones it from the peer that `bootstrap` names, else from the primary,
 * and from no other peer. A run that may not write clones into a temporary folder, removed when the database is closed.
 * @throws Failure `no-database`, `migration-freeze`, `unknown-peer`, `database-in-use`, or any error of cloning
 */
export async function openLocalDatabase(request: Opening, context: Context, known: Known): Promise<LocalDatabase> {
  const { configuration } = known;
  const { database, bootstrap, branch } = request;
  const locate = () => locateDatabase({ database, bootstrap, branch, configuration }, context);
  const first = await locate();
  const folder = first.kind === 'database' || first.kind === 'to-clone' ? first.path : null;
  const workspace = configuration.workspace === null ? null : await realPath(configuration.workspace);
  if (workspace !== null && folder !== null && isInside(workspace, await realPath(folder))) {
    await requireNoDaemon(workspace, (pid) => processCommand(pid, context.env));
  }
  if (mayWrite(request)) await refuseFrozen(folder, configuration, context);
  const look = (at: Found) => findServing(at, locate, configuration, context);
  const located = await look(first);
  const { serving } = located;
  const through = (at: Serving, found: Found) => openThrough(request, context, known, { found, serving: at });
  const direct = (found: Found) =>
    found.kind === 'database'
      ? openDirectly(request, context, known, found)
      : openClone(request, context, known, found);
  if (serving !== null && request.stopBd === true && mayWrite(request)) {
    await stopBd(located.found, serving, configuration, context);
    return await direct(located.found);
  }
  return await openLocated(located, async () => await look(await locate()), { through, direct });
}

/** Opens the database through its server. */
async function openThrough(
  request: Opening,
  context: Context,
  { configuration, dolt, access: { credentials } }: Known,
  { found, serving }: { readonly found: Found; readonly serving: Serving },
): Promise<LocalDatabase> {
  refuseAdopt(request);
  const { branch, parallel, timeout } = request;
  const notices = found.kind === 'database' ? found.notices : [];
  const writes = mayWrite(request);
  const opening = { branch, mayMove: writes, mayCommit: writes, connections: parallel + 1, timeout, notices };
  return await openServed(opening, context, { configuration, dolt, credentials }, serving);
}

type CopyOptions = Pick<EnginesOptions, 'copyOf' | 'removeWith' | 'repair'>;

/** Opens the database, or a copy of it, without a server. */
async function openDirectly(
  request: Opening,
  context: Context,
  known: Known,
  found: Extract<Found, { kind: 'database' }>,
): Promise<LocalDatabase> {
  // One connection for each peer worked on in parallel, and one for the merge.
  const connections = request.parallel + 1;
  const at = (path: string, copy?: CopyOptions) =>
    openEngines(context, { dolt: known.dolt, database: path, repair: repairArrivals, ...copy }, connections);
  await makePlaceOfClone(found.path, context);
  const state = await stateOfFound(found, known.configuration, context);
  const beside = await openCopyOfEmbedded(request, context, known, { found, state });
  if (beside !== null) return beside;
  const copied = mayWrite(request) ? null : await openCopy(found, state, context, at);
  if (copied !== null) return copied;
  const engines = behindGates(at(found.path), found.bd, context);
  if (startsServers(found)) await holdAtOnce(engines);
  const { path, notices } = found;
  const ephemeral = isClone(path, context);
  return localDatabase({ path, work: path, state, engines, ephemeral, notices, close: closing(engines, null) });
}

/**
 * Clones the database from the peer that `bootstrap` names, else from the primary: to where it belongs, or for a run
 * that may not write into a temporary folder, removed when the database is closed.
 * @throws Failure `no-database`, `unknown-peer`, or any error of cloning
 */
export async function openClone(
  request: Opening,
  context: Context,
  known: Known,
  found: Exclude<Found, { kind: 'database' }>,
): Promise<LocalDatabase> {
  const { configuration } = known;
  const connections = request.parallel + 1;
  const tempFolder = mayWrite(request) ? null : await makePrivateFolder(context, 'look');
  const removeWith = tempFolder === null ? [] : [tempFolder];
  try {
    const source = await requireSource(configuration, request.bootstrap, context);
    const path = tempFolder === null ? cloneTo(found, source, request) : join(tempFolder, 'database');
    if (tempFolder === null) {
      await requireFreePlace(path);
      await makePlaceOfClone(path, context);
    }
    context.log.info(`no database yet: cloning ${source.name} into ${path}`);
    const bd = tempFolder === null && found.kind === 'to-clone' ? found.bd : null;
    const made = await clone(request, context, { ...known, source, path, removeWith, bd });
    const engines = openEngines(
      context,
      { dolt: known.dolt, database: path, removeWith, repair: repairArrivals },
      connections,
    );
    const ephemeral = context.cloneDir !== null;
    const clonedFrom = tempFolder === null && made.isOurs ? source.name : null;
    const keeping = clonedFrom === null ? null : made.keeping;
    const notices = clonedNotice(clonedFrom, path, { ...made, bd });
    const close = closing(engines, tempFolder);
    const state = { folder: path, other: null, env: context.env };
    return localDatabase({ path, work: path, state, engines, ephemeral, clonedFrom, keeping, notices, close });
  } catch (thrown) {
    await remove(tempFolder);
    throw thrown;
  }
}

/** The options of a command that only reads the database. */
export type ReadingRequest = Pick<SyncRequest, 'overrides' | 'dolt'> &
  Partial<Pick<SyncRequest, 'database' | 'branch' | 'bootstrap' | 'timeout' | 'retries' | 'credentials' | 'untrusted'>>;

/**
 * Opens the database for a command that only reads it.
 * @throws Failure what finding and opening the database throws
 */
export async function readingDatabase<T>(
  request: ReadingRequest,
  context: Context,
  configuration: Configuration,
  work: (database: LocalDatabase) => Promise<T>,
): Promise<T> {
  const dolt = await installDolt(request.dolt, context);
  const reading = { ...DEFAULT_SYNC_REQUEST, ...request, command: 'status' } as const;
  const credentials = await requestedCredentials(reading, context);
  const settings = { configuration, peers: configuration.peers, credentials };
  const access = await accessToPeers(reading, context, settings, dolt);
  const database = await openLocalDatabase(reading, context, { configuration, dolt: dolt.path, access });
  return await work(database).finally(() => database.close());
}

function refuseAdopt({ rewrites }: Opening): void {
  if (rewrites.adopt.size === 0) return;
  throw new Failure(
    'database-in-use',
    '`--adopt` replaces the branch, which a run cannot do through a running server',
    {
      hint: 'Stop the server during the run, and run again.',
    },
  );
}

/**
 * A run that may not write works on a copy, so that the database is unchanged even if the run is killed.
 * @returns null if there can be no copy; the run then removes its traces at the end
 */
async function openCopy(
  { path, notices }: Extract<Found, { kind: 'database' }>,
  { other, env }: StatePlace,
  context: Context,
  open: (path: string, copy: CopyOptions) => Engines,
): Promise<LocalDatabase | null> {
  const tempFolder = await makePrivateFolder(context, 'look');
  try {
    const work = join(tempFolder, basename(path));
    // The checks of an engine refuse a damaged database with a better message.
    if ((await copyForReading(path, work).catch(() => 'busy')) === 'copied') {
      const repair: EnginesOptions['repair'] = (_, unopenable) =>
        refuseLeftArrivals(path, unopenable).then(() => false);
      const engines = open(work, { copyOf: path, removeWith: [tempFolder], repair });
      const state = { folder: work, other, env };
      return localDatabase({ path, work, state, engines, notices, close: closing(engines, tempFolder) });
    }
  } catch (thrown) {
    await remove(tempFolder);
    throw thrown;
  }
  await remove(tempFolder);
  return null;
}

/** Closes the engines, then removes a temporary folder. */
function closing(engines: Engines, tempFolder: string | null): () => Promise<void> {
  return () => engines.close().finally(() => remove(tempFolder));
}

function cloneTo(found: Exclude<Found, { kind: 'database' }>, { name }: Peer, { bootstrap }: Opening): string {
  if (found.kind === 'to-clone') return found.path;
  throw new Failure('no-database', 'no Dolt database was found here or in a parent folder', {
    hint:
      bootstrap === undefined
        ? `Give its folder with \`--database\`. To clone ${name} into a new folder, run \`sync\` with that folder and \`--bootstrap ${name}\`.`
        : `Give the new folder for the clone of ${name} with \`--database\`.`,
  });
}

async function remove(folder: string | null): Promise<void> {
  if (folder !== null) await rm(folder, { recursive: true, force: true });
}

async function requireSource(
  { peers }: Configuration,
  bootstrap: string | undefined,
  { cwd, cloneDir }: Context,
): Promise<Peer> {
  const wanted = bootstrapPeer(peers, bootstrap);
  if (wanted !== undefined) return wanted;
  if (bootstrap !== undefined) throw new Failure('unknown-peer', `unknown peer ${bootstrap} in \`--bootstrap\``);
  const into = cloneDir === null ? ' and `--database` to a new folder' : '';
  throw new Failure('no-database', 'no Dolt database was found, and no primary is configured to clone from', {
    hint: `${belowHint(await databasesBelow(cwd, 1))}Give the folder of the database with \`--database\`. To clone a peer, run \`sync\` and set \`--bootstrap\` to its name${into}.`,
  });
}

/** A database one folder below is the commonest reason why none is found. */
function belowHint(below: readonly string[]): string {
  return below.length === 0 ? '' : `Did you mean ${below.map((path) => `\`${basename(path)}\``).join(' or ')}? `;
}

async function clone(
  request: Opening,
  context: Context,
  known: Known & {
    readonly source: Peer;
    readonly path: string;
    readonly removeWith: readonly string[];
    /** null: bd does not use the clone. */
    readonly bd: BdUsage | null;
  },
): Promise<Clone> {
  const { source } = known;
  const empty = (why: string, cause?: unknown): Failure =>
    new Failure('no-database', `no database was found, and ${source.name} ${why}, so it cannot be cloned`, {
      hint: `Push the database to ${source.name} from where it exists, or run \`sync\` with \`--bootstrap\` and another peer.`,
      cause,
    });
  await requirePeerWithin(await boundaryOf(context, []), source.endpoint);
  await refuseCheckoutPrograms(source, context);
  if ((await fileRemote(source.endpoint)) === 'absent') throw empty(`has no folder (${source.endpoint.written})`);
  const { url, engineCredentials, reach, user } = accessTo(source, known.access);
  const options = { dolt: known.dolt, database: known.path, removeWith: known.removeWith, engineCredentials };
  const record = {
    peer: source.name,
    url,
    ref: source.ref,
    run: known.configuration.register.value === 'keep' ? null : markRun(),
  };
  const wanted = {
    remote: source.name,
    url,
    user,
    reach,
    ref: source.ref,
    branch: branchToClone(source, request.branch),
    finish: async (folder: string) => {
      await writeRemoteRecords(folder, new Map([[source.name, record]]));
      if (context.cloneDir !== null) await recordSource(folder, source);
      if (known.bd !== null) await writeVersionWitness(known.bd);
    },
  };
  const limit = timeLimit(source, 'clone', request.timeout);
  const { retries } = request;
  try {
    return await cloneOrRestore(context, { options, source: wanted, limit, retries }, keepingOf(known, wanted.branch));
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    if (thrown.code === 'remote-empty') throw empty('is empty', thrown);
    const { folder } = source.endpoint;
    throw failureOf(source.name, folder === null ? thrown : await fileOwnerFailure(folder, thrown));
  }
}
