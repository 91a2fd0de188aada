import { buildConfiguration } from '../config/build.ts';
import type { Configuration, Peer } from '../config/configuration.ts';
import { endpointOptions } from '../config/endpoint/options.ts';
import { parseEndpoint } from '../config/endpoint/parse.ts';
import { loadConfiguration, requireFederation } from '../config/load.ts';
import { parsePeerName } from '../config/names.ts';
import { addPeerToFile, createFileWithPeer } from '../config/yaml/edit-file.ts';
import type { PeerValue } from '../config/yaml/edit-peers.ts';
import { DEFAULT_DOLT_VERSION } from '../contract/dolt-options.ts';
import type { AddPeerResult } from '../contract/result.ts';
import type { ConflictStrategy, Role, Tier } from '../contract/vocabulary.ts';
import { Failure } from '../core/failure.ts';
import { plain } from '../core/text.ts';
import { findDolt } from '../install/install.ts';
import { fileRemote } from '../sync/remotes/file-remote.ts';
import { type Asked, defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { checkLock } from './doctor/lock-check.ts';
import { type DatabaseFacts, databaseFacts } from './prepare/database-facts.ts';
import { configurationFile, editConfiguration } from './prepare/edit-configuration.ts';
import { hasIgnoredTables, liveNotice, withoutLive } from './prepare/live-notices.ts';
import { locateDatabase } from './prepare/locate-database.ts';
import { requestedConfig, requestedDolt } from './prepare/options.ts';
import { tierRefusal } from './prepare/peer-access.ts';
import { registerNow } from './prepare/register-remote.ts';
import type { ConfigOverrides, DoltRequest } from './request.ts';

export interface AddPeerRequest {
  readonly name: string;
  readonly endpoint: string;
  readonly role?: Role | undefined;
  readonly tier?: Tier | undefined;
  readonly branch?: string | undefined;
  readonly conflict?: ConflictStrategy | undefined;
  readonly user?: string | undefined;
  readonly ref?: string | undefined;
  /** As it is written, such as `90s`. */
  readonly timeout?: string | undefined;
  /** Whether the remote is a running database. */
  readonly live?: boolean | undefined;
  /** Whether the database keeps the peer as a remote, regardless of `federation.register`. */
  readonly register?: boolean | undefined;
  readonly database?: string | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

/**
 * Adds a peer to the configuration file and, if there is a database, as a remote to it. Works in every sync mode and
 * offline. Without a configuration file, it creates `.beads/config.yaml` in the workspace, or in the working directory
 * if there is no workspace.
 * @throws Failure `invalid-peer-name`, `peer-exists`, `working-database`, `not-a-remote`, or any error of the
 * configuration with the new peer; nothing is written then
 */
export async function addPeer(request: AddPeerRequest, context: Context): Promise<AddPeerResult> {
  const { name, endpoint, overrides } = request;
  parsePeerName(name);
  const after = await editConfiguration(context, overrides, async (before) => {
    if (before.peers.some((peer) => peer.name === name)) {
      throw new Failure('peer-exists', `peer already exists: ${name}. Nothing was changed`);
    }
    await refuseUnfitFolder(request, context);
    await writePeer(request, context, before);
    return await loadConfiguration(context, overrides);
  });
  warnOfMode(after, context);
  const peer = after.peers.find((one) => one.name === name);
  if (peer !== undefined) {
    const refusal = tierRefusal(peer);
    if (refusal !== null) context.log.warning(`${refusal.message}: every run refuses it. ${refusal.hint}`);
    await warnOfLive(peer, { request, after }, context);
    const register = request.register === true ? 'keep' : after.register.value;
    await registerNow(peer, { database: request.database, configuration: after, register }, context);
  }
  return { name, endpoint, status: 'added' };
}

/** Every run would be refused; warn now. */
function warnOfMode(configuration: Configuration, { log }: Context): void {
  try {
    requireFederation(configuration);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    log.warning(`${thrown.code}: ${thrown.message}\n${thrown.hint}`);
  }
}

/** A run would refuse to push to this peer; warn now, offline. */
async function warnOfLive(
  peer: Peer,
  { request, after }: { readonly request: AddPeerRequest; readonly after: Configuration },
  context: Context,
): Promise<void> {
  if (withoutLive([peer]).length === 0) return;
  if ((await hasIgnoredTables(after, () => factsOf(request, after, context))) !== true) return;
  const { message, hint } = liveNotice(peer);
  context.log.warning(`live-unknown: ${message}\n${hint}`);
}

async function factsOf(
  request: AddPeerRequest,
  configuration: Configuration,
  context: Context,
): Promise<DatabaseFacts | null> {
  const found = await locateDatabase({ database: request.database, configuration }, context).catch(() => null);
  const wanted = { kind: 'exact', version: DEFAULT_DOLT_VERSION } as const;
  const dolt = found?.kind === 'database' ? await findDolt({ wanted }, context) : null;
  if (found?.kind !== 'database' || dolt === null || (await checkLock(found.path)).status === 'missing') return null;
  return await databaseFacts({ path: found.path, branch: null }, dolt.path, context);
}

/**
 * Refuses a local folder that cannot be a remote. A missing folder is accepted: its disk may be mounted later. An
 * unreadable endpoint is refused with the configuration.
 * @throws Failure `working-database`, `not-a-remote`
 */
async function refuseUnfitFolder({ endpoint, overrides }: AddPeerRequest, context: Context): Promise<void> {
  const parsed = attempt(() => parseEndpoint(endpoint, endpointOptions(context.env, overrides)));
  if (parsed === null) return;
  await fileRemote(parsed).catch((thrown: unknown) => {
    if (!(thrown instanceof Failure) || thrown.code !== 'folder-missing') throw thrown;
  });
}

function attempt<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof Failure) return null;
    throw thrown;
  }
}

