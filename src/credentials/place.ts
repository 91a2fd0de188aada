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
  /** Whom ssh logs in as; null: the user of the machine, or a scheme without users. */
  readonly user: string | null;
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
    const place = placeOf(endpoint);
    return { ...place, segments: isWhole ? place.segments : place.segments.slice(0, -1) };
  } catch (thrown) {
    if (thrown instanceof Failure) return null;
    throw thrown;
  }
}

/** The places that an endpoint stands for: DoltHub's short form and the https address that Dolt gets are one. */
export function placesOf(endpoint: Endpoint, dolthubHost: string): readonly Place[] {
  const place = placeOf(endpoint);
  const { scheme, authority, segments } = place;
  const [organization, ...rest] = segments;
  if (scheme === 'dolthub') {
    return [
      place,
      { scheme: 'https', authority: withoutDefaultPort(dolthubHost), segments: [authority, ...segments], user: null },
    ];
  }
  const isDolthub = scheme === 'https' && authority === withoutDefaultPort(dolthubHost) && organization !== undefined;
  return isDolthub ? [place, { scheme: 'dolthub', authority: organization, segments: rest, user: null }] : [place];
}

/** Whether a place lies at or below another, segment by segment. */
export function isWithin(place: Place, outer: Place): boolean {
  return (
    place.scheme === outer.scheme &&
    place.authority === outer.authority &&
    place.user === outer.user &&
    outer.segments.every((segment, index) => segment === place.segments[index])
  );
}

/** A place as messages show it. */
export function placeText({ scheme, authority, segments, user }: Place): string {
  return `${scheme}://${user === null ? '' : `${user}@`}${[authority, ...segments].join('/')}`;
}

function placeOf({ canonical, dolt }: Pick<Endpoint, 'canonical' | 'dolt'>): Place {
  const [, written = '', authority = '', path = ''] = /^([^:]+):\/\/([^/]*)\/(.*)$/.exec(canonical) ?? [];
  const scheme = written.replace(/^git\+/, '');
  // The canonical form has no user; of ssh it decides what the key opens.
  const user = scheme === 'ssh' ? (/^[^:]+:\/\/([^/@]*)@/.exec(dolt)?.[1] ?? null) : null;
  return { scheme, authority, segments: path.split('/'), user };
}

function withoutDefaultPort(host: string): string {
  return host.toLowerCase().replace(/:443$/, '');
}
