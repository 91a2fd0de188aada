import type { Env } from '../core/env.ts';
import { Failure } from '../core/failure.ts';
import type { EndpointOptions } from './endpoint.ts';
import { isHost } from './endpoint-authority.ts';
import { quoteEndpoint } from './endpoint-quote.ts';
import type { ConfigOverrides } from './overrides.ts';

/** Where DoltHub answers (https://docs.dolthub.com: "doltremoteapi"). */
export const DOLTHUB_HOST = 'doltremoteapi.dolthub.com';

/**
 * How endpoints are read in this run.
 * @throws Failure `config-invalid` where the host for `dolthub://` is no host
 */
export function endpointOptions(env: Env, overrides: ConfigOverrides): EndpointOptions {
  const dolthubHost = overrides.dolthubHost || env['DOLT_FEDERATION_DOLTHUB_HOST'] || DOLTHUB_HOST;
  if (!isHost(dolthubHost)) {
    throw new Failure(
      'config-invalid',
      `the host for dolthub:// endpoints, ${quoteEndpoint(dolthubHost)}, is no host`,
      {
        hint: 'Give `dolthub-host` or DOLT_FEDERATION_DOLTHUB_HOST as a host with an optional port.',
      },
    );
  }
  return { dolthubHost, allowInsecure: overrides.allowInsecure ?? false };
}
