import type { Endpoint } from './configuration.ts';
import { checkHost, parseUser } from './endpoint-authority.ts';
import { invalidEndpoint, secretInEndpoint } from './endpoint-failure.ts';
import { SSH_PATH } from './endpoint-schemes.ts';
import { decodePath } from './endpoint-text.ts';

/**
 * `user@host:path`, git's short form. A relative path starts in the user's home, which Dolt writes as `/./path`
 * (Dolt 2.3.0, env/git_remote_url.go); it takes such a remote for git only if the path ends in `.git`.
 * @throws Failure `invalid-endpoint`, `secret-in-config`.
 */
export function parseScpEndpoint(written: string): Endpoint {
  if (/^[^/@]*:[^/]*@/.test(written)) throw secretInEndpoint(written, 'a password');
  const match = /^([^@:/]+)@([^@:/]+):(.+)$/s.exec(written);
  if (match === null) throw invalidEndpoint(written, 'it has none of the accepted forms');
  const [, userinfo = '', address = '', writtenPath = ''] = match;
  const user = parseUser(written, userinfo);
  const host = checkHost(written, address);
  if (!SSH_PATH.test(writtenPath))
    throw invalidEndpoint(written, 'its path holds characters that ssh does not carry safely');
  const path = decodePath(written, writtenPath.replace(/^\//, '')).join('/');
  const rooted = writtenPath.startsWith('/') ? `/${path}` : `/./${path}`;
  const repository = rooted.endsWith('.git') ? rooted : `${rooted}.git`;
  return {
    written,
    canonical: `git+ssh://${host.toLowerCase()}${repository}`,
    dolt: `git+ssh://${user}@${host}${repository}`,
    kind: 'git',
    folder: null,
  };
}
