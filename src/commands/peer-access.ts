import type { Peer } from '../config/configuration.ts';
import { doltUrl } from '../config/dolt-url.ts';
import { bindCredential } from '../credentials/bind-credential.ts';
import type { Credentials } from '../credentials/credential.ts';
import type { Job } from '../credentials/job.ts';
import { ownRepository } from '../credentials/own-repository.ts';
import { peerKit, peerUser } from '../credentials/peer-kit.ts';
import { peerReach } from '../credentials/peer-reach.ts';
import type { EngineKit } from '../dolt/engine-kit.ts';
import type { Reach } from '../egress/host-rule.ts';

/** How a peer is reached: what Dolt is given for it. */
export interface PeerAccess {
  readonly url: string;
  readonly kit: EngineKit;
  readonly reach: Reach;
  readonly user: string | null;
}

/** What decides how peers are reached. */
export interface Access {
  readonly credentials: Credentials;
  readonly job: Job;
  /** The workflow's own token, for a git peer in its own repository. */
  readonly githubToken?: string | undefined;
  readonly dolthubHost: string;
  readonly patterns: readonly string[];
  readonly capabilities: Parameters<typeof doltUrl>[1];
}

/**
 * Finds out how a peer is reached, before anything is sent: its credential must have been given for its endpoint.
 * @throws Failure `credential-url-mismatch`, `config-invalid`, `auth`, `unsupported-endpoint`, `endpoint-not-allowed`
 */
export function accessTo(peer: Peer, access: Access): PeerAccess {
  const given = access.credentials.get(peer.name) ?? null;
  const credential = given ?? ownRepository(peer, access.job.env, access.githubToken);
  if (credential !== null) {
    const binding = { awsEndpoint: peer.aws?.endpoint ?? null, dolthubHost: access.dolthubHost };
    bindCredential(credential, peer.endpoint, binding);
  }
  return {
    url: doltUrl(peer, access.capabilities, access.patterns),
    kit: peerKit(peer, credential, access.job),
    reach: peerReach(peer, credential, access.job.env),
    user: peerUser(peer, credential),
  };
}
