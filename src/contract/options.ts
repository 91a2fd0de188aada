import { DOLT_OPTIONS } from './dolt-options.ts';
import { ACTION, BOTH, CLI, type OptionEntry } from './option-entry.ts';
import { PEER_OPTIONS, PEER_SETTING_NAMES } from './peer-options.ts';
import {
  CHANGE_KINDS,
  COMMENT_MODES,
  CONFLICT_STRATEGIES,
  DIRTY_POLICIES,
  DRILLS,
  FAIL_ON,
  JSONL_COMMITS,
  REPORT_FORMATS,
  REPORT_VALUES,
  ROLES,
  SYNC_MODES,
  TIERS,
} from './vocabulary.ts';

const TEN_YEARS_MS = 3_650 * 86_400_000;

/** Every option of both frontends, in the order of the pages. */
export const OPTIONS = {
  config: {
    description: 'Path of the configuration file; by default `.beads/config.yaml` here or in a parent folder',
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
    description: 'Names of the peers to work on, separated by commas or line breaks; by default all',
    frontends: ACTION,
    type: 'text',
    list: true,
  },
  'only-role': {
    description: 'Roles of the peers to work on, separated by commas or line breaks; by default all',
    frontends: BOTH,
    type: 'text',
    value: 'roles',
    listOf: ROLES,
  },
  shard: {
    description:
      'Leg of a fan-out as `leg/legs`, such as `1/3`: work only on this part of the selected peers, and on the primary, which takes part in every leg',
    frontends: BOTH,
    type: 'text',
    value: 'leg/legs',
  },
  shards: {
    description:
      'Divide the selected peers among at most so many legs and report them; in the Action as the output `matrix`',
    frontends: BOTH,
    type: 'count',
    min: 1,
    // GitHub starts at most 256 jobs of one matrix (docs.github.com, "Usage limits" of Actions).
    max: 256,
    value: 'n',
  },
  results: {
    description:
      'Results for `report` to combine: files that `result-path` of other steps names, or folders of them, separated by commas or line breaks',
    frontends: ACTION,
    type: 'text',
    list: true,
  },
  expect: {
    description: 'Number of results that `report` must find; it fails if there are fewer',
    frontends: BOTH,
    type: 'count',
    min: 1,
    value: 'n',
  },
  html: {
    description: 'File to which `report` also writes its report, as one HTML page without scripts',
    frontends: BOTH,
    type: 'text',
    value: 'file',
  },
  'working-directory': {
    description: 'Folder to start from, relative to the workspace',
    frontends: ACTION,
    type: 'text',
    default: '.',
  },
  database: {
    description: 'Folder of the database, the one that contains `.dolt`; by default dolt-federation finds it',
    frontends: BOTH,
    type: 'text',
    value: 'folder',
  },
  branch: {
    description: 'Branch to federate; by default the one that is checked out',
    frontends: BOTH,
    type: 'text',
    value: 'name',
  },
  ...PEER_OPTIONS,
  endpoint: { description: 'Another address of the peer', frontends: CLI, type: 'text', value: 'endpoint' },
  unset: {
    description: 'Options to remove from the peer, separated by commas, such as `role,aws-region`',
    frontends: CLI,
    type: 'text',
    value: 'options',
    listOf: PEER_SETTING_NAMES,
  },
  save: {
    description: 'Write the folder given with `--database` to the configuration, as `federation.database`',
    frontends: CLI,
    type: 'flag',
    default: 'false',
  },
  name: {
    description:
      'Name of this database among its peers (`federation.town`); by default that of the repository or folder',
    frontends: CLI,
    type: 'text',
    value: 'name',
  },
  yes: {
    description: 'Ask nothing; use the defaults, or the choices in the conflicts file',
    frontends: CLI,
    type: 'flag',
    default: 'false',
  },
  file: {
    description: 'Conflicts file to apply; without it, `resolve` asks about each row',
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
    description: 'Tier of sovereignty; can only raise the tier of the configuration',
    frontends: BOTH,
    type: 'choice',
    choices: TIERS,
    default: 'config',
  },
  'conflict-strategy': {
    description: 'How to resolve rows that both sides changed; a peer may set its own `conflict`',
    frontends: BOTH,
    type: 'choice',
    choices: CONFLICT_STRATEGIES,
    default: 'config',
  },
  dirty: {
    description:
      'How to handle uncommitted changes: `allow` (federate the committed data), `fail`, or `commit` them first',
    frontends: BOTH,
    type: 'choice',
    choices: DIRTY_POLICIES,
    default: 'config',
  },
  'force-with-lease': {
    description:
      'Peers whose branch our branch replaces, each with its expected head, as `peer=hash`, separated by commas or line breaks; only for `sync` and `push`',
    frontends: BOTH,
    type: 'text',
    list: true,
    value: 'peer=hash',
  },
  adopt: {
    description:
      'Peers whose branch replaces ours, each with its expected head, as `peer=hash`, separated by commas or line breaks; only for `sync` and `pull`. A tag keeps our old head',
    frontends: BOTH,
    type: 'text',
    list: true,
    value: 'peer=hash',
  },
  'discard-local': {
    description:
      'Commits of our branch that `adopt` may discard, as whole hashes separated by commas or line breaks; `adopt` is refused if it would discard any other',
    frontends: BOTH,
    type: 'text',
    list: true,
    value: 'hashes',
  },
  'merge-rewritten': {
    description:
      'Peers to merge although one side rewrote its history, each with its expected head, as `peer=hash`, separated by commas or line breaks; only for `sync` and `pull`. Rows that the merge base lacks are kept, also those that one side deleted',
    frontends: BOTH,
    type: 'text',
    list: true,
    value: 'peer=hash',
  },
  'fix-remotes': {
    description:
      'Correct remotes of the database that have the name of a peer but another address; by default they stay unchanged',
    frontends: BOTH,
    type: 'flag',
    default: 'false',
  },
  'stop-bd': {
    description:
      'If a server of bd holds the database, stop it with `bd dolt stop`; by default the run works through the server',
    frontends: CLI,
    type: 'flag',
    default: 'false',
  },
  register: {
    description: 'Keep the peer as a remote of the database, regardless of `federation.register`',
    frontends: CLI,
    type: 'flag',
    default: 'false',
  },
  'from-remote': {
    description:
      'Take over a peer that only the database knows: the name of a Dolt remote, or of a row in `federation_peers`',
    frontends: CLI,
    type: 'text',
    value: 'name',
  },
  unregistered: {
    description: 'List the peers that only the database knows, as Dolt remotes or in `federation_peers`',
    frontends: CLI,
    type: 'flag',
    default: 'false',
  },
  'dry-run': {
    description: 'Report what a run would do; move no branch on either side',
    frontends: BOTH,
    type: 'flag',
    short: 'n',
    default: 'false',
  },
  'fail-on': {
    description: 'Which peer failures make the run fail',
    frontends: BOTH,
    type: 'choice',
    choices: FAIL_ON,
    default: 'any',
  },
  'stale-after': {
    description:
      'How long a peer may lack commits of ours or be out of reach, such as `2d`; after that it counts as failed. Until then, a passing failure of a peer does not fail the run. Only for `sync`, `push`, `status` and `backup`',
    frontends: BOTH,
    type: 'duration',
    max: TEN_YEARS_MS,
    value: 'duration',
  },
  timeout: {
    description:
      'Maximum time for one fetch or push of a peer, such as `90s` or `10m`; a first push or a clone may take six times as long',
    frontends: BOTH,
    type: 'duration',
    default: '10m',
    value: 'duration',
  },
  'fetch-wait': {
    description:
      'How long the peers that have answered wait for the others, such as `30s` or `2m`; later answers are synchronized in a second round of the same run',
    frontends: BOTH,
    type: 'duration',
    default: '60s',
    value: 'duration',
  },
  'merge-timeout': {
    description:
      "Maximum time for checking one peer's commits and for merging them, such as `90s` or `2m`; a peer that takes longer is not merged",
    frontends: BOTH,
    type: 'duration',
    default: '2m',
    value: 'duration',
  },
  retries: {
    description: 'Maximum retries after a lost push race or a transient error',
    frontends: BOTH,
    type: 'count',
    min: 0,
    default: '3',
    value: 'n',
  },
  parallel: {
    description: 'Number of peers to work on at the same time',
    frontends: BOTH,
    type: 'count',
    min: 1,
    default: '8',
    value: 'n',
  },
  bootstrap: {
    description:
      'Peer to clone from when there is no database, also into a new folder given with `database`; by default only the primary is cloned, and only to the standard folder',
    frontends: BOTH,
    type: 'text',
    value: 'peer',
  },
  'init-empty': {
    description: 'Push to remotes that are still empty',
    frontends: BOTH,
    type: 'flag',
    default: 'true',
  },
  'max-delete': {
    description:
      'Maximum share of a table with 20 rows or more that a peer may delete at once, in percent of its rows; a peer that deletes more is not merged',
    frontends: BOTH,
    type: 'count',
    min: 0,
    max: 100,
    default: '50',
    value: 'percent',
  },
  tag: {
    description:
      'Tag of the release to back up. If it exists, its commit is backed up; else it is made at the head and pushed to the primary first. On a release event the default is the tag of the release',
    frontends: BOTH,
    type: 'text',
    value: 'name',
  },
  drill: {
    description:
      'How each backup is proven after the push: `full` (clone it and read every row), `head` (clone it and compare one hash), or `off`. `rotate` is `full` for one peer a day, so it needs a run on each day',
    frontends: BOTH,
    type: 'choice',
    choices: DRILLS,
    default: 'full',
  },
  'require-copies': {
    description: 'Succeed if so many peers have the proven commit; by default every peer must have it',
    frontends: BOTH,
    type: 'count',
    min: 1,
    value: 'n',
  },
  proof: {
    description: 'File to write the proof of the backups to, as JSON to attach to a release',
    frontends: CLI,
    type: 'text',
    value: 'file',
  },
  'jsonl-path': {
    description: 'Path of the JSONL file; by default `issues.jsonl` in the beads workspace, or what `export.path` says',
    frontends: BOTH,
    type: 'text',
    value: 'file',
  },
  'allow-fewer': {
    description: 'Replace a JSONL file that has records which the database does not have',
    frontends: BOTH,
    type: 'flag',
    default: 'false',
  },
  'jsonl-commit': {
    description:
      'How the JSONL file gets into git: `off` (not at all); `commit` on the branch that is checked out; `push` to the branch of the workflow, or to the default branch on a release or a tag. `pull-request` pushes to a separate branch and opens a pull request to the branch of `push`',
    frontends: ACTION,
    type: 'choice',
    choices: JSONL_COMMITS,
    default: 'off',
  },
  author: {
    description: 'Author of the git commit of the JSONL file, as `Name <email>`',
    frontends: ACTION,
    type: 'text',
    default: 'github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>',
  },
  'commit-message': {
    description: 'Message of the git commit of the JSONL file',
    frontends: ACTION,
    type: 'text',
    default: 'Update the JSONL file of beads',
  },
  check: {
    description: 'Compare the JSONL file with the database; write nothing, and fail if they differ',
    frontends: BOTH,
    type: 'flag',
    default: 'false',
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
      'Credentials of the peers. The input is YAML: a mapping from peer name to `url` and a secret. The flag names a file of that form that only its owner can read. By default the variable DOLT_FEDERATION_CREDENTIALS',
    frontends: BOTH,
    type: 'text',
    value: 'file',
    secret: true,
  },
  'github-token': {
    description:
      "Token of the job. It is used for GitHub's API, for comments, and as the credential of a git peer over https in the repository of the workflow",
    frontends: ACTION,
    type: 'text',
    default: `\${{ github.token }}`,
    secret: true,
  },
  cache: {
    description:
      'Use the Actions cache: for Dolt, for the last heads of the peers, and for the database if `cache-database` is set',
    frontends: ACTION,
    type: 'flag',
    default: 'true',
  },
  'cache-database': {
    description:
      'Keep the cloned database in the Actions cache, so that a run fetches only what is new. Only in private repositories, and only if all peers have the tier T1',
    frontends: ACTION,
    type: 'flag',
    default: 'false',
  },
  comment: {
    description:
      'When the result becomes a comment of the pull request: `never`; `changes`, if something changes or is wrong; or `always`. It needs the permission `pull-requests: write`; without it the job summary has the result',
    frontends: ACTION,
    type: 'choice',
    choices: COMMENT_MODES,
    default: 'never',
  },
  label: {
    description:
      'Label the pull request with the result: `federation: no change`, `change`, `dangerous change`, `conflict` or `failed`. It needs the permission `pull-requests: write`',
    frontends: ACTION,
    type: 'flag',
    default: 'false',
  },
  base: {
    description: 'Folder with a checkout, or configuration file, to compare with: `validate` reports the differences',
    frontends: CLI,
    type: 'text',
    value: 'path',
  },
  'issue-on-failure': {
    description:
      'Keep one issue open for each peer that fails, and one for a run that fails as a whole; a later success closes it. It needs the permission `issues: write`',
    frontends: ACTION,
    type: 'flag',
    default: 'false',
  },
  'webhook-url': {
    description: 'Secret `https://` address that gets a JSON message about each run with a failure',
    frontends: ACTION,
    type: 'text',
    secret: true,
  },
  'fail-on-change': {
    description:
      'Kinds of changes of the configuration that make `validate` fail, separated by commas or line breaks, such as `tier-lowered,new-host`; `dangerous` is a group of them (`dolt-federation help pull-requests`)',
    frontends: BOTH,
    type: 'text',
    listOf: ['dangerous', ...CHANGE_KINDS],
    value: 'kinds',
  },
  format: {
    description:
      'Form of the report: `text`, `json` (the same as `--json`), `github` (workflow commands, which GitHub shows as annotations) or `sarif` (SARIF 2.1.0 for code scanning)',
    frontends: CLI,
    type: 'choice',
    choices: REPORT_FORMATS,
    default: 'text',
  },
  'report-values': {
    description:
      'How much data reports may show: `none` (counts), `keys`, or `full` (values). By default `none` in a public repository, `keys` in a private one, `full` on a terminal',
    frontends: BOTH,
    type: 'choice',
    choices: REPORT_VALUES,
  },
  'allow-untrusted-event': {
    description: 'Allow writes on events and branches that are not trusted',
    frontends: ACTION,
    type: 'flag',
    default: 'false',
  },
  'allow-no-peers': {
    description: 'Succeed without any configured peer; by default `sync`, `pull` and `push` fail then',
    frontends: ACTION,
    type: 'flag',
    default: 'false',
  },
  'allow-insecure': {
    description: 'Allow plain `http://` to other machines',
    frontends: BOTH,
    type: 'flag',
    default: 'false',
  },
} as const satisfies Record<string, OptionEntry>;

export type OptionName = keyof typeof OPTIONS;
