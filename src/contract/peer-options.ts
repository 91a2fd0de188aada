import { CLI, type OptionEntry } from './option-entry.ts';
import { ACCEPTS, CONFLICT_STRATEGIES, ROLES, TIERS } from './vocabulary.ts';

const BOOLEAN = ['true', 'false'] as const;

/** Options that only `add-peer` and `set-peer` take. */
export const PEER_OPTIONS = {
  role: { description: "The peer's role", frontends: CLI, type: 'choice', choices: ROLES },
  tier: { description: "The peer's tier of sovereignty", frontends: CLI, type: 'choice', choices: TIERS },
  'lower-tier': {
    description: "Whether the peer's tier may be below the tier of the federation",
    frontends: CLI,
    type: 'choice',
    choices: BOOLEAN,
  },
  conflict: {
    description: 'Conflict strategy for this peer; by default the strategy of the whole run',
    frontends: CLI,
    type: 'choice',
    choices: CONFLICT_STRATEGIES,
  },
  accept: {
    description: 'Incoming changes that do not block the peer, separated by commas',
    frontends: CLI,
    type: 'text',
    value: 'list',
    listOf: ACCEPTS,
  },
  trust: {
    description:
      'Patterns of the systems (`source_system`) whose rows the peer may change, separated by commas; by default all',
    frontends: CLI,
    type: 'text',
    list: true,
    value: 'patterns',
  },
  user: { description: "User name at the peer's server", frontends: CLI, type: 'text', value: 'name' },
  ref: { description: 'Git ref that holds the data of a git remote', frontends: CLI, type: 'text', value: 'name' },
  live: {
    description: 'Whether an https or ssh peer is a running database; pushes to one go to an inbox branch',
    frontends: CLI,
    type: 'choice',
    choices: BOOLEAN,
  },
  'allowed-hosts': {
    description: "More hosts that the peer's server may name, separated by commas",
    frontends: CLI,
    type: 'text',
    list: true,
    value: 'list',
  },
  'aws-region': { description: 'AWS region of an s3 or aws remote', frontends: CLI, type: 'text', value: 'region' },
  'aws-profile': {
    description: 'Profile of the AWS configuration of the user',
    frontends: CLI,
    type: 'text',
    value: 'name',
  },
  'aws-endpoint': {
    description: 'Address of an S3-compatible service, such as https://s3.example',
    frontends: CLI,
    type: 'text',
    value: 'url',
  },
  'aws-path-style': {
    description: 'Whether the bucket is part of the path instead of the host',
    frontends: CLI,
    type: 'choice',
    choices: BOOLEAN,
  },
  'aws-dynamodb-table': {
    description: 'DynamoDB table that holds the manifest; its hash key is the string `db`',
    frontends: CLI,
    type: 'text',
    value: 'name',
  },
} as const satisfies Record<string, OptionEntry>;

/** How the value of a key is written: as text, as a number, as true or false, as a list, or as one of the last two. */
export type ValueForm = 'text' | 'number' | 'boolean' | 'list' | 'boolean-or-list';

interface PeerSetting {
  /** The key in the mapping of the peer. */
  readonly path: readonly [key: string, inner?: string];
  readonly form: ValueForm;
}

/** Every option of a peer besides its endpoint, by flag, in the order of the file. */
export const PEER_SETTINGS = {
  role: { path: ['role'], form: 'text' },
  tier: { path: ['tier'], form: 'text' },
  'lower-tier': { path: ['lower-tier'], form: 'boolean' },
  branch: { path: ['branch'], form: 'text' },
  conflict: { path: ['conflict'], form: 'text' },
  accept: { path: ['accept'], form: 'list' },
  trust: { path: ['trust'], form: 'list' },
  user: { path: ['user'], form: 'text' },
  ref: { path: ['ref'], form: 'text' },
  timeout: { path: ['timeout'], form: 'text' },
  live: { path: ['live'], form: 'boolean' },
  'allowed-hosts': { path: ['allowed-hosts'], form: 'list' },
  'aws-region': { path: ['aws', 'region'], form: 'text' },
  'aws-profile': { path: ['aws', 'profile'], form: 'text' },
  'aws-endpoint': { path: ['aws', 'endpoint'], form: 'text' },
  'aws-path-style': { path: ['aws', 'path-style'], form: 'boolean' },
  'aws-dynamodb-table': { path: ['aws', 'dynamodb-table'], form: 'text' },
} as const satisfies Readonly<Record<keyof typeof PEER_OPTIONS | 'branch' | 'timeout', PeerSetting>>;

export type PeerSettingName = keyof typeof PEER_SETTINGS;
type PeerPath = (typeof PEER_SETTINGS)[PeerSettingName]['path'];
/** The keys of a peer's mapping, besides its endpoint, and those of its `aws`. */
export type PeerKey = PeerPath[0];
export type PeerAwsKey = Extract<PeerPath, readonly ['aws', string]>[1];

/** The flags of all peer options. */
export const PEER_SETTING_NAMES = Object.keys(PEER_SETTINGS) as [PeerSettingName, ...PeerSettingName[]];
