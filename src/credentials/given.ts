import type { Peer } from '../config/configuration.ts';
import { placeOf } from '../core/failure.ts';
import { type Credential, gitTransport, type Secret } from './credential.ts';
import type { Job } from './job.ts';

const NAMES: Readonly<Record<Secret['kind'], string>> = {
  password: 'user',
  'dolt-jwk': '`dolt-jwk`',
  aws: 'AWS keys',
  google: '`google-credentials`',
  ssh: '`ssh-key`',
  'git-token': '`git-token`',
  azure: 'Azure client',
  'instance-role': '`instance-role`',
};

/** The credentials with which a peer is reached, for messages, without secrets; null: none. */
export function givenCredentials(peer: Peer, credential: Credential | null, { env, userHome }: Job): string | null {
  if (credential !== null) {
    const { secret, at } = credential;
    const user = secret.kind === 'password' ? ` ${secret.user}` : '';
    return `${NAMES[secret.kind]}${user}, from ${placeOf(at)}`;
  }
  switch (peer.endpoint.kind) {
    case 's3':
    case 'aws': {
      const names = ['AWS_ACCESS_KEY_ID', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_PROFILE'];
      const found = names.find((name) => env[name] !== undefined);
      if (peer.aws?.profile != null) return `the AWS profile ${peer.aws.profile}`;
      return found === undefined ? null : `AWS credentials, from the variable ${found}`;
    }
    case 'gs':
      return env['GOOGLE_APPLICATION_CREDENTIALS'] === undefined
        ? null
        : 'Google credentials, from the variable GOOGLE_APPLICATION_CREDENTIALS';
    case 'ssh':
      return sshKeys({ env, userHome });
    case 'git':
      if (gitTransport(peer.endpoint) === 'ssh') return sshKeys({ env, userHome });
      return userHome ? 'the credential helpers of git' : null;
    case 'http':
    case 'dolthub':
    case 'file':
    case 'az':
    case 'oci':
      return null;
  }
}

function sshKeys({ env, userHome }: Job): string | null {
  if (env['SSH_AUTH_SOCK'] !== undefined) return 'the keys of the ssh agent';
  return userHome ? 'your default ssh keys' : null;
}

/** An entry to add to the credentials, as YAML; undefined: there are none for this kind of remote. */
export function credentialsToAdd({ name, endpoint }: Peer): string | undefined {
  const variable = (what: string): string => `{env: ${name.toUpperCase().replaceAll('-', '_')}_${what}}`;
  const keys = keysFor(endpoint, variable);
  if (keys.length === 0) return undefined;
  const lines = [`url: ${urlFor(endpoint)}`, ...keys].map((line) => `  ${line}`);
  return [`${name}:`, ...lines].join('\n');
}

function keysFor(endpoint: Peer['endpoint'], variable: (what: string) => string): string[] {
  switch (endpoint.kind) {
    case 'http':
      return ['user: NAME', `password: ${variable('PASSWORD')}`];
    case 'dolthub':
      return [`dolt-jwk: ${variable('JWK')}`];
    case 's3':
    case 'aws':
      return [`aws-access-key-id: ${variable('KEY_ID')}`, `aws-secret-access-key: ${variable('SECRET_KEY')}`];
    case 'gs':
      return [`google-credentials: ${variable('GOOGLE_CREDENTIALS')}`];
    case 'ssh':
      return sshKeysFor(variable);
    case 'git':
      return gitTransport(endpoint) === 'ssh' ? sshKeysFor(variable) : [`git-token: ${variable('TOKEN')}`];
    case 'az':
      return [
        `azure-tenant-id: ${variable('TENANT_ID')}`,
        `azure-client-id: ${variable('CLIENT_ID')}`,
        `azure-client-secret: ${variable('CLIENT_SECRET')}`,
      ];
    case 'file':
    case 'oci':
      return [];
  }
}

function sshKeysFor(variable: (what: string) => string): string[] {
  return [`ssh-key: ${variable('SSH_KEY')}`, `known-hosts: ${variable('KNOWN_HOSTS')}`];
}

/** The part of an endpoint that a secret is for. */
function urlFor({ written, canonical }: Peer['endpoint']): string {
  const [whole] = /^[^:]+:\/\/[^/]+/.exec(written.replace(/^git\+/, '')) ?? [];
  return whole ?? (written.startsWith('git@') ? written : canonical);
}
