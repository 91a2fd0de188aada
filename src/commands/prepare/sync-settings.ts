import type { Configuration, Peer } from '../../config/configuration.ts';
import {
  guardHint,
  guardText,
  loadConfiguration,
  requireFederation,
  requirePush,
  withGuardsOf,
} from '../../config/load.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';
import type { Credentials } from '../../credentials/credential.ts';
import type { Context } from '../context.ts';
import type { SyncRequest } from '../request.ts';
import { readsInboxes } from './inbox-peers.ts';
import { checkLeases } from './leases.ts';
import { requestedCredentials } from './options.ts';
import { selectPeers } from './prepare-peers.ts';
import { withoutEffect } from './settings-without-effect.ts';

/** Request and configuration of a run, before anything is installed or opened. */
export interface SyncSettings {
  readonly configuration: Configuration;
  /** The peers that take part. */
  readonly peers: readonly Peer[];
  readonly credentials: Credentials;
  /** Notices about settings that have no effect. */
  readonly notices: readonly Diagnostic[];
}

/** @throws Failure if the request or the configuration is invalid */
export async function readSyncSettings(request: SyncRequest, context: Context): Promise<SyncSettings> {
  const configuration = await loadConfiguration(context, request.overrides);
  requireFederation(configuration);
  requireDirection(request, configuration);
  const peers = selectPeers(configuration, request);
  if (request.failOn === 'primary' && !configuration.peers.some((peer) => peer.role === 'primary')) {
    throw new Failure('no-primary', '`fail-on primary` is set, but no primary is configured');
  }
  checkLeases(peers, request);
  const credentials = await requestedCredentials(request, context);
  return { configuration, peers, credentials, notices: withoutEffect(configuration, credentials) };
}

/** Why a run ends before it needs Dolt; null: it continues. */
export function endsEarly(
  request: SyncRequest,
  { configuration, peers }: SyncSettings,
): { readonly status: 'unchanged' | 'skipped'; readonly notice: Diagnostic } | null {
  if (peers.length === 0 && !readsInboxes(request, configuration)) {
    const notice: Diagnostic =
      configuration.peers.length === 0
        ? { severity: 'warning', code: 'no-peers', message: 'no peer is configured' }
        : { severity: 'notice', code: 'no-peers-selected', message: 'no peer has the requested name and role' };
    return { status: 'unchanged', notice };
  }
  if (!request.untrusted) return null;
  const message =
    'dolt-federation does not write on this event, so it only checked the configuration and contacted no peer';
  return { status: 'skipped', notice: { severity: 'warning', code: 'untrusted-event', message } };
}

/** The guards of the database are known only once it was found. */
export async function readPushRights(
  request: SyncRequest,
  { configuration }: SyncSettings,
  database: string,
): Promise<{ readonly mayPush: boolean; readonly notices: readonly Diagnostic[] }> {
  const guarded = await withGuardsOf(database, configuration);
  requireDirection(request, guarded);
  return { mayPush: guarded.push.value, notices: pushDisabled(request, guarded) };
}

/**
 * A guard against pushing refuses `push` and every forced push before anything is opened.
 * @throws Failure `push-disabled`
 */
function requireDirection(request: SyncRequest, configuration: Configuration): void {
  if (request.command === 'push' || request.leases.size > 0) requirePush(configuration, 'push');
  else if (request.command !== 'status' && !request.dryRun) requirePush(configuration, 'pull');
}

/** Reported if the command would otherwise push. */
function pushDisabled({ command }: SyncRequest, { push: { guard } }: Configuration): readonly Diagnostic[] {
  if (guard === null || command === 'pull') return [];
  const message = `${guardText(guard)} forbids pushing, so this database only pulls`;
  return [{ severity: 'notice', code: 'push-disabled', message, hint: guardHint(guard) }];
}
