import { DOLT_OPTIONS } from './dolt-options.ts';
import { ACTION, BOTH, CLI, type OptionEntry } from './option-entry.ts';
import { CONFLICT_STRATEGIES, DIRTY_POLICIES, FAIL_ON, REPORT_VALUES, ROLES, SYNC_MODES, TIERS } from './vocabulary.ts';

/** Every option of both faces, in the order of the README. */
export const OPTIONS = {
  config: {
    description: 'Path of the configuration file; otherwise `.beads/config.yaml` is searched upward',
    frontends: BOTH,
    type: 'text',
    value: 'file',
  },
  peers: {
    description: 'Further peers as YAML, written like `federation.peers` in the file',
    frontends: ACTION,
    type: 'text',
  },
  only: {
    description: 'Names of the peers to work on, separated by commas or line breaks; otherwise all',
    frontends: ACTION,
    type: 'text',
  },
  'only-role': {
    description: 'Roles of the peers to work on, separated by commas or line breaks; otherwise all',
    frontends: BOTH,
    type: 'text',
    value: 'roles',
  },
  'working-directory': {
    description: 'Folder to start from, relative to the workspace',
    frontends: ACTION,
    type: 'text',
    default: '.',
  },
  database: {
    description: 'Folder of the database, the one that holds `.dolt`; otherwise it is found',
    frontends: BOTH,
    type: 'text',
    value: 'folder',
  },
  branch: {
    description: 'Branch to federate; otherwise the one that is checked out',
    frontends: BOTH,
    type: 'text',
    value: 'name',
  },
  role: { description: "The peer's role", frontends: CLI, type: 'choice', choices: ROLES },
  tier: { description: "The peer's tier of sovereignty", frontends: CLI, type: 'choice', choices: TIERS },
  conflict: {
    description: 'How conflicts with the peer are settled; otherwise as in the whole run',
    frontends: CLI,
    type: 'choice',
    choices: CONFLICT_STRATEGIES,
  },
  user: { description: "User to name to the peer's server", frontends: CLI, type: 'text', value: 'name' },
  ref: { description: 'Git ref that holds the data of a git remote', frontends: CLI, type: 'text', value: 'name' },
  live: {
    description: 'Whether an https or ssh peer is a running database, which gets pushes in an inbox branch',
    frontends: CLI,
    type: 'choice',
    choices: ['true', 'false'],
  },
  file: {
    description: 'Conflicts file to settle; else rows are asked for',
    frontends: CLI,
    type: 'text',
    value: 'file',
  },
  'sync-mode': {
    description: 'Sync mode; only `dolt-native` and `belt-and-suspenders` allow federation',
    frontends: BOTH,
    type: 'choice',
    choices: SYNC_MODES,
    default: 'config',
  },
  remote: {
    description: 'Endpoint of the primary, the peer `origin`',
    frontends: BOTH,
    type: 'text',
    value: 'endpoint',
    default: 'config',
  },
  sovereignty: {
    description: 'Tier of sovereignty; it can only raise what the configuration says',
    frontends: BOTH,
    type: 'choice',
    choices: TIERS,
    default: 'config',
  },
  'conflict-strategy': {
    description: 'How rows that both sides changed are settled; a peer may have its own `conflict`',
    frontends: BOTH,
    type: 'choice',
    choices: CONFLICT_STRATEGIES,
    default: 'config',
  },
  dirty: {
    description: 'What to do about uncommitted changes: federate what is committed, fail, or commit them first',
    frontends: BOTH,
    type: 'choice',
    choices: DIRTY_POLICIES,
    default: 'config',
  },
  'force-with-lease': {
    description:
      'Peers whose branch is to be replaced by ours, each with the head that it is expected to have, as `peer=hash`, separated by commas or line breaks; only for `sync` and `push`',
    frontends: BOTH,
    type: 'text',
    value: 'peer=hash',
  },
  adopt: {
    description:
      'Peers whose branch replaces ours, each with the head that it is expected to have, as `peer=hash`, separated by commas or line breaks; only for `sync` and `pull`. A tag keeps our old head',
    frontends: BOTH,
    type: 'text',
    value: 'peer=hash',
  },
  'discard-local': {
    description:
      'Commits of our branch that `adopt` may lose, as whole hashes separated by commas or line breaks; it is refused while it would lose others',
    frontends: BOTH,
    type: 'text',
    value: 'hashes',
  },
  'merge-rewritten': {
    description:
      'Peers that are merged although one side rewrote its history, each with the head that it is expected to have, as `peer=hash`, separated by commas or line breaks; only for `sync` and `pull`. Rows that were deleted since come back',
    frontends: BOTH,
    type: 'text',
    value: 'peer=hash',
  },
  'fix-remotes': {
    description:
      'Repoint remotes of the database that have the name of a peer and another address; otherwise they are left alone',
    frontends: BOTH,
    type: 'flag',
    default: 'false',
  },
  register: {
    description: 'Keep the peer as a remote of the database, whatever `federation.register` says',
    frontends: CLI,
    type: 'flag',
    default: 'false',
  },
  'dry-run': {
    description: 'Report what would be done and move no branch on either side',
    frontends: BOTH,
    type: 'flag',
    default: 'false',
  },
  'fail-on': {
    description: 'Whose failure fails the run',
    frontends: BOTH,
    type: 'choice',
    choices: FAIL_ON,
    default: 'any',
  },
  timeout: {
    description:
      'How long a peer may take for one fetch or push, such as `90s` or `10m`; a first push and a clone six times as long',
    frontends: BOTH,
    type: 'duration',
    default: '10m',
    value: 'duration',
  },
  'merge-timeout': {
    description:
      "Maximum time for checking one peer's commits and for merging them, such as `90s` or `2m`; a peer that takes longer is left out",
    frontends: BOTH,
    type: 'duration',
    default: '2m',
    value: 'duration',
  },
  retries: {
    description:
      'How often a push that lost a race fetches, merges and pushes again, and how often what may pass by itself is tried again',
    frontends: BOTH,
    type: 'count',
    min: 0,
    default: '3',
    value: 'n',
  },
  parallel: {
    description: 'Peers to work on at the same time',
    frontends: BOTH,
    type: 'count',
    min: 1,
    default: '8',
    value: 'n',
  },
  bootstrap: {
    description:
      'Peer to clone from when there is no database, also into a folder that `database` names; otherwise only the primary, and only to where the database belongs',
    frontends: BOTH,
    type: 'text',
    value: 'peer',
  },
  'init-empty': {
    description: 'Whether an empty remote gets its first push',
    frontends: BOTH,
    type: 'flag',
    default: 'true',
  },
  'max-delete': {
    description:
      'How much of a table of 20 rows or more a peer may delete at once, in percent of its rows; a peer that deletes more has to wait',
    frontends: BOTH,
    type: 'count',
    min: 0,
    max: 100,
    default: '50',
    value: 'percent',
  },
  ...DOLT_OPTIONS,
  'dolthub-host': {
    description: 'Host that serves `dolthub://` endpoints',
    frontends: BOTH,
    type: 'text',
    value: 'host',
  },
  credentials: {
    description:
      'Credentials of the peers. As an input YAML, a mapping from peer name to `url` and a secret; on the command line a file of that form that only its owner may read. Otherwise the variable DOLT_FEDERATION_CREDENTIALS',
    frontends: BOTH,
    type: 'text',
    value: 'file',
    secret: true,
  },
  'github-token': {
    description:
      "Token of the job: asks GitHub's API for a release digest, and is the credential of a git peer over https in the workflow's own repository",
    frontends: ACTION,
    type: 'text',
    default: `\${{ github.token }}`,
    secret: true,
  },
  'report-values': {
    description:
      'What of the data may appear in reports: counts only, keys too, or values too. Otherwise `none` in a public repository, `keys` in a private one, `full` on a terminal',
    frontends: BOTH,
    type: 'choice',
    choices: REPORT_VALUES,
  },
  'allow-untrusted-event': {
    description: 'Write on events and branches that are not trusted',
    frontends: ACTION,
    type: 'flag',
    default: 'false',
  },
  'allow-insecure': {
    description: 'Accept `http://` beyond loopback',
    frontends: BOTH,
    type: 'flag',
    default: 'false',
  },
} as const satisfies Record<string, OptionEntry>;

export type OptionName = keyof typeof OPTIONS;
