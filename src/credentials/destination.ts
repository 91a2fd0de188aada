import type { Peer } from '../config/configuration.ts';
import { canonicalHost, permissionFor, type Reach } from '../egress/host-rule.ts';
import type { Destination } from '../egress/try-connection.ts';
import type { Credential } from './credential.ts';
import type { Job } from './job.ts';
import { sshUrl } from './providers/ssh.ts';

/**
 * The server to which a connection is tried before the engine is asked for a peer.
 * @param reach the hosts of the peer, its own first
 * @returns null if there is none, or if it cannot be known: ssh and git may read another address, a jump host or a
 * proxy from the user's settings, and a provider names its hosts while it is used, except for Google's storage
 */
export function destinationOf(
  { endpoint }: Pick<Peer, 'endpoint'>,
  reach: Reach,
  credential: Credential | null,
  job: Pick<Job, 'userHome'>,
): Destination | null {
  const ssh = sshUrl(endpoint);
  if (ssh !== null) {
    if (job.userHome && credential?.secret.kind !== 'ssh') return null;
    const { hostname, port } = ssh;
    // Without a port the settings of the machine decide (/etc/ssh, a wrapper), and ssh gives up by its own limit.
    if (port === '') return null;
    return { host: canonicalHost(hostname), port: Number(port), tls: false, throughProxy: false };
  }
  if (endpoint.kind === 'git' && job.userHome) return null;
  const [own] = reach;
  if (own === undefined) return null;
  if (endpoint.kind === 'gs' && typeof own.host !== 'string') return googleStorage(reach);
  if (typeof own.host !== 'string' || own.port === null) return null;
  return { host: own.host, port: own.port, tls: !own.plain, throughProxy: true };
}

/** Every request for an object of Google's storage goes to this host. */
const GOOGLE_STORAGE = { host: 'storage.googleapis.com', port: 443 };

function googleStorage(reach: Reach): Destination | null {
  const permission = permissionFor(GOOGLE_STORAGE, reach);
  if (permission === null) return null;
  return { ...GOOGLE_STORAGE, tls: true, throughProxy: true, ofProvider: !permission.named };
}
