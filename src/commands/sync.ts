import type { Configuration, Peer } from '../config/configuration.ts';
import { endpointOptions } from '../config/endpoint/options.ts';
import {
  guardHint,
  guardText,
  loadConfiguration,
  requireFederation,
  requirePush,
  withGuardsOf,
} from '../config/load.ts';
import type { RunResult } from '../contract/result.ts';
import type { RunStatus } from '../contract/vocabulary.ts';
import { Failure, type Location } from '../core/failure.ts';
import { monotonicMs } from '../core/time.ts';
import { doltCapabilities } from '../dolt/capabilities.ts';
import { installDolt } from '../install/install.ts';
import type { Notice } from '../sync/notice.ts';
import { newPeerRun } from '../sync/peer-run.ts';
import type { Context } from './context.ts';
import { peerResult, toProblem } from './outcome/peer-result.ts';
import { readsInboxes } from './prepare/inbox-peers.ts';
import { checkLeases } from './prepare/leases.ts';
import { openLocalDatabase } from './prepare/open-database.ts';
import { requestedCredentials } from './prepare/options.ts';
import type { Access } from './prepare/peer-access.ts';
import { selectPeers } from './prepare/prepare-peers.ts';
import { withoutEffect } from './prepare/settings-without-effect.ts';
import type { SyncRequest } from './request.ts';
import { runSync } from './run-sync.ts';

export interface SyncOutcome {
  readonly result: RunResult;
  /** null where no Dolt was needed. */
  readonly doltPath: string | null;
  /** Where each peer that took part is configured, by name; those that stand in no file are absent. */
  readonly locations: Readonly<Record<string, Location>>;
}

/** Where no database was opened: nobody knows the town's branch, and no peer's is shown. */
const NO_BRANCH = '';

/**
 * `sync`, `pull`, `push` and `status`: brings the town and its peers together as far as the command goes.
 * @throws Failure for everything that stops the whole run; what stops one peer stands in its result
 */
export async function sync(request: SyncRequest, context: Context): Promise<SyncOutcome> {
  const started = monotonicMs();
  const configuration = await loadConfiguration(context, request.overrides);
  requireFederation(configuration);
  requireDirection(request, configuration);
  const peers = selectPeers(configuration, request);
  if (request.failOn === 'primary' && !configuration.peers.some((peer) => peer.role === 'primary')) {
    throw new Failure('no-primary', '`fail-on primary` was asked for, but no primary is configured');
  }
  checkLeases(peers, request);
  const credentials = await requestedCredentials(request, context);
  const notices = withoutEffect(configuration, credentials);
  if (peers.length === 0 && !readsInboxes(request, configuration)) {
    const notice: Notice =
      configuration.peers.length === 0
        ? { severity: 'warning', code: 'no-peers', message: 'no peer is configured' }
        : { severity: 'notice', code: 'no-peers-selected', message: 'no peer has the name and role asked for' };
    return notRun(request, { started, peers, notices: [notice, ...notices], status: 'unchanged' });
  }
  if (request.untrusted) {
    const message = 'this event may not write, so no peer was contacted; only the configuration was checked';
    const notice: Notice = { severity: 'warning', code: 'untrusted-event', message };
    return notRun(request, { started, peers, notices: [notice, ...notices], status: 'skipped' });
  }
  const dolt = await installDolt(request.dolt, context);
  const access: Access = {
    credentials,
    job: context,
    githubToken: request.dolt.githubToken,
    dolthubHost: endpointOptions(context.env, request.overrides).dolthubHost,
    patterns: configuration.allowedRemotePatterns.value,
    capabilities: await neededCapabilities(peers, dolt.path, context),
  };
  const local = await openLocalDatabase(request, context, { configuration, dolt: dolt.path, access });
  try {
    const guarded = await withGuardsOf(local.path, configuration);
    requireDirection(request, guarded);
    const ground = {
      local,
      peers,
      configured: configuration.peers,
      dolt,
      access,
      mayPush: guarded.push.value,
      register: configuration.register.value,
      policy: configuration.dirty.value,
      settings: configuration,
      notices: [...notices, ...pushDisabled(request, guarded)],
      started,
    };
    const result = await runSync(request, context, ground);
    return { result, doltPath: dolt.path, locations: locationsOf(peers) };
  } finally {
    await local.close();
  }
}

/**
 * What forbids pushing refuses a command that can do nothing else, and every forced push, before anything is opened.
 * @throws Failure `push-disabled`
 */
function requireDirection(request: SyncRequest, configuration: Configuration): void {
  if (request.command === 'push' || request.leases.size > 0) requirePush(configuration, 'push');
  else if (request.command !== 'status' && !request.dryRun) requirePush(configuration, 'pull');
}

/** Said where the command would push otherwise. */
function pushDisabled({ command }: SyncRequest, { push: { guard } }: Configuration): readonly Notice[] {
  if (guard === null || command === 'pull') return [];
  const message = `${guardText(guard)} forbids pushing: this database only pulls`;
  return [{ severity: 'notice', code: 'push-disabled', message, hint: guardHint(guard) }];
}

/** A Dolt is asked only where a peer depends on the answer. */
async function neededCapabilities(
  peers: readonly Peer[],
  dolt: string,
  context: Context,
): Promise<Access['capabilities']> {
  const depends = peers.some((peer) => peer.endpoint.kind === 's3');
  return depends ? doltCapabilities(dolt, context) : { s3: false };
}

/** The result of a run that had nothing to do or was not allowed to do it. */
function notRun(
  request: SyncRequest,
  why: {
    readonly started: number;
    readonly peers: readonly Peer[];
    readonly notices: readonly Notice[];
    readonly status: Extract<RunStatus, 'unchanged' | 'skipped'>;
  },
): SyncOutcome {
  const result: RunResult = {
    version: 1,
    command: request.command,
    status: why.status,
    database: null,
    branch: request.branch ?? null,
    head: null,
    doltVersion: null,
    durationMs: monotonicMs() - why.started,
    merge: null,
    peers: why.peers.map((peer) => peerResult(newPeerRun(peer, null, request.branch ?? NO_BRANCH))),
    problems: why.notices.map((notice) => toProblem(notice)),
  };
  return { result, doltPath: null, locations: locationsOf(why.peers) };
}

function locationsOf(peers: readonly Peer[]): SyncOutcome['locations'] {
  return Object.fromEntries(
    peers.flatMap(({ name, origin }) => (origin.layer === 'file' ? [[name, origin.location] as const] : [])),
  );
}
