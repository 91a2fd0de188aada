import { Failure } from '../core/failure.ts';
import type { Endpoint } from './configuration.ts';

/** Kinds of remotes behind which a database can be running: a push there can change the tables that people work with. */
const RUNNING: ReadonlySet<Endpoint['kind']> = new Set(['http', 'ssh']);

const HINT =
  'Only `https://` and `ssh://` remotes can be a running database. Remove `live`, or give the endpoint of the server.';

interface Written {
  readonly endpoint: Pick<Endpoint, 'kind' | 'canonical'>;
  /** What the peer's entry says; null: nothing. */
  readonly live: boolean | null;
}

/**
 * Whether a peer is a running database; null where only the configuration could say it and does not.
 * @param plainHosts hosts that only ever run plain remote servers, with a port where one is meant
 * @throws Failure `config-invalid` for `live: true` on a remote that is none
 */
export function liveOf({ endpoint, live }: Written, plainHosts: readonly string[]): boolean | null {
  if (!RUNNING.has(endpoint.kind)) {
    if (live !== true) return false;
    throw new Failure('config-invalid', `\`live: true\` has no meaning for ${endpoint.kind} remotes`, { hint: HINT });
  }
  if (live !== null) return live;
  const { host, withPort } = hostOf(endpoint.canonical);
  return plainHosts.includes(host) || plainHosts.includes(withPort) ? false : null;
}

function hostOf(canonical: string): { readonly host: string; readonly withPort: string } {
  const withPort = canonical
    .replace(/^[^:]*:\/\//, '')
    .replace(/\/.*$/s, '')
    .replace(/^.*@/, '')
    .toLowerCase();
  return { host: withPort.replace(/:\d+$/, ''), withPort };
}
