import { Failure } from '../core/failure.ts';
import type { Endpoint } from './configuration.ts';
import { ENDPOINT_KINDS } from './endpoint/kinds.ts';

const HINT =
  'Only `https://` and `ssh://` remotes can be a running database. Remove `live`, or use the endpoint of the server.';

interface Written {
  readonly endpoint: Pick<Endpoint, 'kind' | 'canonical'>;
  /** The value in the peer's entry; null: not set. */
  readonly live: boolean | null;
}

/**
 * Whether a peer is a running database; null if only the configuration could say so and does not.
 * @param plainHosts hosts of plain remote servers, with a port if only that one is meant
 * @throws Failure `config-invalid` for `live: true` on a remote that cannot be one
 */
export function liveOf({ endpoint, live }: Written, plainHosts: ReadonlySet<string>): boolean | null {
  if (!ENDPOINT_KINDS[endpoint.kind].canBeLive) {
    if (live !== true) return false;
    throw new Failure('config-invalid', `\`live: true\` has no effect for ${endpoint.kind} remotes`, { hint: HINT });
  }
  if (live !== null) return live;
  const { host, withPort } = hostOf(endpoint.canonical);
  return plainHosts.has(host) || plainHosts.has(withPort) ? false : null;
}

function hostOf(canonical: string): { readonly host: string; readonly withPort: string } {
  const withPort = canonical
    .replace(/^[^:]*:\/\//, '')
    .replace(/\/.*$/s, '')
    .replace(/^.*@/, '')
    .toLowerCase();
  return { host: withPort.replace(/:\d+$/, ''), withPort };
}