async function writePeer(request: AddPeerRequest, context: Context, before: Configuration): Promise<void> {
  const file = configurationFile(before, context);
  const inspect = (text: string) => {
    try {
      buildConfiguration({ file, workspace: before.workspace, text }, context.env, request.overrides);
    } catch (thrown) {
      throw inUnwritten(before.file, thrown);
    }
  };
  const peer = { name: request.name, value: peerValue(request) };
  if (before.file !== null) await addPeerToFile(file, peer, inspect);
  else await createFileWithPeer(file, { ...peer, isFresh: before.workspace === null }, inspect);
}

/** Drops the location inside a text that was never written; the file had no problem before. */
function inUnwritten(file: string | null, thrown: unknown): unknown {
  if (!(thrown instanceof Failure)) return thrown;
  const location = file === null ? undefined : { file };
  const unplaced = ({ code, message, hint, cause }: Failure, problems?: readonly Failure[]): Failure =>
    new Failure(code, message, { hint, location, cause, problems });
  if (thrown.problems[0] === thrown) return unplaced(thrown);
  return unplaced(
    thrown,
    thrown.problems.map((problem) => unplaced(problem)),
  );
}

function peerValue(request: AddPeerRequest): PeerValue {
  const { endpoint, role, tier, branch, conflict, user, ref, timeout, live } = request;
  const given = Object.entries({ role, tier, branch, conflict, user, ref, timeout, live }).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return given.length === 0 ? endpoint : { endpoint, ...Object.fromEntries(given) };
}

export const addPeerCommand = defineCommand({
  parse: addPeerRequest,
  run: addPeer,
  render: (result) => ({ json: result, text: () => `added peer ${result.name} (${plain(result.endpoint)})\n` }),
});

function addPeerRequest(asked: Asked): AddPeerRequest {
  const { read, written } = asked;
  const [name = '', endpoint = ''] = asked.operands;
  const live = read('live');
  // The file keeps the peer's timeout as the user wrote it; the value is only validated.
  read('timeout');
  return {
    name,
    endpoint,
    role: read('role'),
    tier: read('tier'),
    branch: read('branch'),
    conflict: read('conflict'),
    user: read('user'),
    ref: read('ref'),
    timeout: written('timeout'),
    live: live === undefined ? undefined : live === 'true',
    register: read('register'),
    database: read('database'),
    overrides: requestedConfig(read),
    dolt: requestedDolt(asked),
  };
}
