import type { Env } from '../core/env.ts';
import { LEAST_SECRET, secretAndLines } from '../core/secrets.ts';
import type { Credentials, Secret } from './credential.ts';
import { inherited } from './job.ts';
import { googlePrivateKey } from './providers/google.ts';

/** All secret texts of all credentials: each secret, and each of its lines of eight characters or more. */
export function secretTexts(credentials: Credentials): ReadonlySet<string> {
  const whole = [...credentials.values()].flatMap(({ secret }) => secretsOf(secret));
  return withSpellings(whole.flatMap(secretAndLines));
}

/**
 * Secrets and their other spellings: in quotes, in JSON, in a URL, trimmed (git shows lines so), and read as Latin-1
 * (as git reads an answer without a charset).
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

/** As Go's encoding/json escapes HTML characters, and other encoders all non-ASCII. */
function unicode(unit: string): string {
  return `\\u${hex(unit).padStart(4, '0')}`;
}

function hex(unit: string): string {
  return unit.charCodeAt(0).toString(16);
}

/** User names, hosts and regions are not secret. */
function secretsOf(secret: Secret): readonly string[] {
  switch (secret.kind) {
    case 'password':
      return [secret.password, ...spellingsOfBase64(basic(secret.user, secret.password))];
    case 'dolt-jwk':
      return [secret.jwk, ...jsonValues(secret.jwk)];
    case 'aws':
      return [secret.secretAccessKey, ...(secret.sessionToken === null ? [] : [secret.sessionToken])];
    case 'google':
      return [secret.json, ...[googlePrivateKey(secret.json)].filter((key) => key !== null)];
    case 'ssh':
      return [secret.key];
    case 'git-token':
      return [secret.token, ...spellingsOfBase64(gitTokenHeader(secret.token))];
    case 'azure':
      return [secret.clientSecret];
    case 'instance-role':
      return [];
  }
}

/** A token in the header form of git hosts, which ignore the user name (GitHub names this one). */
export function gitTokenHeader(token: string): string {
  return basic('x-access-token', token);
}

function basic(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}

/** A text in base64 and base64url, each also without padding, as parsers of URLs and of `key=value` give it back. */
function spellingsOfBase64(text: string): readonly string[] {
  const urlSafe = text.replaceAll('+', '-').replaceAll('/', '_');
  return [text, urlSafe].flatMap((one) => [one, one.replace(/=+$/, '')]);
}

function jsonValues(json: string): readonly string[] {
  const values: unknown[] = Object.values(JSON.parse(json));
  return values.filter((value) => typeof value === 'string' && value.length >= LEAST_SECRET).map(String);
}

/** Variables of the job whose values are secrets, for peers without an entry. */
const SECRET_VARIABLES = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AZURE_CLIENT_SECRET'];

/**
 * Secrets of the job: cloud keys in its variables, and the workflow's token. A short value, such as the `test` of an
 * emulator, is not secret; hiding it would hide half of a report.
 */
export function jobSecrets(env: Env, githubToken: string | undefined): ReadonlySet<string> {
  const keys = Object.values(inherited(env, SECRET_VARIABLES)).filter((key) => key.length >= LEAST_SECRET);
  const token =
    githubToken === undefined || githubToken === ''
      ? []
      : [githubToken, ...spellingsOfBase64(gitTokenHeader(githubToken))];
  return withSpellings([...keys, ...token]);
}
