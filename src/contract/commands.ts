import type { OptionName } from './options.ts';
import { PEER_SETTING_NAMES } from './peer-options.ts';

interface ArgumentEntry {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
}

export interface CommandEntry {
  readonly summary: string;
  readonly arguments: readonly ArgumentEntry[];
  readonly options: readonly OptionName[];
  /** Defaults of options that differ from those of the option table. */
  readonly defaults?: Readonly<Partial<Record<OptionName, string>>>;
  /** Whether `--show-origin` prints where each value came from. */
  readonly showOrigin?: true;
  /** Whether the Action's input `command` may name it. */
  readonly action: boolean;
}

const PEERS = [
  { name: 'peer', description: 'names of the peers to work on; by default all', required: false, variadic: true },
] as const;
const NAME = { name: 'name', description: 'name of the peer', required: true, variadic: false } as const;
const KEY = {
  name: 'key',
  description: 'for example federation.sovereignty, or federation.peers.<name>.role',
  required: true,
  variadic: false,
} as const;

const DOLT = ['dolt-version', 'dolt-source', 'dolt-path', 'dolt-sha256', 'dolt-mirror'] as const;
const CONFIG = [
  'config',
  'sync-mode',
  'remote',
  'sovereignty',
  'conflict-strategy',
  'dirty',
  'dolthub-host',
  'allow-insecure',
] as const;
const READ = [
  ...CONFIG,
  'credentials',
  'database',
  'branch',
  'only-role',
  'shard',
  'timeout',
  'merge-timeout',
  'retries',
  'parallel',
  'fail-on',
  'report-values',
  ...DOLT,
] as const;
const RUN = [...READ, 'fetch-wait', 'dry-run', 'bootstrap', 'fix-remotes'] as const;
/** Of the commands that write to the database. */
const WRITE = [...RUN, 'save', 'stop-bd'] as const;
const JSONL = ['jsonl-path', 'allow-fewer'] as const;
const REWRITES = ['adopt', 'discard-local', 'merge-rewritten'] as const;

