import type { Credentials, Secret } from './credential.ts';
import { googlePrivateKey } from './google-json.ts';

/** Shorter lines would hide half of a log. */
export const MIN_LINE = 8;

/** Everything of all credentials that may appear nowhere: each secret whole, and each of its lines of eight characters or more. */
export function secretTexts(credentials: Credentials): ReadonlySet<string> {
  const whole = [...credentials.values()].flatMap(({ secret }) => secretsOf(secret));
  const lines = whole.flatMap((text) => text.split('\n')).filter((line) => line.trim().length >= MIN_LINE);
  return withSpellings([...whole, ...lines]);
}

/** Secrets as they are, and as Go and JavaScript write them in quotes, in JSON and in an address. */
export function withSpellings(secrets: readonly string[]): ReadonlySet<string> {
  const spelled = secrets.flatMap((one) => {
    const quoted = JSON.stringify(one).slice(1, -1);
    const encoded = encodeURIComponent(one.toWellFormed());
    return [one, quoted, quoted.replace(/[<>&]/g, goEscape), encoded, goQuery(encoded)];
  });
  return new Set(spelled.filter((text) => text !== ''));
}

/** encoding/json writes them so, in case that a browser reads it. */
function goEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** url.QueryEscape leaves less as it is, and writes blanks as JavaScript does only in forms. */
function goQuery(encoded: string): string {
  return encoded
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
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
