import type { ConfigurationContext } from '../config/find-config.ts';
import { loadConfiguration } from '../config/load.ts';
import type { ListPeersResult } from '../contract/result.ts';
import type { ListPeersRequest } from './request.ts';

/**
 * The configured peers, the primary first; in any sync mode.
 * @throws Failure what loading the configuration throws
 */
export async function listPeers(request: ListPeersRequest, context: ConfigurationContext): Promise<ListPeersResult> {
  const { peers } = await loadConfiguration(context, request.overrides);
  return peers.map(({ name, endpoint, role, tier }) => ({ name, endpoint: endpoint.written, role, tier }));
}
