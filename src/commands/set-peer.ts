import type { ConfigOverrides } from '../config/configuration.ts';
import { type PeerChanges, peerNames, withPeerChanges } from '../config/peer-changes.ts';
import type { SetPeerResult } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import { plain } from '../core/text.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { absentPeer } from './editing/absent-peer.ts';
import { requestedPeerChanges } from './editing/peer-settings.ts';
import { refuseUnfitEndpoint, warnOfPeer } from './editing/peer-warnings.ts';
import { type Edited, editConfiguration } from './prepare/edit-configuration.ts';
import { requestedConfig, requestedDolt } from './prepare/options.ts';
import { registerNow } from './prepare/register-remote.ts';

export interface SetPeerRequest {
  readonly name: string;
  /** Another address; undefined: the present one. */
  readonly endpoint: string | undefined;
  readonly changes: PeerChanges;
  readonly database?: string | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

/**
 * Changes the options of a peer in the configuration file. If its address changes, its remote in the database follows,
 * now or with the next run. Works in every sync mode and offline.
 * @throws Failure `bad-usage` without any change, `invalid-peer-name` for the primary, `unknown-peer`,
 * `working-database`, `not-a-remote`, or any error of the changed configuration; nothing is written then
 */
export async function setPeer(request: SetPeerRequest, context: Context): Promise<SetPeerResult> {
  const { name, endpoint, changes, database } = request;
  if (endpoint === undefined && changes.set.length === 0 && changes.unset.length === 0) {
    throw new Failure('bad-usage', 'there is nothing to change', {
      hint: `Give an option of the peer, such as \`dolt-federation set-peer ${name} --role backup\`.`,
    });
  }
  const edited = await changePeer(request, context);
  const [before, peer] = [edited.before, edited.after].map(({ peers }) => peers.find((one) => one.name === name));
  if (peer !== undefined && edited.isChanged) {
    await warnOfPeer(peer, edited.after, { context, database });
    const isMoved = before?.endpoint.dolt !== peer.endpoint.dolt || before.ref !== peer.ref;
    if (isMoved && edited.after.register.value === 'keep')
      await registerNow(peer, { database, configuration: edited.after, asked: false }, context);
  }
  return { name, status: edited.isChanged ? 'changed' : 'unchanged', file: edited.file };
}

/** Changes the entry of a peer in the configuration file. */
export async function changePeer(
  { name, endpoint, changes, overrides }: Pick<SetPeerRequest, 'name' | 'endpoint' | 'changes' | 'overrides'>,
  context: Context,
): Promise<Edited> {
  if (name.toLowerCase() === 'origin') {
    throw new Failure('invalid-peer-name', '"origin" is the primary, which has no options of its own', {
      hint: 'Set its address with `dolt-federation config set federation.remote <endpoint>`.',
    });
  }
  if (endpoint !== undefined) await refuseUnfitEndpoint(endpoint, overrides, context);
  const moved = endpoint === undefined ? [] : [{ path: ['endpoint'], value: endpoint }];
  return await editConfiguration(context, overrides, (text, { peers }) => {
    const names = peerNames(text, peers);
    if (!names.includes(name)) throw absentPeer(name, names);
    return withPeerChanges(text, name, { set: [...moved, ...changes.set], unset: changes.unset });
  });
}

export const setPeerCommand = defineCommand({
  parse: (raw): SetPeerRequest => ({
    name: raw.operands[0] ?? '',
    endpoint: raw.read('endpoint'),
    changes: requestedPeerChanges(raw, 'empty-removes'),
    database: raw.read('database'),
    overrides: requestedConfig(raw.read),
    dolt: requestedDolt(raw),
  }),
  run: setPeer,
  render: (result) => ({
    json: result,
    text: () =>
      result.status === 'changed'
        ? `changed peer ${result.name} in ${plain(result.file)}\n`
        : `peer ${result.name} has these options already: ${plain(result.file)} is unchanged\n`,
  }),
});
