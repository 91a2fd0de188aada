import type { Peer } from '../config/configuration.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Credential } from './credential.ts';
import type { Job } from './job.ts';
import { awsCredentials } from './providers/aws.ts';
import { azureCredentials } from './providers/azure.ts';
import { gitCredentials } from './providers/git.ts';
import { googleCredentials } from './providers/google.ts';
import { httpCredentials } from './providers/http.ts';
import { type SshPlace, sshCredentials } from './providers/ssh.ts';

/**
 * The credentials of the engine for a peer: the peer's own, or those of the job for that kind of remote, and no others.
 * Peers with the same key may share an engine.
 * @param credential bound to this peer (see bindCredential); null: none
 * @param place the only address for ssh; null: ssh resolves the name
 * @throws Failure `auth`, `credential-url-mismatch` if the available credentials must not or cannot be used
 */
export function peerCredentials(
  peer: Peer,
  credential: Credential | null,
  job: Job,
  place: SshPlace | null = null,
): EngineCredentials {
  switch (peer.endpoint.kind) {
    case 'file':
      return NO_CREDENTIALS;
    case 'http':
    case 'dolthub':
      return httpCredentials(peer, credential);
    case 'aws':
    case 's3':
      return awsCredentials(peer, credential, job);
    case 'gs':
      return googleCredentials(credential, job);
    case 'ssh':
      return sshCredentials('dolt', credential, job, place);
    case 'git':
      return gitCredentials(peer, credential, job, place);
    case 'oci':
      return NO_CREDENTIALS;
    case 'az':
      return azureCredentials(peer, credential, job);
  }
}

/** The user that Dolt sends to a Dolt remote; null: none. */
export function peerUser(peer: Peer, credential: Credential | null): string | null {
  return credential?.secret.kind === 'password' ? credential.secret.user : peer.user;
}
