import type { Env } from '../core/env.ts';
import type { Credentials, Secret } from './credential.ts';
import { inherited } from './job.ts';
import { googlePrivateKey } from './providers/google.ts';

/** Shorter lines would hide half of a log. */
const MIN_LINE = 8;

/** Everything of all credentials that may appear nowhere: each secret whole, and each of its lines of eight characters or more. */
export function secretTexts(credentials: Credentials): ReadonlySet<string> {
  const whole = [...credentials.values()].flatMap(({ secret }) => secretsOf(secret));
  const lines = whole.flatMap((text) => text.split('\n')).filter((line) => line.trim().length >= MIN_LINE);
  return withSpellings([...whole, ...lines]);
}

/**
 * Secrets as they are, and as others write them: in quotes, in JSON, in an address, without the blanks around them (git
 * shows lines so), and read as Latin-1 (as git reads an answer without a charset).
 */
function withSpellings(secrets: readonly string[]): ReadonlySet<string> {
  const spelled = secrets
    .flatMap((one) => [one, one.trim()])
    .flatMap((one) => [one, Buffer.from(one, 'utf8').toString('latin1')])
    .flatMap((one) => {
      const quoted = JSON.stringify(one).slice(1, -1);
      const encoded = encodeURIComponent(one.toWellFormed());
      const whole = encoded.replace(/[!'()*]/g, (character) => `%${hex(character).toUpperCase()}`);
      return [
        one,
        quoted,
        quoted.replace(/[<>&]/g, unicode),
        quoted.replace(/[^\0-\x7f]/g, unicode),
        ...[encoded, whole, whole.replaceAll('%20', '+')],
      ];
    });
  return new Set(spelled.filter((text) => text !== ''));
}

/** As encoding/json of Go writes what a browser could mistake, and others all that is not ASCII. */
function unicode(unit: string): string {
  return `\\u${hex(unit).padStart(4, '0')}`;
}

function hex(unit: string): string {
  return unit.charCodeAt(0).toString(16);
}

/** User names, hosts and regions are no secrets. */
function secretsOf(secret: Secret): readonly string[] {
  switch (secret.kind) {
    case 'password':
      return [secret.password, basic(secret.user, secret.password)];
    case 'dolt-jwk':
      return [secret.jwk, ...jsonValues(secret.jwk)];
    case 'aws':
      return [secret.secretAccessKey, ...(secret.sessionToken === null ? [] : [secret.sessionToken])];
    case 'google':
      return [secret.json, ...[googlePrivateKey(secret.json)].filter((key) => key !== null)];
    case 'ssh':
      return [secret.key];
    case 'git-token':
      return [secret.token, gitTokenHeader(secret.token)];
    case 'azure':
      return [secret.clientSecret];
    case 'instance-role':
      return [];
  }
}

/** A token as git hosts take it in a header: they do not look at the user's name (GitHub names this one). */
export function gitTokenHeader(token: string): string {
  return basic('x-access-token', token);
}

function basic(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}

function jsonValues(json: string): readonly string[] {
  const values: unknown[] = Object.values(JSON.parse(json));
  return values.filter((value) => typeof value === 'string' && value.length >= MIN_LINE).map(String);
}

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
