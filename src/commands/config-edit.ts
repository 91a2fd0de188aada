import { z } from 'zod';
import type { ConfigOverrides } from '../config/configuration.ts';
import { looksLikeToken } from '../config/endpoint/text.ts';
import { type EditAction, parseSettingKey, parseSettingValue, type SettingKey } from '../config/setting-keys.ts';
import { SETTINGS } from '../config/settings.ts';
import { valueIn, withoutValue, withValue } from '../config/yaml/edit.ts';
import type { KeyPath } from '../config/yaml/tokens.ts';
import type { ConfigEditResult } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import { plain } from '../core/text.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { defineCommand, type RawRequest } from './command.ts';
import type { Context } from './context.ts';
import { checkDatabase } from './editing/check-database.ts';
import { editConfiguration } from './prepare/edit-configuration.ts';
import { requestedConfig, requestedDolt } from './prepare/options.ts';
import { changePeer } from './set-peer.ts';

export interface ConfigEditRequest {
  readonly key: string;
  /** null: remove the key. */
  readonly value: string | null;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

/**
 * Sets or removes one key of the configuration file, which is validated as a whole before it is written. Works in every
 * sync mode and offline.
 * @throws Failure `config-unknown-key`, `bad-usage`, `secret-in-config`, `unknown-peer`, or any error of the changed configuration; nothing
 * is written then
 */
export async function configEdit(request: ConfigEditRequest, context: Context): Promise<ConfigEditResult> {
  const { key, value } = request;
  const wanted = parseSettingKey(key, value === null ? 'unset' : 'set');
  if (value === '') {
    throw new Failure('bad-usage', `${key} needs a value`, {
      hint: `To remove it: dolt-federation config unset ${key}`,
    });
  }
  if (looksLikeToken(value ?? '')) throw new Failure('secret-in-config', `the value for ${key} is an access token`);
  const { file, isChanged, before } = await edit(wanted, request, context);
  const exists = isChanged || before.file !== null;
  return { key, value, status: isChanged ? 'changed' : 'unchanged', file: exists ? file : null };
}

async function edit(wanted: SettingKey, { key, value, overrides }: ConfigEditRequest, context: Context) {
  if (wanted.kind === 'stray') {
    return await editConfiguration(context, overrides, (text) => {
      if (valueIn(text, wanted.path) === undefined) throw wanted.problem;
      return withoutValue(text, wanted.path);
    });
  }
  if (wanted.kind === 'section') {
    return await editConfiguration(context, overrides, async (text, before, file) => {
      if (value === null) {
        if (before.file === null) return text;
        requireServerComplete(text, wanted.path, 'unset');
        return withoutValue(text, wanted.path);
      }
      requireServerComplete(text, wanted.path, 'set');
      if (key === SETTINGS.database.key) await checkDatabase(value, { before, file }, context);
      return withValue(text, wanted.path, parseSettingValue(value, wanted.form));
    });
  }
  const { name, path, form } = wanted;
  const isEndpoint = path.length === 0 || path[0] === 'endpoint';
  if (value === null && isEndpoint) {
    throw new Failure('bad-usage', `config unset cannot remove ${key}: a peer needs an endpoint`, {
      hint: `To remove the peer: dolt-federation remove-peer ${name}`,
    });
  }
  const changes = {
    set: value === null || isEndpoint ? [] : [{ path, value: parseSettingValue(value, form) }],
    unset: value === null ? [path] : [],
  };
  return await changePeer(
    { name, endpoint: isEndpoint ? (value ?? undefined) : undefined, changes, overrides },
    context,
  );
}

const SERVER = ['federation', 'server'];

/**
 * A server is nothing without its port.
 * @throws Failure `bad-usage` if the port would be missing, with the command that helps
 */
function requireServerComplete(text: string, path: KeyPath, action: EditAction): void {
  const [, section, option] = path;
  if (section !== 'server' || option === undefined) return;
  const server = serverKeys.safeParse(valueIn(text, SERVER)).data ?? {};
  if (action === 'set' && option !== 'port' && server['port'] === undefined) {
    throw new Failure('bad-usage', `${path.join('.')} needs the port of the server first`, {
      hint: 'To set it: dolt-federation config set federation.server.port 3306',
    });
  }
  if (action === 'unset' && option === 'port' && Object.keys(server).length > 1) {
    throw new Failure('bad-usage', 'the other keys of federation.server need the port', {
      hint: 'To remove the server: dolt-federation config unset federation.server',
    });
  }
}

const serverKeys = z.record(z.string(), z.unknown());

function editRequest(raw: RawRequest, value: string | null): ConfigEditRequest {
  const [key = ''] = raw.operands;
  return { key, value, overrides: requestedConfig(raw.read), dolt: requestedDolt(raw) };
}

export const configSetCommand = defineCommand({
  parse: (raw) => editRequest(raw, raw.operands[1] ?? ''),
  run: configEdit,
  render: (result) => ({
    json: result,
    text: () =>
      result.status === 'changed'
        ? `set ${plain(result.key)} = ${plain(result.value ?? '')} in ${plain(result.file ?? '')}\n`
        : `${plain(result.key)} has this value already: ${plain(result.file ?? '')} is unchanged\n`,
  }),
});

export const configUnsetCommand = defineCommand({
  parse: (raw) => editRequest(raw, null),
  run: configEdit,
  render: (result) => ({ json: result, text: () => unsetText(result) }),
});

function unsetText({ key, status, file }: ConfigEditResult): string {
  if (status === 'changed') return `removed ${plain(key)} from ${plain(file ?? '')}\n`;
  return file === null ? 'there is no configuration file\n' : `${plain(key)} is not set in ${plain(file)}\n`;
}
