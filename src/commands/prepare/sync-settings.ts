import type { Configuration, Peer } from '../../config/configuration.ts';
import { loadConfiguration, withGuardsOf } from '../../config/load.ts';
import { guardHint, guardText, requireFederation, requirePush } from '../../config/requirements.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';
import { suggestion } from '../../core/suggestion.ts';
import { listed } from '../../core/text.ts';
import { type Credentials, SERVER_ENTRY } from '../../credentials/credential.ts';
import { loadCredentials } from '../../credentials/load.ts';
import type { Context } from '../context.ts';
import { emptyLeg, legNotices } from '../fan-out/matrix.ts';
import { type LegOfResult, legOfResult, peersOfLeg } from '../fan-out/shard.ts';
import { writesJsonl } from '../outcome/export-after-sync.ts';
import { mayWrite, type SyncRequest, sendsOnly } from '../request.ts';
import { selectPeers } from '../select-peers.ts';
import { cacheRefusal } from './cache/may-cache.ts';
import { readsInboxes } from './inbox-peers.ts';
import { checkLeases } from './leases.ts';
import { type OfflinePeer, untrustedSettings } from './untrusted/untrusted-settings.ts';

/** Request and configuration of a run, before anything is installed or opened. */
export interface SyncSettings {
  readonly configuration: Configuration;
  /** The peers that take part. */
  readonly peers: readonly Peer[];
  readonly credentials: Credentials;
  /** The addresses that were checked for ssh, as `AccessRules` has them; absent: the event may write. */
  readonly sshAddresses?: ReadonlyMap<string, string | null>;
  /** Whether a clone is restored from the Actions cache, and kept there. */
  readonly cachesDatabase: boolean;
  /** The leg of a fan-out, as the result shows it; empty: the run is not a leg. */
  readonly leg: LegOfResult;
  /** Notices about settings that have no effect, and about peers that are left alone. */
  readonly notices: readonly Diagnostic[];
  /** Peers that are not contacted because the event may not write. */
  readonly offline: readonly OfflinePeer[];
}

/**
 * @param choose the peers of all legs; absent: those that the user selected
 * @throws Failure if the request or the configuration is invalid
 */
export async function readSyncSettings(
  request: SyncRequest,
  context: Context,
  choose: (configuration: Configuration) => readonly Peer[] = (configuration) => selectPeers(configuration, request),
): Promise<SyncSettings> {
  const configuration = await loadConfiguration(context, request.overrides);
  requireFederation(configuration);
  requireDirection(request, configuration);
  const selected = choose(configuration);
  const peers = request.shard === undefined ? selected : peersOfLeg(selected, request.shard);
  if (request.failOn === 'primary') requirePrimary(peers, configuration);
  checkLeases(selected, request);
  const leg = legOfResult(request, selected);
  const ofLeg = legNotices(request, selected, peers);
  const refusal = cacheDatabaseRefusal(request, configuration, context);
  const ofCache = refusal === null ? [] : [refusal];
  if (request.untrusted) {
    const settings = await untrustedSettings(request, context, { configuration, peers });
    return { ...settings, leg, notices: [...settings.notices, ...ofLeg, ...ofCache], cachesDatabase: false };
  }
  const credentials = await loadCredentials(request.credentials, context);
  const notices = [...unusedCredentials(configuration, credentials), ...ofLeg, ...ofCache];
  const cachesDatabase = request.cacheDatabase !== undefined && refusal === null;
  return { configuration, peers, credentials, cachesDatabase, leg, notices, offline: [] };
}

/** @throws Failure `no-primary` if no failure of a peer could make the run fail */
function requirePrimary(peers: readonly Peer[], configuration: Configuration): void {
  const isPrimary = ({ role }: Peer): boolean => role === 'primary';
  if (peers.some(isPrimary)) return;
  const isConfigured = configuration.peers.some(isPrimary);
  // Without any peer none fails.
  if (isConfigured && peers.length === 0) return;
  const why = isConfigured ? 'the primary is not among the selected peers' : 'no primary is configured';
  throw new Failure('no-primary', `\`--fail-on primary\` is set, but ${why}`);
}

function cacheDatabaseRefusal(
  { cacheDatabase, untrusted }: SyncRequest,
  { peers }: Configuration,
  { cache }: Context,
): Diagnostic | null {
  if (cacheDatabase === undefined) return null;
  const { visibility } = cacheDatabase;
  return cacheRefusal({ visibility, untrusted, peers, hasCache: cache !== undefined });
}

