import { dirname } from 'node:path';
import type { Env } from '../core/env.ts';
import { Failure, type Location } from '../core/failure.ts';
import { shownValue } from '../core/text.ts';
import type { ConfigOverrides, Configuration } from './configuration.ts';
import { requireMatch } from './endpoint/allow-list.ts';
import { DOLTHUB_HOST, endpointOptions } from './endpoint/options.ts';
import { type GuardFile, readGuards } from './guards.ts';
import { checkKeys, readSections, SECTIONS, type Section, sectionKeys } from './known-keys.ts';
import type { Layers } from './layers.ts';
import { refuseNearSections } from './near-sections.ts';
import { type PeerEntry, readPeerEntries } from './peer-entry.ts';
import { buildPeers } from './peers.ts';
import { Problems, placed } from './problems.ts';
import { serverForms } from './server.ts';
import { pushOf, readSettings } from './settings.ts';
import type { Redirect } from './workspace/redirect.ts';
import { parseYaml, type YamlText } from './yaml/parse.ts';
import { asMapping, type ConfigMapping, type ConfigValue, field, toConfigMapping } from './yaml/tree.ts';

/** The files found on disk: null if there is none. */
export interface ConfigSource {
  readonly file: string | null;
  readonly text: string | null;
  readonly workspace: string | null;
  /** The redirect of the workspace; absent or null: none. */
  readonly redirect?: Redirect | null;
  /** The variables in the `.env` of the workspace, which only bd's own settings heed; absent: none. */
  readonly bdEnv?: Env;
  /** Whether the workspace is one of beads, and not just the folder of our own file; absent: yes. */
  readonly isBeads?: boolean;
  /** Folder of relative paths in suggestions; absent: that of the file. */
  readonly base?: string;
  /** More files that beads reads, low to high; only its guards count. */
  readonly below?: readonly GuardFile[];
  readonly above?: readonly GuardFile[];
}

/** How messages name the text of the input `peers`. */
const PEERS_INPUT = 'input peers';

/** The file of a configuration as YAML and, for our sections, as one tree. */
export interface ConfigText {
  readonly yaml: YamlText;
  readonly tree: ConfigMapping;
}

/** Everything that can be said about a configuration, valid or not. */
export interface Inspection {
  /** All problems that prevent a run, by position. */
  readonly problems: readonly Failure[];
  /** null: the file is not valid YAML. */
  readonly text: ConfigText | null;
  /** The configuration without its invalid parts; null if nothing could be built. */
  readonly configuration: Configuration | null;
}

/**
 * The effective configuration of a run. Pure: reads neither disk nor network.
 * @throws Failure the first of all problems; `problems` lists the others.
 */
export function buildConfiguration(source: ConfigSource, env: Env, overrides: ConfigOverrides): Configuration {
  const problems = new Problems();
  const configuration = assemble(source, readText(source, problems), { env, overrides, problems });
  problems.throwIfAny();
  return configuration;
}

/** The same without a throw: all problems, and what could be read in spite of them. Pure. */
export function inspectConfiguration(source: ConfigSource, env: Env, overrides: ConfigOverrides): Inspection {
  const problems = new Problems();
  const text = problems.attempt(() => readText(source, problems)) ?? null;
  const configuration =
    text === null ? undefined : problems.attempt(() => assemble(source, text, { env, overrides, problems }));
  return { problems: problems.sorted(), text, configuration: configuration ?? null };
}

function readText(source: ConfigSource, problems: Problems): ConfigText {
  const yaml = parseYaml(source.text ?? '', source.file ?? '');
  refuseNearSections(yaml, problems);
  return { yaml, tree: readSections(yaml, problems) };
}

function assemble(
  source: ConfigSource,
  { yaml, tree }: ConfigText,
  { env, overrides, problems }: Pick<Layers, 'env' | 'overrides' | 'problems'>,
): Configuration {
  const options = endpointOptions(env, overrides);
  for (const section of SECTIONS) checkSection(tree, section, problems);
  const settings = readSettings({ folders: source, tree, env, overrides, problems });
  const push = pushOf(settings, readGuards(guardFiles(source, yaml), { ...source.bdEnv, ...env }, problems));
  const entries = [...peersOfFile(tree, problems), ...peersOfInput(overrides, problems)];
  const peers = buildPeers(entries, settings.remote, {
    sovereignty: settings.sovereignty.value,
    strategy: settings.strategy.value,
    // A malformed pattern was already reported; comparing with it would report it again for every peer.
    patterns: settings.allowedRemotePatterns.value,
    // DoltHub's own hosts never run a user's database, in any spelling of the endpoint.
    plainHosts: new Set([...settings.plainHosts.value, DOLTHUB_HOST, options.dolthubHost.toLowerCase()]),
    town: settings.town.value,
    options,
    base: { cwd: source.base ?? dirname(source.file ?? '/'), home: env['HOME'] },
    env,
    problems,
  });
  problems.attempt(() => requireServerAllowed(settings));
  problems.attempt(() => requireTown(settings));
  const { file, workspace, redirect = null, bdEnv = {} } = source;
  return { file, workspace, redirect, bdEnv, ...settings, push, peers };
}

