import { join } from 'node:path';
import type { Peer } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import { createEngineCredentials, type EngineCredentials, NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { ROOT } from '../../dolt/environment.ts';
import type { Credential } from '../credential.ts';

/**
 * Dolt computes a key's id from the key; the file may have any name, as long as `user.creds` repeats it (measured on
 * 2.3.0).
 */
const KEY = 'federation';

/**
 * Dolt's own remotes over http. A password is used with `--user`. A DoltHub key is sent to every host of the engine, so
 * peers without it must not share the engine.
 * @throws Failure `auth` if the configuration names a user without a password
 */
export function httpCredentials(peer: Peer, credential: Credential | null): EngineCredentials {
  const secret = credential?.secret;
  if (secret?.kind === 'password')
    return createEngineCredentials({ variables: () => ({ DOLT_REMOTE_PASSWORD: secret.password }) });
  if (secret?.kind === 'dolt-jwk') {
    return createEngineCredentials({
      files: { [join(ROOT, '.dolt', 'creds', `${KEY}.jwk`)]: secret.jwk },
      settings: { 'user.creds': KEY },
    });
  }
  if (peer.user === null) return NO_CREDENTIALS;
  throw new Failure('auth', `${peer.name} is configured with the user ${peer.user} but without a password`, {
    hint: `Add \`user\` and \`password\` of ${peer.name} to the credentials.`,
  });
}
