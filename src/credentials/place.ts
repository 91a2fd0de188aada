import type { Endpoint } from '../config/configuration.ts';
import { parseEndpoint } from '../config/endpoint.ts';
import { Failure } from '../core/failure.ts';

/** Where a secret may go: as much of an endpoint as decides who receives it. */
export interface Place {
  /** How git reaches it, without `git+`: the same host gets the same secret. */
  readonly scheme: string;
  /** Host with a port that is not the default one; organization, bucket or `[table:bucket]` where that takes its place. */
  readonly authority: string;
  readonly segments: readonly string[];
}

/** Stands where an endpoint needs a path and a `url` may leave it out. */
const STAND_IN = '/x';

/**
 * The `url` of a credential: an endpoint, of which the path or its end may be left out.
 * @returns null for anything else
 */
export function parsePlace(written: string): Place | null {
  if (/[?#]/.test(written)) return null;
  const trimmed = written.replace(/([^/])\/$/, '$1');
  const isWhole = /^dolthub:\/\/[^/]+\/[^/]+$/i.test(trimmed);
  try {
    const endpoint = parseEndpoint(isWhole ? trimmed : `${trimmed}${STAND_IN}`, {
      dolthubHost: 'localhost',
      allowInsecure: true,
    });
    const { scheme, authority, segments } = placeOf(endpoint.canonical);
    return { scheme, authority, segments: isWhole ? segments : segments.slice(0, -1) };
  } catch (thrown) {
    if (thrown instanceof Failure) return null;
    throw thrown;
  }
}

/** The places that an endpoint stands for: DoltHub's short form and the https address that Dolt gets are one. */
export function placesOf(endpoint: Endpoint, dolthubHost: string): readonly Place[] {
  const place = placeOf(endpoint.canonical);
  const { scheme, authority, segments } = place;
  const [organization, ...rest] = segments;
  if (scheme === 'dolthub') {
    return [place, { scheme: 'https', authority: withoutDefaultPort(dolthubHost), segments: [authority, ...segments] }];
  }
  const isDolthub = scheme === 'https' && authority === withoutDefaultPort(dolthubHost) && organization !== undefined;
  return isDolthub ? [place, { scheme: 'dolthub', authority: organization, segments: rest }] : [place];
}

/** Whether a place lies at or below another, segment by segment. */
export function isWithin(place: Place, outer: Place): boolean {
  return (
    place.scheme === outer.scheme &&
    place.authority === outer.authority &&
    outer.segments.every((segment, index) => segment === place.segments[index])
  );
}

/** A place as messages show it. */
export function placeText({ scheme, authority, segments }: Place): string {
  return `${scheme}://${[authority, ...segments].join('/')}`;
}

function placeOf(canonical: string): Place {
  const [, scheme = '', authority = '', path = ''] = /^([^:]+):\/\/([^/]*)\/(.*)$/.exec(canonical) ?? [];
  return { scheme: scheme.replace(/^git\+/, ''), authority, segments: path.split('/') };
}

function withoutDefaultPort(host: string): string {
  return host.toLowerCase().replace(/:443$/, '');
}
