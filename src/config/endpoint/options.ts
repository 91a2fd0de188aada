import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import type { ConfigOverrides } from '../configuration.ts';
import { isHost } from './authority.ts';
import type { EndpointOptions } from './parse.ts';
import { quoteEndpoint } from './text.ts';

/** The host of DoltHub's remotes (https://docs.dolthub.com: "doltremoteapi"). */
export const DOLTHUB_HOST = 'doltremoteapi.dolthub.com';

/** The variable that sets another host for `dolthub://`. */
export const DOLTHUB_HOST_VARIABLE = 'DOLT_FEDERATION_DOLTHUB_HOST';

/**
 * How endpoints are parsed in this run.
 * @throws Failure `config-invalid` if the host for `dolthub://` is malformed
 */
export function endpointOptions(env: Env, overrides: ConfigOverrides): EndpointOptions {
  const dolthubHost = overrides.dolthubHost || env[DOLTHUB_HOST_VARIABLE] || DOLTHUB_HOST;
  if (!isHost(dolthubHost)) {
    throw new Failure(
      'config-invalid',
      `the host for dolthub:// endpoints, ${quoteEndpoint(dolthubHost)}, is not a valid host`,
      {
        hint: 'Set `--dolthub-host` or DOLT_FEDERATION_DOLTHUB_HOST to a host with an optional port.',
      },
    );
  }
  return { dolthubHost, allowInsecure: overrides.allowInsecure ?? false };
}
