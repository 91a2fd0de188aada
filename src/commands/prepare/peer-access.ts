import { isIP } from 'node:net';
import type { Peer } from '../../config/configuration.ts';
import { serviceOf } from '../../config/endpoint/data-place.ts';
import { doltUrl } from '../../config/endpoint/dolt-url.ts';
import { ENDPOINT_KINDS } from '../../config/endpoint/kinds.ts';
import { endpointOptions } from '../../config/endpoint/options.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { bindCredential } from '../../credentials/bind.ts';
import type { Credentials } from '../../credentials/credential.ts';
import { destinationOf } from '../../credentials/destination.ts';
import { peerCredentials, peerUser } from '../../credentials/engine-credentials.ts';
import { givenCredentials } from '../../credentials/given.ts';
import type { Job } from '../../credentials/job.ts';
import { peerReach } from '../../credentials/peer-reach.ts';
import { requireRegion } from '../../credentials/providers/aws.ts';
import { ownRepository } from '../../credentials/providers/git.ts';
import { type SshPlace, sshPlace, sshUrl } from '../../credentials/providers/ssh.ts';
import { doltCapabilities } from '../../dolt/capabilities.ts';
import { remoteOnly } from '../../egress/host-rule.ts';
import type { InstalledDolt } from '../../install/dolt-request.ts';
import type { PeerAccess } from '../../sync/peer-plan.ts';
import type { Context } from '../context.ts';
import type { SyncRequest } from '../request.ts';
import type { SyncSettings } from './sync-settings.ts';

/** How the engine reaches a peer, and the URL that Dolt gets. */
interface DoltAccess extends PeerAccess {
  readonly url: string;
}

/** The facts that decide how peers are reached. */
export interface AccessRules {
  readonly credentials: Credentials;
  readonly job: Job;
  /** The workflow's own token, for a git peer in its own repository. */
  readonly githubToken?: string | undefined;
  readonly dolthubHost: string;
  readonly patterns: readonly string[];
  /** Whether no peer may be at an address of this machine or its link; absent: they may. */
  readonly remoteOnly?: boolean;
  /** The only address for ssh by the name of the peer, null if its name does not resolve; absent: ssh resolves it. */
  readonly sshAddresses?: ReadonlyMap<string, string | null>;
  readonly capabilities: Parameters<typeof doltUrl>[1];
}

/**
 * Decides how a peer is reached, before anything is sent. Its credential must have been given for its endpoint.
 * @throws Failure `credential-url-mismatch`, `config-invalid`, `auth`, `unsupported-endpoint`, `endpoint-not-allowed`,
 * `network`
 */
export function accessTo(peer: Peer, access: AccessRules): DoltAccess {
  const given = access.credentials.get(peer.name) ?? null;
  const credential = given ?? ownRepository(peer, access.job.env, access.githubToken);
  if (credential !== null) {
    const binding = { awsEndpoint: peer.aws?.endpoint ?? null, dolthubHost: access.dolthubHost };
    bindCredential(credential, peer.endpoint, binding);
  }
  const url = doltUrl(peer, access.capabilities, access.patterns);
  requireRegion(peer, credential, access.job.env);
  const hosts = peerReach(peer, credential, access.job.env);
  const reach = access.remoteOnly === true ? remoteOnly(hosts) : hosts;
  const destination = destinationOf(peer, reach, credential, access.job);
  return {
    url,
    engineCredentials: peerCredentials(peer, credential, access.job, placeOf(peer, access)),
    reach,
    destination:
      destination !== null && access.remoteOnly === true ? { ...destination, remoteOnly: true } : destination,
    user: peerUser(peer, credential),
    credentials: givenCredentials(peer, credential, access.job),
  };
}

/**
 * The address to which ssh must connect for a peer; null: ssh resolves the name.
 * @throws Failure `network` for a name without an address, which could get one later
 */
function placeOf({ name, endpoint }: Peer, { sshAddresses }: AccessRules): SshPlace | null {
  const url = sshUrl(endpoint);
  const address = sshAddresses?.get(name);
  if (url === null || address === undefined) return null;
  if (address === null) throw new Failure('network', `${url.host} could not be reached: its name does not resolve`);
  return sshPlace(url, address);
}

/**
 * The warning about a setting that Dolt takes only in the query of `s3://`; null: none. Without a name of the service, its
 * client has to leave the bucket in the path (2.3.0, measured).
 */
export function pathStyleNotice(
  { name, endpoint, aws }: Pick<Peer, 'name' | 'endpoint' | 'aws'>,
  { s3 }: AccessRules['capabilities'],
  env: Env,
): Diagnostic | null {
  if (aws?.pathStyle !== true || (endpoint.kind === 's3' && s3)) return null;
  const service = serviceOf({ endpoint, aws }, env);
  const host = service !== undefined && URL.canParse(service) ? new URL(service).hostname : '';
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0) return null;
  return {
    severity: 'warning',
    code: 'unsupported-endpoint',
    message: `${name}: \`aws.path-style\` has no effect with this Dolt, which puts the bucket before the name of the service`,
    hint: 'If the service answers at `BUCKET.HOST`, remove `aws.path-style`. Otherwise give the IP address of the service in `aws.endpoint`.',
    peer: name,
  };
}

/** Why nothing can be sent to a peer of that tier; null if the whole history may be sent. */
export function tierRefusal({ name, tier }: Pick<Peer, 'name' | 'tier'>): Failure | null {
  if (tier === 'T1') return null;
  return new Failure(
    'tier-unsupported',
    `${name} has the tier ${tier}, but this version can only send the full history`,
  );
}

/** Dolt's capabilities are read only if a peer depends on them. */
export async function accessToPeers(
  { dolt: { githubToken }, overrides, untrusted }: SyncRequest,
  context: Context,
  {
    configuration,
    peers,
    credentials,
    sshAddresses,
  }: Pick<SyncSettings, 'configuration' | 'peers' | 'credentials' | 'sshAddresses'>,
  dolt: InstalledDolt,
): Promise<AccessRules> {
  const depends = peers.some((peer) => ENDPOINT_KINDS[peer.endpoint.kind].dependsOnDolt);
  return {
    credentials,
    job: context,
    githubToken,
    dolthubHost: endpointOptions(context.env, overrides).dolthubHost,
    patterns: configuration.allowedRemotePatterns.value,
    remoteOnly: untrusted,
    ...(sshAddresses === undefined ? {} : { sshAddresses }),
    capabilities: depends ? await doltCapabilities(dolt.path, context) : { s3: false },
  };
}
