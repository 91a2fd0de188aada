import type { Endpoint } from '../config/configuration.ts';
import { DOLTHUB_HOST } from '../config/endpoint-options.ts';
import { serviceInQuery } from '../config/service-endpoint.ts';
import { Failure } from '../core/failure.ts';
import { serviceOf } from './aws-service.ts';
import type { Credential } from './credential.ts';
import { fits, KIND_WORDS } from './fitting.ts';
import { isWithin, type Place, placesOf, placeText } from './place.ts';

/** What else decides where a peer's secret would go. */
export interface Binding {
  /** The peer's own `aws.endpoint`. */
  readonly awsEndpoint?: string | null;
  /** Host that serves `dolthub://` endpoints. */
  readonly dolthubHost?: string;
}

/**
 * Makes sure that a credential was given for this endpoint. The place stands beside the secret, not in the
 * configuration: whoever moves a peer there gets nothing.
 * @throws Failure `credential-url-mismatch`; `config-invalid` where the kind of credential is not for that kind of remote
 */
export function bindCredential(credential: Credential, endpoint: Endpoint, binding: Binding = {}): void {
  const { peer, place, secret } = credential;
  const places = placesOf(endpoint, binding.dolthubHost ?? DOLTHUB_HOST);
  if (!places.some((one) => isWithin(one, place) || isRepository(one, { place, endpoint }))) {
    const [first = place] = places;
    throw mismatch(peer, `are for ${placeText(place)} only, and its endpoint is ${placeText(first)}`);
  }
  const allowed = secret.kind === 'aws' ? secret.endpoint : null;
  for (const service of [binding.awsEndpoint ?? null, serviceInQuery(endpoint)]) {
    if (service !== null && (allowed === null || serviceOf(service) !== allowed)) {
      throw mismatch(peer, 'are not for the service that its aws endpoint names');
    }
  }
  if (allowed !== null && (binding.awsEndpoint ?? serviceInQuery(endpoint)) === null) {
    throw mismatch(peer, 'are for the service that their `aws-endpoint` names, and the peer names none');
  }
  if (fits(secret.kind, endpoint)) return;
  throw new Failure('config-invalid', `the credentials of peer ${peer} do not fit its ${endpoint.kind} endpoint`, {
    hint: `They are ${KIND_WORDS[secret.kind]}. Give the kind that this endpoint takes.`,
  });
}

/** Git hosts take a repository's name with and without `.git`, and Dolt wants it there. */
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
