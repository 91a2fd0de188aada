import { ENDPOINT_FORMS } from '../../src/config/endpoint/kinds.ts';
import { anyCase } from '../../src/config/value-schemas.ts';
import { DURATION_FORM } from '../../src/contract/duration.ts';
import { PEER_OPTIONS } from '../../src/contract/peer-options.ts';
import { ATTRIBUTIONS } from '../../src/contract/vocabulary.ts';

/**
 * The description of a key for editors, and the checks that the zod schema makes in code and therefore does not
 * express.
 */
export interface KeyInfo {
  readonly description: string;
  readonly examples?: readonly unknown[];
  /** Replaces what follows from the zod schema. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

const HOST = String.raw`^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)(?::[1-9][0-9]{0,4})?$`;
const NAME = '^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$';
/** Without a port: of a server. */
const SERVER_HOST = String.raw`^(?:[^/@\s:\[\]]+|[0-9A-Fa-f:]+)$`;
const PORT = { type: 'integer', minimum: 1, maximum: 65_535 };
const PATTERNS = {
  anyOf: [{ type: 'array', items: { type: 'string', minLength: 1 }, maxItems: 10_000 }, { type: 'string' }],
};
/** Of the words, `stamp` is refused by this version. */
const SUPPORTED_ATTRIBUTIONS = ATTRIBUTIONS.filter((mode) => mode !== 'stamp');
const REF = String.raw`^refs/[^/]+/[^\s:*?\[\\~^]+$`;

/** An endpoint: one of the schemes, or git's short form; never with a password. */
export const ENDPOINT_SCHEMA = {
  type: 'string',
  description: `Address of a remote: ${ENDPOINT_FORMS.join(', ')}`,
  examples: ['file:///srv/dolt/partner', 'dolthub://org/repo', 'https://dolt.example/org/repo'],
  pattern: String.raw`^(?:[A-Za-z][A-Za-z0-9+.-]*://\S+|[^\s/@:]+@[^\s/@:]+:\S+)$`,
  not: { pattern: '^[^/]*//[^/?#]*:[^/?#]*@' },
} as const;

/** The name of a peer; those of branches and of the primary are reserved. */
export const PEER_NAME = `^(?!(?:${['origin', 'main', 'master', 'head'].map(anyCase).join('|')})$)[A-Za-z][A-Za-z0-9_-]{0,63}$`;

/** The keys of our sections. */
export const SETTING_KEYS: Readonly<Record<string, KeyInfo>> = {
  'sync.mode': {
    description: 'How the workspace is synchronized. Only dolt-native and belt-and-suspenders allow federation.',
    examples: ['dolt-native'],
  },
  'federation.remote': {
    description: 'Endpoint of the primary, the peer `origin`. Empty or null: there is none.',
    examples: ['file:///srv/dolt/north'],
    schema: { anyOf: [{ type: 'null' }, { const: '' }, { $ref: '#/$defs/endpoint' }] },
  },
  'federation.sovereignty': {
    description: 'What peers may see. This version sends T1 only: the whole history.',
    examples: ['T1'],
  },
  'federation.allowed-remote-patterns': {
    description:
      "Patterns of Go's path.Match on canonical endpoints. Every peer must match one; no pattern allows all.",
    examples: [['file:///srv/dolt/*', 'https://dolt.example/*/*']],
    schema: PATTERNS,
  },
  'federation.dirty': {
    description: 'How uncommitted changes are handled: allow (they stay here), fail, or commit.',
    examples: ['allow'],
  },
  'federation.database': {
    description: 'Folder of the database, relative to this file. By default it is found.',
    examples: ['../db'],
  },
  'federation.push': {
    description: 'Whether pushing is allowed. true overrides no-push, dolt.local-only and readonly of beads.',
    examples: [false],
    schema: {
      anyOf: [{ type: 'boolean' }, { type: 'string', pattern: `^\\s*(?:${anyCase('true')}|${anyCase('false')})\\s*$` }],
    },
  },
  'federation.server': {
    description: 'The running server that holds the database.',
    examples: [{ port: 3306 }],
    schema: {
      type: ['object', 'null'],
      additionalProperties: false,
      required: ['port'],
      properties: {
        port: { ...PORT, description: 'Port of the SQL server' },
        host: { type: 'string', pattern: SERVER_HOST, default: '127.0.0.1', description: 'Its host' },
        user: {
          type: 'string',
          minLength: 1,
          default: 'root',
          description: 'The user, if the credentials have no entry',
        },
        database: { type: ['string', 'null'], minLength: 1, description: 'Name of the database at the server' },
        remotesapi: {
          anyOf: [PORT, { type: 'null' }],
          description: 'Port of its remote interface, for a server that cannot use files of this user',
        },
        tls: { type: 'boolean', description: 'Whether both ports use TLS; must be true for another machine' },
      },
    },
  },
  'federation.register': {
    description: 'Whether peers stay remotes of the database (keep) or only during a run (run).',
    examples: ['keep'],
  },
  'federation.town': {
    description: 'Name of this database among its peers; `live: true` needs it.',
    examples: ['north'],
    schema: { type: 'string', pattern: NAME, not: { pattern: String.raw`\.\.` } },
  },
  'federation.inbox': {
    description: 'Whose deliveries to inbox branches of this database are merged: true, false, or names.',
    examples: [true, ['south']],
    schema: { anyOf: [{ type: 'boolean' }, { type: 'array', items: { type: 'string', pattern: NAME } }] },
  },
  'federation.plain-hosts': {
    description: 'Hosts whose https and ssh peers are not running databases.',
    examples: [['dolt.example:50051']],
    schema: { type: 'array', items: { type: 'string', pattern: HOST } },
  },
  'federation.attribution': {
    description: 'Whether incoming rows are counted by their source system: report or off. This version refuses stamp.',
    examples: ['report'],
    schema: {
      type: 'string',
      anyOf: [
        { enum: SUPPORTED_ATTRIBUTIONS },
        { pattern: `^\\s*(?:${SUPPORTED_ATTRIBUTIONS.map(anyCase).join('|')})\\s*$` },
      ],
    },
  },
  'conflict.strategy': {
    description: 'How rows that both sides changed are resolved. A peer may set its own.',
    examples: ['newest'],
  },
  'federation.exclude_types': {
    description: "Types that beads hides; only beads' own default, wisp, is supported.",
    examples: [['wisp']],
    schema: { enum: [[], ['wisp'], null, 'wisp', ''] },
  },
};

/** The keys of the mapping of a peer. */
export const PEER_KEY_INFO: Readonly<Record<string, KeyInfo>> = {
  endpoint: { description: 'Address of the peer', schema: { $ref: '#/$defs/endpoint' } },
  role: {
    description:
      'primary (at most one), peer, upstream (read only), backup (push only), archive (push only, not in sync)',
    examples: ['backup'],
  },
  tier: { description: PEER_OPTIONS.tier.description, examples: ['T1'] },
  'lower-tier': { description: PEER_OPTIONS['lower-tier'].description },
  branch: { description: 'Branch of the peer; by default our own branch', examples: ['stable'] },
  conflict: { description: PEER_OPTIONS.conflict.description, examples: ['manual'] },
  accept: { description: 'Incoming changes that do not block the peer', examples: [['triggers']] },
  trust: {
    description: 'Patterns of the systems (source_system) whose rows the peer may change. Absent: all rows.',
    examples: [['north', 'github:*']],
    schema: PATTERNS,
  },
  ref: {
    description: PEER_OPTIONS.ref.description,
    examples: ['refs/heads/dolt-data'],
    schema: { type: 'string', pattern: REF },
  },
  user: { description: PEER_OPTIONS.user.description, examples: ['sync'] },
  live: { description: PEER_OPTIONS.live.description },
  aws: { description: 'How an s3 or aws remote is reached', examples: [{ region: 'eu-west-1' }] },
  timeout: {
    description: `Time limit of one fetch or push: ${DURATION_FORM}`,
    examples: ['90s', '10m'],
    schema: { type: 'string', pattern: String.raw`^\s*[1-9]\d{0,8}[smhd]\s*$` },
  },
  'allowed-hosts': {
    description: 'More hosts that the server of the peer may name',
    examples: [['files.example:443']],
    schema: { type: 'array', items: { type: 'string', pattern: HOST } },
  },
};

/** The keys of `aws` of a peer. */
export const AWS_KEY_INFO: Readonly<Record<string, KeyInfo>> = {
  region: { description: PEER_OPTIONS['aws-region'].description, examples: ['eu-west-1'] },
  profile: { description: PEER_OPTIONS['aws-profile'].description },
  endpoint: {
    description: PEER_OPTIONS['aws-endpoint'].description,
    examples: ['https://s3.example'],
    schema: { type: 'string', pattern: String.raw`^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\s]+/?$` },
  },
  'path-style': { description: PEER_OPTIONS['aws-path-style'].description },
  'dynamodb-table': { description: PEER_OPTIONS['aws-dynamodb-table'].description, examples: ['manifests'] },
};
