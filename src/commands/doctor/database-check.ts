import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration, Peer } from '../../config/configuration.ts';
import { requireBranchName } from '../../config/names.ts';
import { type ServerSetting, serverText } from '../../config/server.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { Failure, systemCode, toFailure } from '../../core/failure.ts';
import { type RepoState, readRepoState } from '../../dolt/database-files.ts';
import { remoteAddress } from '../../dolt/remote-address.ts';
import { checkFiles } from '../../dolt/server/server.ts';
import { readStateFiles, type StatePlace, stateOf } from '../../sync/history/last-verified.ts';
import { fileRemote } from '../../sync/remotes/file-remote.ts';
import { peerAddresses } from '../../sync/remotes/peer-addresses.ts';
import { refuseBackup } from '../../sync/remotes/remote-plan.ts';
import type { Context } from '../context.ts';
import { refuseFrozen } from '../prepare/bd/frozen.ts';
import { stateOfFound } from '../prepare/local-database.ts';
import { locateDatabase } from '../prepare/locate-database.ts';
import {
  conflictsFolder,
  keptScratchFolders,
  scratchFoldersIn,
  stateOfServed,
} from '../prepare/served/scratch-folders.ts';
import { isCutOff, nameAtServer, STOP_CUT_OFF, serverFor } from '../prepare/served/served-by.ts';
import { fine, missing, refused, undetermined, warned } from './check.ts';
import { checkIdentity } from './identity-check.ts';
import { checkLock } from './lock-check.ts';

interface Wanted {
  readonly database: string | undefined;
  readonly branch: string | undefined;
}

const SUBJECT = { check: 'database' } as const;
/** doctor opens no connection. */
const NOT_ASKED = 'the rights of its user are not checked';
const NOWHERE = 'Give its folder with `--database`, or set `federation.remote` to clone from the primary.';
const BOOTSTRAP =
  'Run `sync` with `--bootstrap` and the name of a peer that has the database, or push it to the primary from where it exists.';

export interface CheckedDatabase {
  readonly checks: readonly DoctorCheck[];
  /** Folder of a database that may be read; null if there is none. */
  readonly readable: string | null;
  /** Folder of the database; absent: none is on this machine. */
  readonly path?: string;
}

/** The database, its branch and the process that uses it, read from files without Dolt. */
export async function checkDatabase(
  wanted: Wanted,
  configuration: Configuration,
  context: Context,
): Promise<CheckedDatabase> {
  try {
    const found = await locateDatabase({ database: wanted.database, branch: wanted.branch, configuration }, context);
    const primary = configuration.peers.find((peer) => peer.role === 'primary');
    if (found.kind === 'nowhere') return only(missing(SUBJECT, 'no database was found', NOWHERE));
    if (found.kind === 'to-clone') {
      if (primary === undefined) return only(missing(SUBJECT, `no database was found at ${found.path}`, NOWHERE));
      // Another fault of the endpoint is reported for the peer.
      if ((await fileRemote(primary.endpoint).catch(() => null)) === 'absent')
        return only(missing(SUBJECT, `no database yet, and ${primary.name} has none to clone`, BOOTSTRAP));
      return only(fine(SUBJECT, `no database yet: the first run clones ${primary.name} into ${found.path}`));
    }
    if (found.kind === 'at-server') {
      const server = serverFor(found, configuration);
      if (server === null) throw found.failure;
      const place = `the database is at the server ${serverText(server)}; runs work through it`;
      const at = undetermined(SUBJECT, `${place}, and ${NOT_ASKED}`);
      const kept = await conflictsFolder(context, { path: null, setting: server });
      const files = kept === null ? null : { folder: kept, other: null, env: context.env };
      const state = files === null ? [] : await checkState(files, configuration.peers, wanted.branch ?? null);
      return { checks: [at, ...(await checkIdentity(null, configuration, context)), ...state], readable: null };
    }
    const state = await readRepoState(found.path);
    const branch = wanted.branch ?? branchOf(state);
    const server = serverFor(found, configuration);
    const isConfigured = configuration.server.value !== null;
    const isLeft = !isConfigured && (await isCutOff(found.path, found.server));
    const held = await checkLock(found.path);
    const lock = isLeft ? cutOff(held) : throughServer(held, server);
    const isServed = server !== null && lock.status !== 'ok';
    if (!isServed) await checkFiles(found.path);
    const files = isServed
      ? await stateThrough(server, found.path, context)
      : await stateOfFound(found, configuration, context);
    if (server === null) await requireWritable(found.path);
    const frozen = await refuseFrozen(found.path, configuration, context).catch(toFailure);
    const checks = [
      fine(SUBJECT, found.path),
      ...found.notices.map((notice) => warned(SUBJECT, notice)),
      ...(frozen === undefined ? [] : [refused(SUBJECT, frozen)]),
      checkBranch(state, wanted.branch),
      ...(await checkIdentity(found.path, configuration, context)),
      lock,
      ...(await checkBackups(state, configuration)),
      ...(await checkState(files, configuration.peers, branch)),
    ];
    return {
      checks,
      readable: lock.status === 'missing' || isServed ? null : found.path,
      path: found.path,
    };
  } catch (thrown) {
    return only(refused(SUBJECT, thrown));
  }
}

