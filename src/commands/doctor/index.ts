import type { ConfigOverrides, Configuration, Peer } from '../../config/configuration.ts';
import { endpointOptions } from '../../config/endpoint/options.ts';
import { loadConfiguration, withGuardsOf } from '../../config/load.ts';
import { guardHint, guardText, requireFederation, requirePush } from '../../config/requirements.ts';
import type { DoctorCheck, DoctorResult } from '../../contract/doctor-result.ts';
import { ERRORS } from '../../contract/error-codes.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { Failure } from '../../core/failure.ts';
import { throwIfInterrupted } from '../../core/interruption.ts';
import type { GivenCredentials } from '../../credentials/load.ts';
import { askCapabilities, type Capabilities } from '../../dolt/capabilities.ts';
import type { DoltRequest } from '../../install/dolt-request.ts';
import { doctorSummary, doctorText } from '../../report/doctor.ts';
import { SUMMARY_BUDGET_BYTES } from '../../report/summary.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { type DatabaseFacts, databaseFacts } from '../prepare/database-facts.ts';
import {
  requestedBranch,
  requestedConfig,
  requestedCredentials,
  requestedDolt,
  requestedPeers,
} from '../prepare/options.ts';
import { expectedProject, otherProject } from '../prepare/own-project.ts';
import { unusedCredentials } from '../prepare/sync-settings.ts';
import { selectPeers } from '../select-peers.ts';
import { fine, refused, warned } from './check.ts';
import { type CheckedDatabase, checkDatabase } from './database-check.ts';
import { type CheckedDolt, checkCapabilities, checkDolt } from './dolt-check.ts';
import { checkPrograms, checkRunner } from './machine-check.ts';
import { checkLive, checkPeer } from './peer-check.ts';
import { checkSecrets } from './secrets-check.ts';

