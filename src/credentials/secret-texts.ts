import type { Env } from '../core/env.ts';
import { LEAST_SECRET, secretAndLines } from '../core/secrets.ts';
import type { Credentials, Secret } from './credential.ts';
import { encoded } from './encoders.ts';
import { inherited } from './job.ts';
import { googleSecrets } from './providers/google.ts';

/** The secrets of all credentials in every form in which they are sent or repeated. */
export function secretTexts(credentials: Credentials): ReadonlySet<string> {
  return textsOfSecrets([...credentials.values()].map(({ secret }) => secret));
}

/** Secrets, their longer lines, their encoded forms, and the headers that have them. */
export function textsOfSecrets(secrets: readonly Secret[]): ReadonlySet<string> {
  const texts = secrets.flatMap(secretsOf);
  return allForms(texts, [...texts.flatMap(secretAndLines), ...secrets.flatMap(headersOf)]);
}

/** Texts in all their encoded forms, and others only in their spellings. */
function allForms(texts: readonly string[], others: readonly string[]): ReadonlySet<string> {
  const spelled = withSpellings([...others, ...texts, ...texts.flatMap(inHexAndBase64)]);
  return new Set([...spelled, ...texts.flatMap(inWrappedBase64)]);
}

/**
 * Secrets and their other spellings: in quotes, in JSON, in a URL, in XML, trimmed (git shows lines so), and read as
 * Latin-1 (as git reads an answer without a charset).
 */
function withSpellings(secrets: readonly string[]): ReadonlySet<string> {
  const spelled = secrets
    .flatMap((one) => [one, one.trim()])
    .flatMap((one) => [one, Buffer.from(one, 'utf8').toString('latin1')])
    .flatMap((one) => [one, ...encoded(one)]);
  return new Set(spelled.filter((text) => text !== ''));
}

/** User names, hosts and regions are not secret. */
function secretsOf(secret: Secret): readonly string[] {
  switch (secret.kind) {
    case 'password':
      return [secret.password];
    case 'dolt-jwk':
      return [secret.jwk, ...jsonValues(secret.jwk)];
    case 'aws':
      return [secret.secretAccessKey, ...(secret.sessionToken === null ? [] : [secret.sessionToken])];
    case 'google':
      return [secret.json, ...googleSecrets(secret.json)];
    case 'ssh':
      return [secret.key];
    case 'git-token':
      return [secret.token];
    case 'azure':
      return [secret.clientSecret];
    case 'instance-role':
      return [];
  }
}

/** The headers that contain a secret of any length. */
function headersOf(secret: Secret): readonly string[] {
  if (secret.kind === 'password') return spellingsOfBase64(basic(secret.user, secret.password));
  return secret.kind === 'git-token' ? spellingsOfBase64(gitTokenHeader(secret.token)) : [];
}

/** A token in the header form of git hosts, which ignore the user name (GitHub names this one). */
export function gitTokenHeader(token: string): string {
  return basic('x-access-token', token);
}

function basic(user: string, password: string): string {
  return toBase64(`${user}:${password}`);
}

function toBase64(text: string | Buffer): string {
  return Buffer.from(text).toString('base64');
}

/**
 * A secret of eight characters or more in hexadecimal digits and in base64, alone and within a longer text, such as a header
 * with another user.
 */
function inHexAndBase64(secret: string): readonly string[] {
  const trimmed = secret.trim();
  if (trimmed.length < LEAST_SECRET) return [];
  const bytes = Buffer.from(trimmed);
  const digits = bytes.toString('hex');
  // Not trimmed: an encoder gets the secret with its blanks.
  const alone = spellingsOfBase64(toBase64(secret));
  return [digits, digits.toUpperCase(), ...alone, ...[0, 1, 2].flatMap((before) => withinBase64(bytes, before))];
}

/**
 * The characters of base64 that only these bytes decide.
 * @param before how many bytes of the text precede them, modulo 3
 */
function withinBase64(bytes: Buffer, before: number): readonly string[] {
  const [start, end] = [Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3)];
  return spellingsOfBase64(toBase64(Buffer.concat([Buffer.alloc(before), bytes])).slice(start, end));
}

/** The widths of lines of PEM and of MIME; `base64` of GNU and Python use the latter. */
const WIDTHS = [64, 76];

/** The lines of a longer secret in base64 over several lines, as of a file that ends with a line break or not. */
function inWrappedBase64(secret: string): readonly string[] {
  const trimmed = secret.trim();
  return [...new Set([secret, trimmed, `${trimmed}\n`])].flatMap((text) => {
    const whole = toBase64(text);
    return WIDTHS.flatMap((width) => {
      const lines = whole.length <= width ? [] : (whole.match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
      return lines.filter((line) => line.length >= LEAST_SECRET);
    });
  });
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
  const token = githubToken === undefined || githubToken === '' ? [] : [githubToken];
  const headers = token.flatMap((one) => headersOf({ kind: 'git-token', token: one }));
  return allForms([...keys, ...token], headers);
}
