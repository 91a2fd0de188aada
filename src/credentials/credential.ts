import type { Place } from './place.ts';

/** The secret of one peer, by the kind of remote that asks for it. */
export type Secret =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** As Dolt keeps it in its folder of credentials (see `checkJwk`). */
  | { readonly kind: 'dolt-jwk'; readonly jwk: string }
  | {
      readonly kind: 'aws';
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | null;
      /** Origin of the service that the keys are for; null: Amazon's own, or what the job's environment names. */
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
  /** No secret at all: what the machine is allowed to do. */
  | { readonly kind: 'instance-role' };

/** What one peer may be shown, and where. */
export interface Credential {
  readonly peer: string;
  /** The only place that the secret may be sent to. */
  readonly place: Place;
  /** Whether the cloud's metadata service may be asked. */
  readonly instanceRole: boolean;
  readonly secret: Secret;
}

/** By peer name; `origin` is the primary. */
export type Credentials = ReadonlyMap<string, Credential>;
