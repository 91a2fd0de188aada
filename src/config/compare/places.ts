import { posix } from 'node:path';
import { ROLE_RIGHTS } from '../../contract/vocabulary.ts';
import type { Peer } from '../configuration.ts';
import { homeUser } from '../endpoint/data-place.ts';
import { placeOfData } from '../peers.ts';

/** A place that data reaches. */
export interface Place {
  /** The same for the same place only: a bucket of one provider is not the one of another, or a host of its name. */
  readonly name: string;
  /** Whether data is sent there; if not, only a server may name it. */
  readonly getsData: boolean;
}

/** The places that get data from a peer's pushes, and those that its server may name. */
export function placesOf({ endpoint, aws, allowedHosts, role, tier }: Peer): Place[] {
  // A higher tier is sent nothing.
  const getsData = ROLE_RIGHTS[role].push && tier === 'T1';
  const named = allowedHosts.map((name) => ({ name, getsData }));
  return getsData ? [{ name: placeName(endpoint, aws?.endpoint ?? null), getsData }, ...named] : named;
}

/** The host of a peer and the owner there, with every way to connect to them. */
export function ownerOf({ endpoint }: Peer): string {
  return placeName(endpoint, null).replace(/^[^/@]*@/, '');
}

/** The database of a peer. Over a network it is the same with every way to connect, with or without `.git`. */
export function databaseOf(peer: Peer): string {
  const place = placeOfData(peer.endpoint);
  return networkAddress(peer.endpoint) === null || place.startsWith('file:')
    ? place
    : `${ownerOf(peer)}/${posix.basename(place, '.git')}`;
}

/**
 * The bucket or account of a store, the folder of a file. A network address is its host and the owner there, because many
 * organizations share one host.
 */
function placeName(endpoint: Peer['endpoint'], service: string | null): string {
  const { canonical } = endpoint;
  const [, scheme = '', name = ''] = /^([a-z0-9+]+):\/\/(\[[^\]]*\]|[^/]*)/.exec(canonical) ?? [];
  if (name === '') return canonical;
  const address = networkAddress(endpoint);
  if (address !== null) return withOwner(address, homeUser(endpoint));
  return `${scheme}://${name}${service === null ? '' : ` at ${service}`}`;
}

/** The address of an endpoint whose host many owners share; null: a store or a folder. */
function networkAddress({ canonical, dolt, kind }: Peer['endpoint']): string | null {
  switch (kind) {
    case 'http':
    case 'ssh':
    case 'git':
      return canonical;
    case 'dolthub':
      return dolt;
    case 'file':
    case 'gs':
    case 's3':
    case 'aws':
    case 'az':
    case 'oci':
      return null;
  }
}

/** A host, and the folder of the database there; with the user, if that folder is in the home of the user. */
function withOwner(canonical: string, user: string | null): string {
  const [, host = '', path = ''] = /^[^:]+:\/\/([^/]*)\/(.*)$/.exec(canonical) ?? [];
  const folder = path.split('/').slice(0, -1);
  return `${user === null ? '' : `${user}@`}${[host, ...folder.filter((part) => part !== '.')].join('/')}`;
}
