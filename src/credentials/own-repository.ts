import type { Peer } from '../config/configuration.ts';
import type { Env } from '../core/env.ts';
import type { Credential } from './credential.ts';
import { gitTransport } from './fitting.ts';
import { isWithin, parsePlace, placesOf } from './place.ts';

/**
 * The workflow's own token as the credential of a git peer that lies in the workflow's own repository.
 * @param token of the job; undefined outside a workflow
 * @returns null for every other peer
 */
export function ownRepository(peer: Peer, env: Env, token: string | undefined): Credential | null {
  const [server, repository] = [env['GITHUB_SERVER_URL'], env['GITHUB_REPOSITORY']];
  if (token === undefined || server === undefined || repository === undefined) return null;
  if (peer.endpoint.kind !== 'git' || gitTransport(peer.endpoint) !== 'git-token') return null;
  const place = parsePlace(`${server}/${repository}.git`);
  if (place === null || !placesOf(peer.endpoint, '').some((one) => isWithin(one, place))) return null;
  return { peer: peer.name, place, instanceRole: false, secret: { kind: 'git-token', token } };
}
