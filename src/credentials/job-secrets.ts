import type { Env } from '../core/env.ts';
import { inherited } from './job.ts';
import { gitTokenHeader, withSpellings } from './secret-texts.ts';

/** What the job has for peers without an entry, where the value itself is the secret. */
const SECRET_VARIABLES = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AZURE_CLIENT_SECRET'];

/** Everything that the job itself brings and that may appear nowhere: its cloud keys and the workflow's own token. */
export function jobSecrets(env: Env, githubToken: string | undefined): ReadonlySet<string> {
  const token = githubToken === undefined || githubToken === '' ? [] : [githubToken, gitTokenHeader(githubToken)];
  return withSpellings([...Object.values(inherited(env, SECRET_VARIABLES)), ...token]);
}
