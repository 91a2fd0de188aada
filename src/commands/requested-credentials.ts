import type { Credentials } from '../credentials/credential.ts';
import { type GivenCredentials, loadCredentials } from '../credentials/load-credentials.ts';
import type { Context } from './context.ts';

interface Asked {
  readonly credentials?: GivenCredentials | undefined;
  readonly untrusted: boolean;
}

/**
 * The credentials of a run. An event that may not write contacts nobody, and a fork's workflow is not given the secrets
 * that an entry may name, so none are read there.
 * @throws Failure as `loadCredentials`
 */
export async function requestedCredentials(asked: Asked, context: Context): Promise<Credentials> {
  return asked.untrusted ? new Map() : await loadCredentials(asked.credentials, context);
}
