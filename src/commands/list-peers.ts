import type { ConfigOverrides } from '../config/configuration.ts';
import type { ConfigurationContext } from '../config/find-config.ts';
import { loadConfiguration } from '../config/load.ts';
import type { ListPeersResult } from '../contract/result.ts';
import { plain } from '../core/text.ts';
import { textTable } from '../report/text/table.ts';
import { defineCommand } from './command.ts';
import { requestedConfig } from './prepare/options.ts';

export interface ListPeersRequest {
  readonly overrides: ConfigOverrides;
}

/**
 * The configured peers, the primary first; in any sync mode.
 * @throws Failure what loading the configuration throws
 */
export async function listPeers(request: ListPeersRequest, context: ConfigurationContext): Promise<ListPeersResult> {
  const { peers } = await loadConfiguration(context, request.overrides);
  return peers.map(({ name, endpoint, role, tier }) => ({ name, endpoint: endpoint.written, role, tier }));
}

export const listPeersCommand = defineCommand({
  parse: (asked): ListPeersRequest => ({ overrides: requestedConfig(asked.read) }),
  run: listPeers,
  render: (result) => ({ json: result, text: () => peersText(result) }),
});

function peersText(peers: ListPeersResult): string {
  if (peers.length === 0) return 'no peers configured; add one with `dolt-federation add-peer <name> <endpoint>`\n';
  const rows = textTable(peers.map((peer) => [peer.name, plain(peer.endpoint), peer.role, peer.tier]));
  return rows.map((row) => `${row}\n`).join('');
}
