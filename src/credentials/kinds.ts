import type { ConfigValue } from '../config/yaml/tree.ts';
import type { Env } from '../core/env.ts';
import { Failure } from '../core/failure.ts';
import type { Secret } from './credential.ts';
import { serviceOf } from './providers/aws.ts';
import { checkJwk } from './providers/dolthub.ts';
import { checkGoogleJson } from './providers/google.ts';
import { checkKnownHosts, checkPrivateKey } from './providers/ssh.ts';

/** How one key of a kind is read. */
interface KeyRule {
  readonly needed: boolean;
  /**
   * Validates the text.
   * @throws Failure without a position and without any of the text
   */
  readonly read: (text: string, label: string) => string;
}

const line: KeyRule = { needed: true, read: requireOneLine };
const optional: KeyRule = { needed: false, read: requireOneLine };

/** The keys of each kind; `instance-role` is separate. */
export const KIND_KEYS: Readonly<Record<Exclude<Secret['kind'], 'instance-role'>, Readonly<Record<string, KeyRule>>>> =
  {
    password: { user: { needed: true, read: checkUser }, password: line },
    'dolt-jwk': { 'dolt-jwk': { needed: true, read: checkJwk } },
    aws: {
      'aws-access-key-id': line,
      'aws-secret-access-key': line,
      'aws-session-token': optional,
      'aws-endpoint': { needed: false, read: checkService },
    },
    google: { 'google-credentials': { needed: true, read: checkGoogleJson } },
    ssh: { 'ssh-key': { needed: true, read: checkPrivateKey }, 'known-hosts': { needed: true, read: checkKnownHosts } },
    'git-token': { 'git-token': line },
    azure: { 'azure-tenant-id': line, 'azure-client-id': line, 'azure-client-secret': line },
  };

export type WrittenKind = keyof typeof KIND_KEYS;

/** The secret of a kind with all required values. */
export function toSecret(kind: WrittenKind, values: ReadonlyMap<string, string>): Secret {
  const get = (key: string) => values.get(key) ?? '';
  switch (kind) {
    case 'password':
      return { kind, user: get('user'), password: get('password') };
    case 'dolt-jwk':
      return { kind, jwk: get('dolt-jwk') };
    case 'aws':
      return {
        kind,
        accessKeyId: get('aws-access-key-id'),
        secretAccessKey: get('aws-secret-access-key'),
        sessionToken: values.get('aws-session-token') ?? null,
        endpoint: values.get('aws-endpoint') ?? null,
      };
    case 'google':
      return { kind, json: get('google-credentials') };
    case 'ssh':
      return { kind, key: get('ssh-key'), knownHosts: get('known-hosts') };
    case 'git-token':
      return { kind, token: get('git-token') };
    case 'azure':
      return {
        kind,
        tenantId: get('azure-tenant-id'),
        clientId: get('azure-client-id'),
        clientSecret: get('azure-client-secret'),
      };
  }
}

/** The name becomes an argument of `--user`. */
function checkUser(text: string, label: string): string {
  if (!text.startsWith('-')) return requireOneLine(text, label);
  throw new Failure('config-invalid', `${label} starts with "-" and would be read as an option`);
}

function checkService(text: string, label: string): string {
  const service = serviceOf(text);
  if (service !== null) return service;
  throw new Failure('config-invalid', `${label} must be https://host or http://host, with an optional port`);
}

/**
 * One value of a credential: text, or `{env: NAME}` for an environment variable. No message contains either: a secret
 * may be in the place of a name.
 * @param label the value's name in messages
 * @throws Failure `config-invalid`
 */
export function readValue(value: ConfigValue, label: string, env: Env): string {
  const refuse = (why: string, hint?: string) =>
    new Failure('config-invalid', `${label} ${why}`, { hint: hint ?? CURE, location: value.at });
  const text = value.kind === 'mapping' ? fromEnvironment(value.fields, env) : value.kind === 'scalar' && value.value;
  if (text === null) throw refuse('must not be empty');
  if (text === undefined) {
    throw refuse(
      'names an environment variable that is not set',
      'Set it for this step. An empty variable counts as unset.',
    );
  }
  if (typeof text !== 'string')
    throw refuse('must be text or {env: NAME}', 'Write numbers and other scalars in quotes.');
  if (text.trim() === '') throw refuse('must not be empty');
  if (text.includes('\0')) throw refuse('contains a NUL character, which an environment variable cannot contain');
  return text;
}

const CURE = 'Write the value as text in quotes, or as {env: NAME}.';

/** False if the mapping is not `{env: NAME}`, undefined if there is no such variable. */
function fromEnvironment(fields: ReadonlyMap<string, { value: ConfigValue }>, env: Env): string | false | undefined {
  const name = fields.get('env')?.value;
  if (fields.size !== 1 || name?.kind !== 'scalar' || typeof name.value !== 'string') return false;
  return Object.hasOwn(env, name.value) ? env[name.value] : undefined;
}

/** Text that goes into one line of a header or a variable. @throws Failure `config-invalid` */
function requireOneLine(text: string, label: string): string {
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) {
    throw new Failure('config-invalid', `${label} contains a line break or another control character`, {
      hint: 'Remove it; it is often a line break at the end.',
    });
  }
  return text;
}
