import type { Endpoint } from '../config/configuration.ts';
import { userIn } from '../config/endpoint/authority.ts';
import { DOLTHUB_HOST } from '../config/endpoint/options.ts';
import { parseEndpoint } from '../config/endpoint/parse.ts';
import { serviceInQuery } from '../config/endpoint/query.ts';
import { Failure } from '../core/failure.ts';
import { type Credential, fits, KIND_WORDS } from './credential.ts';
import { serviceOf } from './providers/aws.ts';

/** More settings that decide where a peer's secret is sent. */
interface Binding {
  /** The peer's own `aws.endpoint`. */
  readonly awsEndpoint?: string | null;
  /** Host that serves `dolthub://` endpoints. */
  readonly dolthubHost?: string;
}

/**
 * Checks that a credential was given for this endpoint. Its place is stored with the secret, not in the configuration,
 * so that a changed endpoint gets no secret.
 * @throws Failure `credential-url-mismatch`; `config-invalid` if the credential is of the wrong kind for the remote
 */
export function bindCredential(credential: Credential, endpoint: Endpoint, binding: Binding = {}): void {
  const { peer, place, secret } = credential;
  const places = placesOf(endpoint, binding.dolthubHost ?? DOLTHUB_HOST);
  if (!places.some((one) => isWithin(one, place) || isRepository(one, { place, endpoint }))) {
    const [first = place] = places;
    throw mismatch(peer, `are only for ${placeText(place)}, but its endpoint is ${placeText(first)}`);
  }
  const allowed = secret.kind === 'aws' ? secret.endpoint : null;
  for (const service of [binding.awsEndpoint ?? null, serviceInQuery(endpoint)]) {
    if (service !== null && (allowed === null || serviceOf(service) !== allowed)) {
      throw mismatch(peer, 'are not for its aws endpoint');
    }
  }
  if (allowed !== null && (binding.awsEndpoint ?? serviceInQuery(endpoint)) === null) {
    throw mismatch(peer, 'set `aws-endpoint`, but the peer has no aws endpoint');
  }
  if (fits(secret.kind, endpoint)) return;
  throw new Failure('config-invalid', `the credentials of peer ${peer} do not match its ${endpoint.kind} endpoint`, {
    hint: `They are ${KIND_WORDS[secret.kind]}. Use the kind that this endpoint needs.`,
  });
}

/** Git hosts accept a repository's name with and without `.git`, and Dolt requires it. */
function isRepository(place: Place, { place: outer, endpoint }: { place: Place; endpoint: Endpoint }): boolean {
  const { segments } = outer;
  const named = segments.map((one, index) => (index === segments.length - 1 ? `${one}.git` : one));
  return (
    endpoint.kind === 'git' && named.length === place.segments.length && isWithin(place, { ...outer, segments: named })
  );
}

function mismatch(peer: string, why: string): Failure {
  return new Failure('credential-url-mismatch', `the credentials of peer ${peer} ${why}`);
}

/** The receiver of a secret: the part of an endpoint that decides who receives it. */
export interface Place {
  /** The scheme for git, without `git+`: the same host gets the same secret. */
  readonly scheme: string;
  /** Host with a non-default port; or the organization, bucket or `[table:bucket]`. */
  readonly authority: string;
  readonly segments: readonly string[];
  /** The ssh user; null: the user of the machine, or a scheme without users. */
  readonly user: string | null;
}

/** Added to a `url` without a path, because an endpoint requires one. */
const PLACEHOLDER_PATH = '/x';

/**
 * Parses the `url` of a credential: an endpoint without its path or the end of it.
 * @returns null for anything else
 */
export function parsePlace(written: string): Place | null {
  if (/[?#]/.test(written)) return null;
  const server = /^mysql:\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})$/i.exec(written);
  if (server !== null)
    return { scheme: 'mysql', authority: `${server[1]}${server[2]}`.toLowerCase(), segments: [], user: null };
  const trimmed = written.replace(/([^/])\/$/, '$1');
  const isWhole = /^dolthub:\/\/[^/]+\/[^/]+$/i.test(trimmed);
  try {
    const endpoint = parseEndpoint(isWhole ? trimmed : `${trimmed}${PLACEHOLDER_PATH}`, {
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

/** The equivalent places of an endpoint: DoltHub's short form equals the https address that Dolt gets. */
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

/** Whether a place is at or below another, segment by segment. */
export function isWithin(place: Place, outer: Place): boolean {
  return (
    place.scheme === outer.scheme &&
    place.authority === outer.authority &&
    place.user === outer.user &&
    outer.segments.every((segment, index) => segment === place.segments[index])
  );
}

/** A place in messages. */
function placeText({ scheme, authority, segments, user }: Place): string {
  return `${scheme}://${user === null ? '' : `${user}@`}${[authority, ...segments].join('/')}`;
}

function placeOf({ canonical, dolt }: Pick<Endpoint, 'canonical' | 'dolt'>): Place {
  const [, written = '', authority = '', path = ''] = /^([^:]+):\/\/([^/]*)\/(.*)$/.exec(canonical) ?? [];
  const scheme = written.replace(/^git\+/, '');
  // The canonical form has no user; for ssh the user decides what the key opens.
  const user = scheme === 'ssh' ? userIn(dolt) : null;
  return { scheme, authority, segments: path.split('/'), user };
}

function withoutDefaultPort(host: string): string {
  return host.toLowerCase().replace(/:443$/, '');
}
