import { Failure } from '../core/failure.ts';
import { serviceOf } from './aws-service.ts';
import type { Secret } from './credential.ts';
import { requireOneLine } from './credential-value.ts';
import { checkGoogleJson } from './google-json.ts';
import { checkJwk } from './jwk.ts';
import { checkKnownHosts, checkPrivateKey } from './ssh-text.ts';

/** How one key of a kind is read. */
interface KeyRule {
  readonly needed: boolean;
  /** The text as it is used. @throws Failure without a place, that shows nothing of it */
  readonly read: (text: string, label: string) => string;
}

const line: KeyRule = { needed: true, read: requireOneLine };
const optional: KeyRule = { needed: false, read: requireOneLine };

/** The keys of each kind; `instance-role` stands beside them. */
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

/** The secret of a kind whose needed values are all there. */
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
  throw new Failure('config-invalid', `${label} begins with "-" and would be read as an option`);
}

function checkService(text: string, label: string): string {
  const service = serviceOf(text);
  if (service !== null) return service;
  throw new Failure('config-invalid', `${label} must be https://host or http://host, with an optional port`);
}