/** The state for a run through a server. Without a folder for its copy, such a run begins an empty one. */
async function stateThrough(server: ServerSetting, path: string, context: Context): Promise<StatePlace> {
  const at = { path, setting: server };
  const { stateDir, tempDir } = context;
  const scratch =
    stateDir === undefined ? scratchFoldersIn(tempDir, nameAtServer(at)) : await keptScratchFolders(stateDir, at);
  return await stateOfServed(path, scratch.database, context);
}

/** Dolt locks a database even to read it. @throws Failure `database-read-only` */
async function requireWritable(database: string): Promise<void> {
  const folder = join(database, '.dolt', 'noms');
  try {
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new Failure('database-read-only', `${folder} cannot be written: ${systemCode(cause) ?? 'unknown'}`, {
      cause,
    });
  }
}

/** A server that holds the database is not an obstacle where runs work through it. */
function throughServer(lock: DoctorCheck, server: ServerSetting | null): DoctorCheck {
  if (lock.status !== 'missing' || server === null) return lock;
  const place = `runs work through the server at ${serverText(server)}`;
  return undetermined({ check: 'lock' }, `${lock.message}; ${place}, and ${NOT_ASKED}`);
}

/** Only bd ends or reaches the server of a proxy that was killed. */
function cutOff({ message }: DoctorCheck): DoctorCheck {
  return missing({ check: 'lock' }, `${message}, and the proxy of bd before it has ended`, STOP_CUT_OFF);
}

function only(check: DoctorCheck): CheckedDatabase {
  return { checks: [check], readable: null };
}

/** The checked-out branch; null if the files do not say. */
function branchOf(state: RepoState | null): string | null {
  return state?.head.replace('refs/heads/', '') ?? null;
}

function checkBranch(state: RepoState | null, branch: string | undefined): DoctorCheck {
  const subject = { check: 'branch' } as const;
  const current = branchOf(state);
  if (current === null) return undetermined(subject, 'the files do not show which branch is checked out');
  if (branch === undefined || branch === current) {
    try {
      return fine(subject, `${requireBranchName(current)} is checked out`);
    } catch (thrown) {
      return refused(subject, thrown);
    }
  }
  return undetermined(subject, `${current} is checked out; only the engine knows whether ${branch} exists`);
}

/** Peers at an address that the database uses for a Dolt backup. */
async function checkBackups(state: RepoState | null, { peers }: Configuration): Promise<readonly DoctorCheck[]> {
  const backups = await Promise.all(
    (state?.backups ?? []).map(async ({ name, url }) => ({ name, address: await remoteAddress(url) })),
  );
  const checks: DoctorCheck[] = [];
  for (const peer of peers) {
    const { name, endpoint } = peer;
    try {
      for (const address of await peerAddresses(peer))
        refuseBackup({ peer: name, url: endpoint.dolt, address }, backups);
    } catch (thrown) {
      checks.push(refused({ check: 'endpoint', peer: name }, thrown));
    }
  }
  return checks;
}

const STATE_FILE_SUBJECT = { check: 'memory' } as const;

const REPLACED =
  'The next run that writes renames it and starts a new one. Until then a rewritten history is only suspected.';

/** The peers with a recorded common head. Only for these is a rewritten history detected for certain. */
async function checkState(
  place: StatePlace,
  peers: readonly Peer[],
  branch: string | null,
): Promise<readonly DoctorCheck[]> {
  const { stateFile, unusable } = stateOf(await readStateFiles(place), branch);
  if (unusable.length > 0) return unusable.map((one) => warned(STATE_FILE_SUBJECT, { hint: REPLACED, ...one }));
  if (branch === null || peers.length === 0) return [];
  const entries = [...stateFile.peers.values()].filter(({ local }) => local === branch);
  const unknown = peers.filter(
    ({ name, dataPlace, ref }) =>
      !Object.hasOwn(stateFile.former, name) &&
      !entries.some((entry) => entry.endpoint === dataPlace && entry.ref === ref),
  );
  const none = unknown.map(({ name }) => name).join(', ');
  return [
    fine(
      STATE_FILE_SUBJECT,
      none === '' ? 'the last common head of every peer is recorded' : `nothing recorded yet for ${none}`,
    ),
  ];
}