/** Every command, in the order of the help. */
export const COMMANDS = {
  init: {
    summary: 'Set up a federation: write the configuration and print the workflow to copy',
    arguments: [
      { name: 'endpoint', description: 'address to which this database publishes', required: false, variadic: false },
    ],
    options: [
      'database',
      'name',
      'live',
      'aws-region',
      'aws-dynamodb-table',
      'yes',
      'dolthub-host',
      'allow-insecure',
      'credentials',
      ...DOLT,
    ],
    action: false,
  },
  sync: {
    summary: 'Fetch all peers, merge, push to all, and verify',
    arguments: PEERS,
    options: [...WRITE, 'stale-after', 'init-empty', 'max-delete', 'force-with-lease', ...REWRITES, ...JSONL],
    action: true,
  },
  pull: {
    summary: 'Fetch and merge without pushing',
    arguments: PEERS,
    options: [...WRITE, 'max-delete', ...REWRITES, ...JSONL],
    action: true,
  },
  push: {
    summary: 'Push committed changes and verify, without merging',
    arguments: PEERS,
    options: [...WRITE, 'stale-after', 'init-empty', 'force-with-lease'],
    action: true,
  },
  backup: {
    summary: 'Push the branch and the tag of a release to the backups, and prove each copy',
    arguments: PEERS,
    options: [...WRITE, 'stale-after', 'init-empty', 'tag', 'drill', 'require-copies', 'proof'],
    action: true,
  },
  status: {
    summary: 'Show how far ahead or behind each peer is',
    arguments: PEERS,
    options: [...READ, 'stale-after', 'max-delete'],
    action: true,
  },
  plan: {
    summary: 'Show what sync would do with each peer: commits, tables, rows and conflicts',
    arguments: PEERS,
    options: [...READ, 'fetch-wait', 'bootstrap', 'init-empty', 'max-delete', 'force-with-lease', ...REWRITES],
    action: true,
  },
  'add-peer': {
    summary: 'Add a peer to the configuration',
    arguments: [
      { name: 'name', description: 'name of the peer', required: false, variadic: false },
      { name: 'endpoint', description: 'address of the peer', required: false, variadic: false },
    ],
    options: [
      ...PEER_SETTING_NAMES,
      'from-remote',
      'register',
      'save',
      'config',
      'database',
      'dolthub-host',
      'allow-insecure',
    ],
    action: false,
  },
  'set-peer': {
    summary: 'Change the options of a peer; an empty value removes one',
    arguments: [NAME],
    options: ['endpoint', ...PEER_SETTING_NAMES, 'unset', 'config', 'database', 'dolthub-host', 'allow-insecure'],
    action: false,
  },
  'remove-peer': {
    summary: 'Remove a peer from the configuration',
    arguments: [NAME],
    options: ['config', 'database'],
    action: false,
  },
  resolve: {
    summary: 'Resolve conflicts, from a file or interactively',
    arguments: [],
    options: [
      'file',
      'yes',
      'config',
      'database',
      'credentials',
      'max-delete',
      'merge-timeout',
      'dolthub-host',
      'allow-insecure',
      ...DOLT,
    ],
    action: false,
  },
  export: {
    summary: 'Write the issues to the JSONL file of the workspace, like bd export',
    arguments: [],
    options: [
      'config',
      ...JSONL,
      'check',
      'credentials',
      'database',
      'branch',
      'bootstrap',
      'timeout',
      'retries',
      'report-values',
      'dolthub-host',
      'allow-insecure',
      ...DOLT,
    ],
    action: true,
  },
  report: {
    summary: 'Combine the results of several runs into one report, such as legs of a fan-out',
    arguments: [
      {
        name: 'file',
        description: 'files with results as JSON, or folders of such files',
        required: true,
        variadic: true,
      },
    ],
    options: ['expect', 'html', 'fail-on', 'report-values'],
    action: true,
  },
  'list-peers': {
    summary: 'List the configured peers, or those that only the database knows',
    arguments: [],
    options: [...CONFIG, 'unregistered', 'database', ...DOLT],
    action: false,
  },
  'config list': {
    summary: 'Print the effective configuration',
    arguments: [],
    options: CONFIG,
    showOrigin: true,
    action: false,
  },
  'config get': {
    summary: 'Print one effective value',
    arguments: [KEY],
    options: CONFIG,
    showOrigin: true,
    action: false,
  },
  'config set': {
    summary: 'Set one key in the configuration file',
    arguments: [
      KEY,
      { name: 'value', description: 'the new value; a list is separated by commas', required: true, variadic: false },
    ],
    options: ['config', 'dolthub-host', 'allow-insecure'],
    action: false,
  },
  'config unset': {
    summary: 'Remove one key from the configuration file',
    arguments: [KEY],
    options: ['config', 'dolthub-host', 'allow-insecure'],
    action: false,
  },
  validate: {
    summary: 'Check the configuration offline and report every problem; needs no Dolt',
    arguments: [],
    options: [...CONFIG, 'only-role', 'shards', 'base', 'fail-on-change', 'format'],
    action: true,
  },
  doctor: {
    summary: 'Check the setup of the configured peers offline and say how to fix each problem',
    arguments: PEERS,
    options: [...CONFIG, 'credentials', 'database', 'branch', ...DOLT],
    action: true,
  },
  install: {
    summary: 'Find or install Dolt and print its version and path',
    arguments: [],
    options: DOLT,
    action: true,
  },
  completion: {
    summary: 'Print the completions for bash, zsh or fish',
    arguments: [{ name: 'shell', description: 'bash, zsh or fish', required: true, variadic: false }],
    options: [],
    action: false,
  },
  version: {
    summary: 'Print the versions of dolt-federation, Node and Dolt',
    arguments: [],
    options: DOLT,
    action: false,
  },
  demo: {
    summary: 'Federate three databases in a temporary folder over file://',
    arguments: [],
    options: DOLT,
    // The demo is a first try, so it accepts any Dolt that can be installed.
    defaults: { 'dolt-source': 'auto' },
    action: false,
  },
} as const satisfies Record<string, CommandEntry>;

export type CommandName = keyof typeof COMMANDS;

/** The names of all commands, in the order of the help. */
export const COMMAND_NAMES = Object.keys(COMMANDS) as [CommandName, ...CommandName[]];

/** The text that replaces the default of an option for one command; undefined: the default of the option holds. */
export function commandDefault(command: CommandName, name: OptionName): string | undefined {
  const entry: CommandEntry = COMMANDS[command];
  return entry.defaults?.[name];
}

/** The topics of `dolt-federation help`, each with its page in docs. In a workflow, messages link to the page. */
export const TOPIC_PAGES = {
  configuration: 'configuration.md',
  credentials: 'credentials.md',
  endpoints: 'endpoints.md',
  beads: 'beads.md',
  merging: 'merging.md',
  'rewritten-histories': 'rewritten-histories.md',
  safety: 'safety.md',
  backups: 'backups.md',
  'pull-requests': 'pull-requests.md',
  'exit-codes': 'commands.md#exit-codes',
} as const satisfies Record<string, string>;

export type TopicName = keyof typeof TOPIC_PAGES;