/** @throws Failure `config-invalid` if rows are to get a name, and there is none */
function requireTown({ attribution: { value, origin }, town }: Pick<Configuration, 'attribution' | 'town'>): void {
  if (value !== 'stamp' || town.value !== null) return;
  throw new Failure('config-invalid', '`federation.attribution: stamp` writes `federation.town`, which is not set', {
    hint: 'Set `federation.town` to the name of this database.',
    location: origin.layer === 'file' ? origin.location : undefined,
  });
}

/**
 * Everything that a run merges goes to the server of the database, so the patterns limit it, too. A server without the
 * name of a database matches only a pattern for all of its databases.
 * @throws Failure `endpoint-not-allowed`
 */
function requireServerAllowed({
  server,
  allowedRemotePatterns,
}: Pick<Configuration, 'server' | 'allowedRemotePatterns'>): void {
  const { value, origin } = server;
  if (value === null) return;
  const location = origin.layer === 'file' ? origin.location : undefined;
  for (const form of serverForms(value)) {
    placed('federation.server', location, () => requireMatch(form, allowedRemotePatterns.value));
  }
}

function guardFiles({ file, text, below = [], above = [] }: ConfigSource, yaml: YamlText): readonly GuardFile[] {
  return [...below, { file: file ?? '', text: text ?? '', yaml }, ...above];
}

function checkSection(tree: ConfigMapping, section: Section, problems: Problems): void {
  const written = field(tree, section);
  if (written === undefined) return;
  const mapping = requireMapping(section, written.value, problems);
  if (mapping === null) return;
  const beside = section === 'federation' ? unindentedPeers(mapping) : null;
  if (beside === null) checkKeys(mapping, { keys: sectionKeys(section), prefix: `${section}.` }, problems);
  else problems.add(beside);
}

/** Peers that are not indented below an empty `peers`: one slip, however many there are. */
function unindentedPeers({ fields }: ConfigMapping): Failure | null {
  const peers = fields.get('peers')?.value;
  const known = sectionKeys('federation');
  const [first] = [...fields].filter(([key]) => !Object.hasOwn(known, key));
  if (first === undefined || peers?.kind !== 'scalar' || peers.value !== null) return null;
  const [key, { keyAt }] = first;
  const hint = 'Indent the peers below `peers:`, or remove the empty `peers:` and the key.';
  const message = `federation.peers is empty, and ${shownValue(key)} beside it is no key of federation`;
  return new Failure('config-unknown-key', message, { location: keyAt, hint });
}

function peersOfFile(tree: ConfigMapping, problems: Problems): readonly PeerEntry[] {
  const written = field(field(tree, 'federation')?.value, 'peers');
  const peers = written === undefined ? null : requireMapping('federation.peers', written.value, problems);
  if (peers === null) return [];
  const origin = (location: Location) => ({ layer: 'file', location }) as const;
  return readPeerEntries(peers, { prefix: 'federation.peers.', origin }, problems);
}

function peersOfInput(overrides: ConfigOverrides, problems: Problems): readonly PeerEntry[] {
  const read = problems.attempt(() => {
    const yaml = parseYaml(overrides.peers ?? '', PEERS_INPUT);
    const mapping = yaml.root === null ? null : toConfigMapping(yaml, yaml.root, problems);
    refuseWrapped(mapping);
    return mapping;
  });
  if (read === undefined || read === null) return [];
  const origin = () => ({ layer: 'input', name: 'peers' }) as const;
  return readPeerEntries(read, { prefix: 'peers.', origin }, problems);
}

/** @throws Failure `config-invalid` if the input repeats keys of the file around the peers */
function refuseWrapped(peers: ConfigMapping | null): void {
  for (const [key, { value, keyAt }] of peers?.fields ?? []) {
    if ((key !== 'federation' && key !== 'peers') || value.kind !== 'mapping' || value.fields.has('endpoint')) continue;
    throw new Failure('config-invalid', `the input peers contains the key ${key} around the peers`, {
      location: keyAt,
      hint: 'Write only the peers, each as `name: endpoint`.',
    });
  }
}

function requireMapping(name: string, value: ConfigValue, problems: Problems) {
  const mapping = asMapping(value);
  if (mapping === null) {
    const hint = `Write each ${name === 'federation.peers' ? 'peer as `name: endpoint`' : 'key as `key: value`'}, with a space after the colon and without a dash.`;
    problems.add(
      new Failure('config-invalid', `${name} must be a mapping of keys to values`, { location: value.at, hint }),
    );
  }
  return mapping;
}
