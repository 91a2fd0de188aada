import type { Endpoint } from '../config/configuration.ts';
import type { Location } from '../core/failure.ts';
import type { Place } from './bind.ts';

/** The secret of one peer, by the kind of remote that asks for it. */
export type Secret =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** In the format of Dolt's credentials folder (see `checkJwk`). */
  | { readonly kind: 'dolt-jwk'; readonly jwk: string }
  | {
      readonly kind: 'aws';
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | null;
      /** Origin of the service for the keys; null: Amazon's own, or the service in the job's environment. */
      readonly endpoint: string | null;
    }
  | { readonly kind: 'google'; readonly json: string }
  | { readonly kind: 'ssh'; readonly key: string; readonly knownHosts: string }
  | { readonly kind: 'git-token'; readonly token: string }
  | {
      readonly kind: 'azure';
      readonly tenantId: string;
      readonly clientId: string;
      readonly clientSecret: string;
    }
  /** No secret: uses the role of the machine. */
  | { readonly kind: 'instance-role' };

/** The secret of one peer, and its place. */
export interface Credential {
  readonly peer: string;
  /** The only place that the secret may be sent to. */
  readonly place: Place;
  /** Whether the cloud's metadata service may be used. */
  readonly instanceRole: boolean;
  /** The port of the server's remotesapi that gets the secret, too; only in the entry of the server. */
  readonly remotesapi?: number | undefined;
  /** Its position, for messages. */
  readonly at: Location;
  readonly secret: Secret;
}

/** The entry of the server that holds the database; no peer can have this name. */
export const SERVER_ENTRY = 'federation.server';

/** By peer name; `origin` is the primary. */
export type Credentials = ReadonlyMap<string, Credential>;

/** The key of each kind of credential in the file, and the remotes it is for. */
export const KIND_WORDS: Readonly<Record<Secret['kind'], string>> = {
  password: '`user` and `password`, for https remotes',
  'dolt-jwk': '`dolt-jwk`, for DoltHub',
  aws: '`aws-access-key-id` and `aws-secret-access-key`, for aws and s3 remotes',
  google: '`google-credentials`, for gs remotes',
  ssh: '`ssh-key` and `known-hosts`, for ssh remotes and git over ssh',
  'git-token': '`git-token`, for git over https',
  azure: '`azure-tenant-id`, `azure-client-id` and `azure-client-secret`, for az remotes',
  'instance-role': '`instance-role: true`, for aws, s3, gs and az remotes',
};

/** Whether Dolt uses a kind of credential for a kind of remote (docs/endpoints.md). */
export function fits(kind: Secret['kind'], endpoint: Endpoint): boolean {
  switch (endpoint.kind) {
    case 'http':
    case 'dolthub':
      return kind === 'password' || kind === 'dolt-jwk';
    case 'aws':
    case 's3':
      return kind === 'aws' || kind === 'instance-role';
    case 'gs':
      return kind === 'google' || kind === 'instance-role';
    case 'ssh':
      return kind === 'ssh';
    case 'git':
      return kind === gitTransport(endpoint);
    case 'az':
      return kind === 'azure' || kind === 'instance-role';
    case 'oci':
    case 'file':
      return false;
  }
}

/** The kind of credential for a git remote's transport; null for a repository on this disk. */
export function gitTransport(endpoint: Endpoint): 'ssh' | 'git-token' | null {
  if (/^(git\+)?ssh:/i.test(endpoint.dolt)) return 'ssh';
  return /^(git\+)?https?:/i.test(endpoint.dolt) ? 'git-token' : null;
}