/** How a run ends before it needs Dolt, and why. */
interface EarlyEnd {
  readonly status: 'unchanged' | 'skipped';
  readonly notices: readonly Diagnostic[];
}

/**
 * Why a run ends before it needs Dolt; null: it continues.
 * @throws Failure `no-peers` if an unattended run would never do anything
 */
export function endsEarly(
  request: SyncRequest,
  { configuration, peers, offline }: SyncSettings,
  { cwd }: Pick<Context, 'cwd'>,
): EarlyEnd | null {
  const isIdle = peers.length + offline.length === 0 && !readsInboxes(request, configuration);
  const notices = isIdle ? [idleNotice(request, configuration, cwd)] : [];
  if (request.untrusted) return peers.length > 0 ? null : { status: 'skipped', notices };
  if (!isIdle || writesJsonl(request, configuration)) return null;
  if (configuration.peers.length === 0 && request.allowNoPeers === false) throw withoutPeers(configuration, cwd);
  return { status: 'unchanged', notices };
}

function idleNotice(request: SyncRequest, configuration: Configuration, cwd: string): Diagnostic {
  if (configuration.peers.length === 0) {
    return { severity: 'warning', code: 'no-peers', message: withoutPeersText(configuration, cwd) };
  }
  const selected = selectPeers(configuration, request);
  if (request.shard !== undefined && selected.length > 0)
    return { severity: 'notice', code: 'no-peers-selected', message: emptyLeg(request.shard, selected) };
  const peers = configuration.peers.map(({ name, role }) => `${name}: ${role}`);
  const message = `no peer has the requested name and role; configured: ${listed('peer', peers)}`;
  return { severity: 'notice', code: 'no-peers-selected', message };
}

/** A scheduled run with the wrong folder would otherwise succeed forever without doing anything. */
function withoutPeers(configuration: Configuration, cwd: string): Failure {
  const { file } = configuration;
  const fix =
    file === null
      ? 'Commit `.beads/config.yaml`, or correct the input `working-directory` or `config`.'
      : 'Add a peer under `federation.peers`, or set `federation.remote`.';
  return new Failure('no-peers', withoutPeersText(configuration, cwd), {
    hint: `${fix} If this is intended, set \`allow-no-peers: true\`.`,
    location: file === null ? undefined : { file },
  });
}

function withoutPeersText({ file }: Configuration, cwd: string): string {
  return file === null
    ? `no peer is configured: no configuration file was found in ${cwd} or above`
    : `no peer is configured in ${file}`;
}

/** The guards of the database are known only once it was found. */
export async function readPushRights(
  request: SyncRequest,
  { configuration }: SyncSettings,
  database: string,
  context: Context,
): Promise<{ readonly mayPush: boolean; readonly notices: readonly Diagnostic[] }> {
  const guarded = await withGuardsOf(database, configuration, context);
  requireDirection(request, guarded);
  return { mayPush: guarded.push.value, notices: pushDisabled(request, guarded) };
}

/**
 * A guard against pushing refuses `push` and every forced push before anything is opened.
 * @throws Failure `push-disabled`
 */
function requireDirection(request: SyncRequest, configuration: Configuration): void {
  if (sendsOnly(request) || request.leases.size > 0) requirePush(configuration, 'push');
  else if (mayWrite(request)) requirePush(configuration, 'pull');
}

/** Reported if the command would otherwise push. */
function pushDisabled({ command }: SyncRequest, { push: { guard } }: Configuration): readonly Diagnostic[] {
  if (guard === null || command === 'pull') return [];
  const message = `${guardText(guard)} forbids pushing, so this database only pulls`;
  return [{ severity: 'notice', code: 'push-disabled', message, hint: guardHint(guard) }];
}

/** Credentials that match no peer: a misspelt name leaves its peer without a credential. */
export function unusedCredentials({ peers, server }: Configuration, credentials: Credentials): readonly Diagnostic[] {
  const names = [...peers.map(({ name }) => name), ...(server.value === null ? [] : [SERVER_ENTRY])];
  const unused = [...credentials.keys()].filter((name) => !names.includes(name));
  return unused.map((peer) => ({
    severity: 'warning',
    code: 'unknown-peer',
    message: `credentials of ${peer} are unused: there is no peer with that name`,
    hint: unusedHint(suggestion(peer, names)),
  }));
}

function unusedHint(near: string | null): string {
  return near === null ? 'Remove the entry.' : `Did you mean \`${near}\`? Correct the name, or remove the entry.`;
}
