import type { Peer } from '../../config/configuration.ts';
import { doltUrl } from '../../config/endpoint/dolt-url.ts';
import { ENDPOINT_KINDS } from '../../config/endpoint/kinds.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { DEFAULT_DOLT_VERSION } from '../../contract/dolt-options.ts';
import type { Env } from '../../core/env.ts';
import type { Capabilities } from '../../dolt/capabilities.ts';
import type { DoltRequest, InstallContext, InstalledDolt } from '../../install/dolt-request.ts';
import { findDolt } from '../../install/install.ts';
import { namedDolt } from '../../install/local-dolt.ts';
import { type AskedVersion, describeWanted, type WantedVersion } from '../../install/version.ts';
import { pathStyleNotice } from '../prepare/peer-access.ts';
import { fine, missing, refused, undetermined, warned } from './check.ts';

export interface CheckedDolt {
  /** null: this machine has none that fits. */
  readonly dolt: InstalledDolt | null;
  readonly check: DoctorCheck;
}

const SUBJECT = { check: 'dolt' } as const;
/** Any version: only the release host knows the latest one, and doctor contacts no host. */
const ANY: WantedVersion = { kind: 'range', range: '>=0.0.0' };

/** Whether this machine has the Dolt that a run would use; downloads and builds nothing. */
export async function checkDolt(request: DoltRequest, context: InstallContext): Promise<CheckedDolt> {
  try {
    const asked: AskedVersion = request.version ?? { kind: 'exact', version: DEFAULT_DOLT_VERSION };
    const wanted = asked.kind === 'latest' ? ANY : asked;
    if (request.path !== undefined) {
      const isGiven = request.version !== undefined && asked.kind !== 'latest';
      return found(await namedDolt(request.path, isGiven ? wanted : null, context), asked.kind === 'latest');
    }
    const dolt = await findDolt({ wanted, sha256: request.sha256 }, context);
    if (dolt !== null) return found(dolt, asked.kind === 'latest');
    const name = asked.kind === 'latest' ? 'any version' : describeWanted(asked);
    const where = request.sha256 === undefined ? 'on PATH or in the tool cache' : 'with that digest in the tool cache';
    const cure = 'Run `dolt-federation install` with the same options. A sync also installs it.';
    return { dolt: null, check: missing(SUBJECT, `no Dolt (${name}) ${where}`, cure) };
  } catch (thrown) {
    return { dolt: null, check: refused(SUBJECT, thrown) };
  }
}

function found(dolt: InstalledDolt, latestWasAsked: boolean): CheckedDolt {
  const message = `${dolt.version} at ${dolt.path}`;
  if (!latestWasAsked) return { dolt, check: fine(SUBJECT, message) };
  return { dolt, check: undetermined(SUBJECT, `${message}; doctor does not check whether it is the latest`) };
}

/**
 * Whether this Dolt can merge as required and supports every peer's endpoint.
 * @param capabilities null without a Dolt
 * @param patterns `federation.allowed-remote-patterns`
 */
export function checkCapabilities(
  capabilities: Capabilities | null,
  peers: readonly Peer[],
  patterns: readonly string[],
  env: Env,
): readonly DoctorCheck[] {
  const subject = { check: 'capabilities' } as const;
  if (capabilities === null) return [undetermined(subject, 'no Dolt is installed')];
  const { s3, committer } = capabilities;
  const merge = committer
    ? fine(subject, `merge commits: deterministic; s3://: ${s3 ? 'supported' : 'not supported'}`)
    : missing(
        subject,
        'this Dolt cannot set the committer and date of a commit, so merges of different databases would differ',
        'Use Dolt 2.3.0 or newer.',
      );
  const dependent = peers.filter((peer) => ENDPOINT_KINDS[peer.endpoint.kind].dependsOnDolt);
  return [
    merge,
    ...dependent.map((peer) => checkUrl(peer, capabilities, patterns)),
    ...peers.flatMap((peer) => {
      const notice = pathStyleNotice(peer, capabilities, env);
      return notice === null ? [] : [warned({ check: 'endpoint', peer: peer.name }, notice)];
    }),
  ];
}

function checkUrl(peer: Peer, capabilities: Capabilities, patterns: readonly string[]): DoctorCheck {
  const subject = { check: 'endpoint', peer: peer.name } as const;
  try {
    return fine(subject, `${doltUrl(peer, capabilities, patterns)} in this Dolt`);
  } catch (thrown) {
    return refused(subject, thrown);
  }
}