export interface DoctorRequest {
  /** Peer names; empty = all. */
  readonly only: readonly string[];
  readonly database: string | undefined;
  readonly branch: string | undefined;
  /** Absent: those of the environment. */
  readonly credentials?: GivenCredentials | undefined;
  /** Folders of `file://` peers are not read. */
  readonly untrusted: boolean;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

/**
 * Lists requirements of a run that this machine does not meet, each with its fix. It reads only local files and
 * programs, writes nothing and contacts no peer. An engine reads a private copy of the database.
 * @throws Failure if the configuration or the credentials are invalid
 */
export async function doctor(request: DoctorRequest, context: Context): Promise<DoctorResult> {
  const configuration = await loadConfiguration(context, request.overrides);
  const peers = selectPeers(configuration, { ...request, onlyRoles: [] });
  const access = {
    credentials: await requestedCredentials(request, context),
    githubToken: request.dolt.githubToken,
    dolthubHost: endpointOptions(context.env, request.overrides).dolthubHost,
    untrusted: request.untrusted,
  };
  const dolt = await checkDolt(request.dolt, context);
  const capabilities = await capabilitiesOf(dolt, context);
  const patterns = configuration.allowedRemotePatterns.value;
  const runner = checkRunner(context.env, {
    path: process.execPath,
    major: Number.parseInt(process.versions.node, 10),
  });
  const database = await checkDatabase(request, configuration, context);
  const { facts, unreadable } =
    database.readable === null || dolt.dolt === null || request.untrusted
      ? NOT_READ
      : await factsOf({ path: database.readable, branch: request.branch ?? null }, dolt.dolt.path, context);
  const checks: readonly DoctorCheck[] = [
    checkMode(configuration),
    checkPeers(peers),
    await checkPush(configuration, database, context),
    dolt.check,
    ...('check' in capabilities
      ? [capabilities.check]
      : checkCapabilities(capabilities.known, peers, patterns, context.env)),
    ...database.checks.filter(({ check }) => unreadable.every((other) => other.check !== check)),
    ...unreadable,
    ...(await checkPrograms(peers, context.env)),
    ...(await Promise.all(peers.map((peer) => checkPeer(peer, access, context)))).flat(),
    ...(await checkProject(request, configuration, { context, facts })),
    ...(await checkLive(peers, configuration, facts)),
    ...checkSecrets(database.readable === null ? null : { facts }),
    ...unusedCredentials(configuration, access.credentials).map((notice) => warned({ check: 'credentials' }, notice)),
    ...(runner === null ? [] : [runner]),
  ];
  const status = checks.some((check) => check.status === 'missing') ? 'missing' : 'ok';
  return { version: 1, command: 'doctor', status, checks };
}

interface ReadFacts {
  /** null: it was not read. */
  readonly facts: DatabaseFacts | null;
  /** Why no run can open the database; it replaces what its files say. */
  readonly unreadable: readonly DoctorCheck[];
}

const NOT_READ: ReadFacts = { facts: null, unreadable: [] };

async function factsOf(
  database: { readonly path: string; readonly branch: string | null },
  dolt: string,
  context: Context,
): Promise<ReadFacts> {
  try {
    return { facts: await databaseFacts(database, dolt, context), unreadable: [] };
  } catch (thrown) {
    throwIfInterrupted(context.signal);
    // A run has no such time limit, and other failures of a copy say nothing about the database.
    if (!(thrown instanceof Failure) || thrown.code === 'timeout') return NOT_READ;
    const check = thrown.code === 'branch-not-found' ? 'branch' : 'database';
    return { facts: null, unreadable: [refused({ check }, thrown)] };
  }
}

function checkMode(configuration: Configuration): DoctorCheck {
  const subject = { check: 'sync-mode' } as const;
  try {
    requireFederation(configuration);
    return fine(subject, configuration.syncMode.value);
  } catch (thrown) {
    return refused(subject, thrown);
  }
}

function checkPeers(peers: readonly Peer[]): DoctorCheck {
  const subject = { check: 'peers' } as const;
  if (peers.length > 0) return fine(subject, peers.map(({ name }) => name).join(', '));
  const { hint } = ERRORS['no-peers'];
  return warned(subject, { severity: 'warning', code: 'no-peers', message: 'no peers configured', hint });
}

/** Whether the database belongs to the project of its workspace. */
async function checkProject(
  { database: named }: DoctorRequest,
  configuration: Configuration,
  { context, facts }: { readonly context: Context; readonly facts: DatabaseFacts | null },
): Promise<readonly DoctorCheck[]> {
  if (facts === null) return [];
  const wanted = await expectedProject(configuration, context, named);
  const failure = await otherProject(configuration, wanted, async () => facts.project);
  return failure === null ? [] : [refused({ check: 'database' }, failure)];
}

async function checkPush(
  configuration: Configuration,
  { path }: Pick<CheckedDatabase, 'path'>,
  context: Context,
): Promise<DoctorCheck> {
  const subject = { check: 'push' } as const;
  try {
    const { push } = path === undefined ? configuration : await withGuardsOf(path, configuration, context);
    if (push.guard === null) return fine(subject, 'pushing is allowed');
    requirePush({ ...configuration, push }, 'pull');
    const message = `${guardText(push.guard)} forbids pushing, so runs only pull`;
    return warned(subject, { severity: 'warning', code: 'push-disabled', message, hint: guardHint(push.guard) });
  } catch (thrown) {
    return refused(subject, thrown);
  }
}

async function capabilitiesOf(
  { dolt }: CheckedDolt,
  context: Context,
): Promise<{ readonly known: Capabilities | null } | { readonly check: DoctorCheck }> {
  try {
    return { known: dolt === null ? null : await askCapabilities(dolt.path, context) };
  } catch (thrown) {
    return { check: refused({ check: 'capabilities' }, thrown) };
  }
}

export const doctorCommand = defineCommand({
  parse: (raw): DoctorRequest => ({
    credentials: raw.credentials,
    only: requestedPeers(raw.operands),
    database: raw.read('database'),
    branch: requestedBranch(raw.read('branch')),
    untrusted: raw.untrusted,
    overrides: requestedConfig(raw.read),
    dolt: requestedDolt(raw),
  }),
  run: doctor,
  render: (result) => ({
    json: result,
    text: () => doctorText(result),
    summary: () => doctorSummary(result, SUMMARY_BUDGET_BYTES),
    outputs: () => ({ status: result.status === 'ok' ? 'success' : 'failed' }),
    verdict: 'doctor found a problem',
  }),
  exitCode: ({ status }) => (status === 'ok' ? EXIT.ok : EXIT.failed),
});
