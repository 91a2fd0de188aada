import { closest } from 'fastest-levenshtein';
import { buildConfiguration } from '../config/build.ts';
import type { ConfigOverrides, Configuration } from '../config/configuration.ts';
import type { ConfigurationContext } from '../config/find-config.ts';
import { readSource } from '../config/load.ts';
import { SETTING_NAMES, SETTINGS, settingText } from '../config/settings.ts';
import type { ConfigEntry } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import { plain } from '../core/text.ts';
import { textTable } from '../report/text/table.ts';
import { type Command, defineCommand } from './command.ts';
import { entry, peerOptionEntries } from './editing/peer-options.ts';
import { requestedConfig } from './prepare/options.ts';

export interface ConfigRequest {
  /** One key, or null for all. */
  readonly key: string | null;
  readonly overrides: ConfigOverrides;
}

/**
 * The effective configuration, one entry per key, or only the requested entry. Works in every sync mode.
 * @throws Failure `config-unknown-key` for an unknown key, or any error of loading the configuration
 */
export async function config(request: ConfigRequest, context: ConfigurationContext): Promise<readonly ConfigEntry[]> {
  const source = await readSource(context, request.overrides);
  const configuration = buildConfiguration(source, context.env, request.overrides);
  const entries = listEntries(configuration);
  const { key } = request;
  if (key === null) return entries;
  const found = [...entries, ...peerOptionEntries(configuration, source)].filter((entry) => entry.key === key);
  if (found.length > 0) return found;
  const nearest = closest(
    key,
    entries.map((entry) => entry.key),
  );
  throw new Failure('config-unknown-key', `unknown configuration key ${JSON.stringify(key)}`, {
    hint: `Did you mean \`${nearest}\`? \`dolt-federation config list\` prints all keys.`,
  });
}

function listEntries(configuration: Configuration): readonly ConfigEntry[] {
  return [
    ...SETTING_NAMES.map((name) => {
      const { value, origin } = configuration[name];
      return entry(SETTINGS[name].key, { value: settingText(name, value), origin });
    }),
    // The peer `origin` is federation.remote, which is already listed under that key.
    ...configuration.peers
      .filter((peer) => peer.name !== 'origin')
      .map(({ name, endpoint, origin }) => entry(`federation.peers.${name}`, { value: endpoint.written, origin })),
  ];
}

/** `config list` prints all entries as `key = value`. */
export const configListCommand: Command = configCommand({
  keyOf: () => null,
  json: (entries) => entries,
  line: ({ key, value }) => `${key} = ${value}`,
});

/** `config get` prints only the value, as `git config` does. */
export const configGetCommand: Command = configCommand({
  keyOf: ([key = '']) => key,
  json: ([entry = null]) => entry,
  line: ({ value }) => value,
});

interface ConfigForm {
  readonly keyOf: (operands: readonly string[]) => string | null;
  readonly json: (entries: readonly ConfigEntry[]) => unknown;
  readonly line: (entry: ConfigEntry) => string;
}

function configCommand({ keyOf, json, line }: ConfigForm): Command {
  return defineCommand({
    parse: ({ read, operands }): ConfigRequest => ({ key: keyOf(operands), overrides: requestedConfig(read) }),
    run: config,
    render: (entries) => ({
      json: json(entries),
      text: ({ showOrigin }) => {
        const rows = entries.map((one) => [...(showOrigin ? [plain(one.origin)] : []), plain(line(one))]);
        return textTable(rows)
          .map((row) => `${row}\n`)
          .join('');
      },
    }),
  });
}
