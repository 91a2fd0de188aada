import type { ConfigOverrides } from '../config/configuration.ts';
import { peerNames, writtenPeers } from '../config/peer-changes.ts';
import { withoutValue } from '../config/yaml/edit.ts';
import type { RemovePeerResult } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import { plain } from '../core/text.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { absentPeer } from './editing/absent-peer.ts';
import { editConfiguration } from './prepare/edit-configuration.ts';
import { requestedConfig, requestedDolt } from './prepare/options.ts';
import { removeRemotesOf } from './prepare/register-remote.ts';

export interface RemovePeerRequest {
  readonly name: string;
  readonly database?: string | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

interface Removed {
  readonly result: RemovePeerResult;
  readonly file: string;
}

/**
 * Removes a peer from the configuration file and, if there is a database, its remote. Works in every sync mode and
 * offline.
 * @throws Failure `invalid-peer-name` for the primary, `unknown-peer`, or any error of loading or writing the file
 */
export async function removePeer(request: RemovePeerRequest, context: Context): Promise<Removed> {
  const { name, overrides } = request;
  if (name.toLowerCase() === 'origin') {
    throw new Failure('invalid-peer-name', '"origin" is the primary, which remove-peer cannot remove', {
      hint: 'Run `dolt-federation config unset federation.remote`.',
    });
  }
  const { before: configuration, file } = await editConfiguration(context, overrides, (text, { peers }) => {
    const names = peerNames(text, peers);
    if (!names.includes(name)) throw absentPeer(name, names);
    if (!writtenPeers(text).includes(name)) {
      throw new Failure('unknown-peer', `the peer ${name} is not in the file but in the input \`peers\``);
    }
    return withoutValue(text, ['federation', 'peers', name]);
  });
  await removeRemotesOf(name, { database: request.database, configuration }, context);
  return { result: { name, status: 'removed' }, file };
}

export const removePeerCommand = defineCommand({
  parse: (raw): RemovePeerRequest => ({
    name: raw.operands[0] ?? '',
    database: raw.read('database'),
    overrides: requestedConfig(raw.read),
    dolt: requestedDolt(raw),
  }),
  run: removePeer,
  render: ({ result, file }) => ({
    json: result,
    text: () => `removed peer ${result.name} from ${plain(file)}\n`,
  }),
});
