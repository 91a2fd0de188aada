import type { Env } from '../core/env.ts';
import { inherited } from './job.ts';
import { gitTokenHeader, MIN_LINE, withSpellings } from './secret-texts.ts';

/** What the job has for peers without an entry, where the value itself is the secret. */
const SECRET_VARIABLES = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AZURE_CLIENT_SECRET'];

/**
 * What the job itself brings and what may appear nowhere: the cloud keys that stand in its variables, and the workflow's
 * own token. A short one, such as the `test` of an emulator, is no secret, and hiding it would hide half of a report.
 */
export function jobSecrets(env: Env, githubToken: string | undefined): ReadonlySet<string> {
  const keys = Object.values(inherited(env, SECRET_VARIABLES)).filter((key) => key.length >= MIN_LINE);
  const token = githubToken === undefined || githubToken === '' ? [] : [githubToken, gitTokenHeader(githubToken)];
  return withSpellings([...keys, ...token]);
}
