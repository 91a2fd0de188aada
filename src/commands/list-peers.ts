import type { ConfigOverrides } from '../config/configuration.ts';
import { endpointOptions } from '../config/endpoint/options.ts';
import type { ConfigurationContext } from '../config/find-config.ts';
import { loadConfiguration } from '../config/load.ts';
import type { DatabasePeer, ListPeersResult } from '../contract/result.ts';
import { plain } from '../core/text.ts';
import { fittingTable, type TextStyle, textTable } from '../report/text/table.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { peersOfDatabase, shownPeer } from './editing/database-peers.ts';
import type { ReadingRequest } from './prepare/open-database.ts';
import { requestedConfig, requestedDolt } from './prepare/options.ts';

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

/** The peers that only the database knows. @throws Failure as `peersOfDatabase` */
export async function listUnregistered(request: ReadingRequest, context: Context): Promise<readonly DatabasePeer[]> {
  const found = await peersOfDatabase(request, context, await loadConfiguration(context, request.overrides));
  const { dolthubHost } = endpointOptions(context.env, request.overrides);
  return found.filter(({ configured }) => configured === null).map((peer) => shownPeer(peer, dolthubHost));
}

export const listPeersCommand = defineCommand({
  // Folders for a Dolt are made only for a request with `dolt`.
  parse: (raw): ListPeersRequest | ReadingRequest => {
    const overrides = requestedConfig(raw.read);
    if (!raw.read('unregistered')) return { overrides };
    return { overrides, database: raw.read('database'), dolt: requestedDolt(raw) };
  },
  run: async (request, context) =>
    'dolt' in request
      ? ({ kind: 'unregistered', peers: await listUnregistered(request, context) } as const)
      : ({ kind: 'configured', peers: await listPeers(request, context) } as const),
  render: (result) => ({
    json: result.peers,
    text: (style) =>
      result.kind === 'configured' ? configuredText(result.peers) : unregisteredText(result.peers, style),
  }),
});

function configuredText(peers: ListPeersResult): string {
  if (peers.length === 0) return 'no peers configured; add one with `dolt-federation add-peer <name> <endpoint>`\n';
  const rows = textTable(peers.map((peer) => [peer.name, plain(peer.endpoint), peer.role, peer.tier]));
  return rows.map((row) => `${row}\n`).join('');
}

const PLACES = { remote: 'Dolt remote', federation_peers: 'federation_peers' } as const;

function unregisteredText(peers: readonly DatabasePeer[], style: TextStyle): string {
  if (peers.length === 0) return 'the database knows no peer that is not configured\n';
  const rows = fittingTable(
    [
      ['NAME', 'ENDPOINT', 'FOUND IN', 'USER', 'TIER'],
      ...peers.map(({ name, endpoint, foundIn, user, tier }) =>
        [name, endpoint, foundIn.map((place) => PLACES[place]).join(', '), user ?? '', tier ?? ''].map(plain),
      ),
    ],
    style,
  );
  const next = 'To take one over, run `dolt-federation add-peer --from-remote <name>`.';
  return [...rows, '', next].map((row) => `${row}\n`).join('');
}
