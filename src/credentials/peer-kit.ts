import type { Peer } from '../config/configuration.ts';
import { type EngineKit, PLAIN_KIT } from '../dolt/engine-kit.ts';
import { awsKit } from './aws-kit.ts';
import { azureKit } from './azure-kit.ts';
import type { Credential } from './credential.ts';
import { gitKit } from './git-kit.ts';
import { googleKit } from './google-kit.ts';
import { httpKit } from './http-kit.ts';
import type { Job } from './job.ts';
import { sshKit } from './ssh-kit.ts';

/**
 * What the engine that speaks to a peer gets: the peer's credential, or what the job has for that kind of remote, and
 * nothing of anybody else. Peers whose kits have one key may share an engine.
 * @param credential bound to this peer (see bindCredential); null: it has none
 * @throws Failure `auth`, `credential-url-mismatch` where what there is must not or cannot be used
 */
export function peerKit(peer: Peer, credential: Credential | null, job: Job): EngineKit {
  switch (peer.endpoint.kind) {
    case 'file':
      return PLAIN_KIT;
    case 'http':
    case 'dolthub':
      return httpKit(peer, credential);
    case 'aws':
    case 's3':
      return awsKit(peer, credential, job);
    case 'gs':
      return googleKit(credential, job);
    case 'ssh':
      return sshKit('dolt', credential, job);
    case 'git':
      return gitKit(peer, credential, job);
    case 'oci':
      return PLAIN_KIT;
    case 'az':
      return azureKit(peer, credential, job);
  }
}

/** The user that Dolt is told to name itself to a remote of its own; null: none. */
export function peerUser(peer: Peer, credential: Credential | null): string | null {
  return credential?.secret.kind === 'password' ? credential.secret.user : peer.user;
}
