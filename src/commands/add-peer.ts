import type { ConfigOverrides } from '../config/configuration.ts';
import { loadConfiguration } from '../config/load.ts';
import { parsePeerName } from '../config/names.ts';
import { type PeerChanges, peerEntry, peerNames } from '../config/peer-changes.ts';
import { withValue } from '../config/yaml/edit.ts';
import type { AddPeerResult } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import { plain, shellWord } from '../core/text.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { defineCommand, type RawRequest } from './command.ts';
import type { Context } from './context.ts';
import { adoptPeer } from './editing/database-peers.ts';
import { requestedPeerChanges } from './editing/peer-settings.ts';
import { refuseUnfitEndpoint, warnOfPeer } from './editing/peer-warnings.ts';
import { offerDatabase, refuseUnsavable, requestedSave } from './editing/save-database.ts';
import { editConfiguration } from './prepare/edit-configuration.ts';
import { requestedConfig, requestedDolt } from './prepare/options.ts';
import { registerNow } from './prepare/register-remote.ts';

export interface AddPeerRequest {
  readonly name: string;
  readonly endpoint: string;
  /** Options of the peer. */
  readonly set: PeerChanges['set'];
  /** Whether the database keeps the peer as a remote, regardless of `federation.register`. */
  readonly register?: boolean | undefined;
  /** Whether `database` is written to the configuration. */
  readonly save?: boolean | undefined;
  readonly database?: string | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

interface Added {
  readonly result: AddPeerResult;
  readonly file: string;
}

/**
 * Adds a peer to the configuration file and, if there is a database, as a remote to it. Works in every sync mode and
 * offline. Without a configuration file, it creates `.beads/config.yaml` in the workspace, or in the working directory
 * if there is no workspace.
 * @throws Failure `invalid-peer-name`, `peer-exists`, `working-database`, `not-a-remote`, or any error of the
 * configuration with the new peer; nothing is written then
 */
export async function addPeer(request: AddPeerRequest, context: Context): Promise<Added> {
  const { name, endpoint, set, overrides, database } = request;
  parsePeerName(name);
  await refuseUnfitEndpoint(endpoint, overrides, context);
  await refuseUnsavable(request, context);
  const { after, file } = await editConfiguration(context, overrides, (text, { peers }) => {
    if (peerNames(text, peers).includes(name)) {
      throw new Failure('peer-exists', `peer already exists: ${name}. Nothing was changed`);
    }
    return withValue(text, ['federation', 'peers', name], peerEntry(endpoint, set));
  });
  const peer = after.peers.find((one) => one.name === name);
  if (peer !== undefined) {
    await warnOfPeer(peer, after, { context, database });
    await registerNow(peer, { database, configuration: after, asked: request.register === true }, context);
  }
  await offerDatabase(request, context);
  return { result: { name, endpoint, status: 'added' }, file };
}

/** A peer that the database knows already. */
export interface AddKnownPeerRequest extends Omit<AddPeerRequest, 'endpoint'> {
  /** The name of a remote, or of a row in `federation_peers`. */
  readonly from: string;
}

/**
 * Adds a peer that only the database knows, with its address there. The remote does not change.
 * @throws Failure as `addPeer` and `adoptPeer`
 */
export async function addKnownPeer(request: AddKnownPeerRequest, context: Context): Promise<Added> {
  parsePeerName(request.name);
  const configuration = await loadConfiguration(context, request.overrides);
  const { endpoint, set, isRemote } = await adoptPeer(request.from, request, context, configuration);
  const added = await addPeer({ ...request, endpoint, set }, context);
  if (isRemote && configuration.register.value === 'run' && request.register !== true) {
    const remove = `dolt remote remove ${shellWord(request.from)}`;
    context.log.info(
      `The database keeps its remote ${plain(request.from)}, and bd pushes the full history to it. To remove it, run \`bd ${remove}\`, or \`${remove}\` in the database.`,
    );
  }
  return added;
}

/** The arguments; without an endpoint, the database has to know the peer. */
function requestedPeer({ read, operands }: Pick<RawRequest, 'read' | 'operands'>) {
  const from = read('from-remote');
  const [name = from, endpoint] = operands;
  if (from === undefined) {
    if (name !== undefined && endpoint !== undefined) return { name, endpoint };
    const missing = name === undefined ? 'name' : 'endpoint';
    throw new Failure('bad-usage', `missing required argument '${missing}'`, {
      hint: 'Run `dolt-federation add-peer --help`. A peer that the database knows needs no address: `--from-remote <name>`.',
    });
  }
  if (endpoint === undefined && name !== undefined) return { name, from };
  throw new Failure(
    'bad-usage',
    '--from-remote takes the address from the database, but the command also gives an address',
    {
      hint: 'Remove `--from-remote`, or the address.',
    },
  );
}

export const addPeerCommand = defineCommand({
  parse: (raw): AddPeerRequest | AddKnownPeerRequest => {
    const { read } = raw;
    return {
      ...requestedPeer(raw),
      set: requestedPeerChanges(raw, 'refuse-empty').set,
      register: read('register'),
      save: requestedSave(read),
      database: read('database'),
      overrides: requestedConfig(read),
      dolt: requestedDolt(raw),
    };
  },
  run: (request, context) => ('from' in request ? addKnownPeer(request, context) : addPeer(request, context)),
  render: ({ result, file }) => ({
    json: result,
    text: () => `added peer ${result.name} (${plain(result.endpoint)}) to ${plain(file)}\n`,
  }),
});
