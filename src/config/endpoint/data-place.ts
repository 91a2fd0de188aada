import { shortDigest } from '../../core/digest.ts';
import type { Env } from '../../core/env.ts';
import type { Endpoint, Peer } from '../configuration.ts';
import { userIn } from './authority.ts';
import { DOLTHUB_HOST } from './options.ts';

/**
 * The identity of the place that an endpoint leads to in this job: its canonical form, and a digest of what else decides
 * the place, because a variable with an address may contain a password. Clones, recorded heads and legs depend on it.
 */
export function dataPlaceOf(peer: Pick<Peer, 'endpoint' | 'aws'>, env: Env): string {
  const { canonical } = peer.endpoint;
  const more = beyondEndpoint(peer, env).filter(([, value]) => value != null);
  return more.length === 0 ? canonical : JSON.stringify([canonical, shortDigest(JSON.stringify(more))]);
}

/** The identity of a clone. @param branch the branch that was asked for; null: the default branch of the peer */
export function cloneIdentity({ dataPlace, ref }: Pick<Peer, 'dataPlace' | 'ref'>, branch: string | null): string {
  return JSON.stringify([dataPlace, ref, branch]);
}

type Part = readonly [name: string, value: string | null | undefined];

/** Everything but the canonical form that decides the place. Only what is set makes another place. */
function beyondEndpoint(peer: Pick<Peer, 'endpoint' | 'aws'>, env: Env): Part[] {
  const { endpoint, aws } = peer;
  const { canonical, dolt, kind } = endpoint;
  switch (kind) {
    case 'file':
    case 'http':
    case 'az':
    case 'oci':
      return [];
    case 'dolthub': {
      const { host } = new URL(dolt);
      return [['host', host === DOLTHUB_HOST ? null : host]];
    }
    case 'ssh':
      return [['user', userIn(dolt)]];
    case 'git': {
      const user = userIn(dolt) ?? '';
      // Almost every git host uses this name.
      return /^(?:git\+)?ssh:/.test(canonical) && user !== 'git' ? [['user', user]] : [];
    }
    case 'gs':
      return [['service', address(env['STORAGE_EMULATOR_HOST'])]];
    case 'aws':
    case 's3':
      return [
        ['service', serviceOf(peer, env)],
        ['dynamodb', address(env['AWS_ENDPOINT_URL_DYNAMODB'])],
        // A table has its name in one region only.
        ['region', aws?.region ?? env['AWS_REGION']],
        ['profile', aws?.profile ?? env['AWS_PROFILE']],
        ['table', aws?.dynamodbTable],
      ];
  }
}

/** The user in whose home folder an endpoint over ssh is, if it names one; other folders are the same for every user. */
export function homeUser({ canonical, dolt }: Pick<Endpoint, 'canonical' | 'dolt'>): string | null {
  return /^(?:git\+)?ssh:\/\/[^/]*\/[.~]\//.test(canonical) ? userIn(dolt) : null;
}

/** The address of the service that has the bucket of an endpoint; undefined: the provider's own, or there is no bucket. */
export function serviceOf({ endpoint: { kind }, aws }: Pick<Peer, 'endpoint' | 'aws'>, env: Env): string | undefined {
  return kind === 's3' || kind === 'aws' ? address(aws?.endpoint ?? env['AWS_ENDPOINT_URL_S3']) : undefined;
}

/** One form for the spellings of an address. */
function address(written: string | undefined): string | undefined {
  return written !== undefined && URL.canParse(written) ? new URL(written).href : written;
}

/** Whether a recorded place has the endpoint of a peer at another service. A plain text may be of an earlier version. */
export function isElsewhere(recorded: string, { endpoint, dataPlace }: Pick<Peer, 'endpoint' | 'dataPlace'>): boolean {
  return recorded !== dataPlace && recorded.startsWith(`${JSON.stringify([endpoint.canonical]).slice(0, -1)},`);
}
