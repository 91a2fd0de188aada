import { buildConfiguration } from '../config/build.ts';
import type { ConfigOverrides, Configuration } from '../config/configuration.ts';
import type { ConfigurationContext } from '../config/find-config.ts';
import { readSource } from '../config/load.ts';
import { SETTING_NAMES, SETTINGS, settingText } from '../config/settings.ts';
import type { ConfigEntry } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import { suggestion } from '../core/suggestion.ts';
import { plain } from '../core/text.ts';
import { textTable } from '../report/text/table.ts';
import { type Command, defineCommand } from './command.ts';
import { entry, optionEntries } from './editing/peer-options.ts';
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
  const found = [...entries, ...optionEntries(configuration, source)].filter((entry) => entry.key === key);
  if (found.length > 0) return found;
  const near = nearKey(
    key,
    entries.map((entry) => entry.key),
  );
  throw new Failure('config-unknown-key', `unknown configuration key ${JSON.stringify(key)}`, {
    hint: `${near === null ? '' : `Did you mean \`${near}\`? `}\`dolt-federation config list\` prints all keys.`,
  });
}

/** The key that was probably meant: the first below it, one of its section, any that is spelt alike, or one with its last word. */
function nearKey(key: string, keys: readonly string[]): string | null {
  const [section, last] = split(key);
  const beside = keys.filter((other) => split(other)[0] === section).map((other) => split(other)[1]);
  if (beside.length > 0) {
    const near = keys.find((other) => other.startsWith(`${key}.`)) ?? suggestion(last, beside);
    if (near !== null) return near.startsWith(section) ? near : `${section}.${near}`;
  }
  const hasWord = (other: string) => last !== '' && other.split('.').includes(last);
  return (beside.length > 0 ? null : suggestion(key, keys)) ?? keys.find(hasWord) ?? null;
}

function split(key: string): readonly [section: string, last: string] {
  const at = key.indexOf('.');
  return at === -1 ? ['', key] : [key.slice(0, at), key.slice(at + 1)];
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
