import type { Peer } from '../../config/configuration.ts';
import type { Env } from '../../core/env.ts';
import { createEngineCredentials, type EngineCredentials } from '../../dolt/engine-credentials.ts';
import { isWithin, parsePlace, placesOf } from '../bind.ts';
import { type Credential, gitTransport } from '../credential.ts';
import type { Job } from '../job.ts';
import { gitTokenHeader } from '../secret-texts.ts';
import { type SshPlace, sshCredentials } from './ssh.ts';

/**
 * Git remotes. One engine serves only one ref of a repository: with two, a push to the second goes to the first (Dolt
 * 2.3.0), so peers with different refs get different engines.
 */
export function gitCredentials(
  peer: Peer,
  credential: Credential | null,
  job: Job,
  place: SshPlace | null,
): EngineCredentials {
  const engineCredentials =
    gitTransport(peer.endpoint) === 'ssh' ? sshCredentials('git', credential, job, place) : overHttp(peer, credential);
  return createEngineCredentials({ ...engineCredentials, apart: `git ref ${peer.ref ?? ''}` });
}

/**
 * A token is sent in a header to this repository only. The user's git credential helpers are disabled then: the peer's
 * credential is the only one for it.
 */
function overHttp({ endpoint }: Peer, credential: Credential | null): EngineCredentials {
  const traits = { startsPrograms: true, restartBetweenPhases: true };
  const url = endpoint.dolt.replace(/^git\+/, '');
  const own = withoutRedirects([url]);
  const secret = credential?.secret;
  if (secret?.kind !== 'git-token') return createEngineCredentials({ ...traits, git: own });
  return createEngineCredentials({
    ...traits,
    git: [
      ...own,
      ['credential.helper', ''],
      [`http.${url}.extraHeader`, `Authorization: Basic ${gitTokenHeader(secret.token)}`],
    ],
  });
}

/**
 * Settings with which git follows no redirect: it would go to another host, together with the header of a token. Settings
 * of the user for a URL would count more than one for all URLs.
 * @param urls of repositories, or their beginnings
 */
export function withoutRedirects(urls: readonly string[]): readonly (readonly [string, string])[] {
  return ['http', ...urls.map((url) => `http.${url}`)].map((section) => [`${section}.followRedirects`, 'false']);
}

/**
 * The workflow's token as the credential of a git peer in the workflow's own repository.
 * @param token of the job; undefined outside a workflow
 * @returns null for every other peer
 */
export function ownRepository(peer: Peer, env: Env, token: string | undefined): Credential | null {
  const [server, repository] = [env['GITHUB_SERVER_URL'], env['GITHUB_REPOSITORY']];
  if (token === undefined || server === undefined || repository === undefined) return null;
  if (peer.endpoint.kind !== 'git' || gitTransport(peer.endpoint) !== 'git-token') return null;
  const place = parsePlace(`${server}/${repository}.git`);
  if (place === null || !placesOf(peer.endpoint, '').some((one) => isWithin(one, place))) return null;
  const at = { file: 'the token of the workflow' };
  return { peer: peer.name, place, instanceRole: false, secret: { kind: 'git-token', token }, at };
}
