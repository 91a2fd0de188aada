import { type ErrorCodeEntry, FINAL, INFORMATION, USAGE } from '../error-entry.ts';

/** Errors of the configuration, the command line and the choice of what to work on. */
export const USAGE_ERRORS = {
  'bad-usage': { title: 'The command line or the inputs are invalid', hint: 'Run `dolt-federation --help`.', ...USAGE },
  'config-not-found': {
    title: 'The given configuration file does not exist',
    hint: 'Correct the path given with `--config`.',
    ...USAGE,
  },
  'config-unreadable': {
    title: 'The configuration file cannot be read',
    hint: 'Check that the path is a text file of 1 byte to 1 MiB that this user can read.',
    ...USAGE,
  },
  'config-syntax': {
    title: 'The configuration is not valid YAML',
    hint: 'Correct the line that the message names.',
    ...USAGE,
  },
  'config-unknown-key': {
    title: 'The configuration has a key that does not exist',
    hint: 'Correct the spelling or remove the key.',
    ...USAGE,
  },
  'config-invalid': {
    title: 'A configuration value is not allowed',
    hint: 'Correct the value. `dolt-federation help configuration` and `dolt-federation help credentials` describe every key.',
    ...USAGE,
  },
  'config-ambiguous': {
    title: 'The configuration has a key twice with different values',
    hint: 'Keep one of the two spellings.',
    ...USAGE,
  },
  'yaml-ambiguous': {
    title: 'A name or value without quotes has another meaning in YAML 1.1',
    hint: 'Write it in quotes.',
    ...INFORMATION,
  },
  'not-supported': {
    title: 'This version of dolt-federation does not support that',
    hint: 'Remove the setting, or use a version that supports it.',
    ...USAGE,
  },
  'sync-mode': {
    title: 'The sync mode does not allow federation',
    hint: 'Add these two lines to .beads/config.yaml:\nsync:\n  mode: dolt-native',
    ...USAGE,
  },
  'invalid-peer-name': {
    title: 'A peer name is not allowed',
    hint: 'Start with a letter; use letters, digits, `-` and `_`; at most 64 characters; not origin, main, master or HEAD.',
    ...USAGE,
  },
  'invalid-endpoint': {
    title: 'An endpoint has none of the accepted forms',
    hint: 'Use one of the accepted forms: `dolt-federation help endpoints`.',
    ...USAGE,
  },
  'endpoint-not-allowed': {
    title: 'An endpoint matches no allowed pattern',
    hint: 'Extend `federation.allowed-remote-patterns` or correct the endpoint.',
    ...USAGE,
  },
  'config-change': {
    title: 'A pull request changes where data goes, what is accepted, or what `--fail-on-change` names',
    hint: 'If it is intended, have it reviewed, and remove its kind from `--fail-on-change` where that is set.',
    ...USAGE,
  },
  'base-unreadable': {
    title: 'The configuration before a pull request could not be read',
    hint: 'Give the job `contents: read` and the step its `github-token`, and check out the pull request. A shallow checkout (`fetch-depth: 1`) is enough.',
    ...USAGE,
  },
  'nothing-compared': {
    title: 'The event of the job proposes no change, so nothing was compared',
    hint: 'Run the check on `pull_request` or `merge_group`, or name a commit with `--base`.',
    ...INFORMATION,
  },
  'branch-behind': {
    title: 'The branch of a pull request lacks commits of its base',
    hint: 'Merge or rebase onto the base branch, or let actions/checkout check out the merge of both, as it does by default.',
    ...INFORMATION,
  },
  'database-not-cached': {
    title: 'The database is not kept in the Actions cache, although `cache-database` is set',
    hint: 'Remove `cache-database`. A run without it clones the database.',
    ...INFORMATION,
  },
  'unused-pattern': {
    title: 'A pattern of allowed endpoints matches nothing',
    hint: 'Correct the pattern in `federation.allowed-remote-patterns`, or remove it.',
    ...INFORMATION,
  },
  'already-configured': {
    title: 'The configuration already has a peer',
    hint: 'Add another peer with `dolt-federation add-peer <name> <endpoint>`, or edit the file.',
    ...USAGE,
  },
  'peer-exists': {
    title: 'A peer with that name is already configured',
    hint: 'Change it with `dolt-federation set-peer <name> --endpoint <endpoint>`, or choose another name.',
    ...USAGE,
  },
  'duplicate-endpoint': {
    title: 'Two peers have the same endpoint and branch',
    hint: 'Remove one of them, or give it another branch. Each run contacts the endpoint twice.',
    ...INFORMATION,
  },
  'unknown-peer': {
    title: 'No peer with that name is configured',
    hint: 'Run `dolt-federation list-peers` to see the names.',
    ...USAGE,
  },
  'no-primary': {
    title: '`--fail-on primary` is set, but no primary takes part',
    hint: 'Set `federation.remote`, select the primary as well, or use another `--fail-on`.',
    ...USAGE,
  },
  'tier-lowered': {
    title: "A peer's tier is below the federation's",
    hint: 'Remove `federation.peers.<peer>.tier`, or set `federation.peers.<peer>.lower-tier: true`.',
    ...USAGE,
  },
  'secret-in-config': {
    title: 'The configuration contains a secret',
    hint: 'Remove it and rotate the secret. A configuration file is not a safe place for secrets. Give it with `--credentials` (`dolt-federation help credentials`).',
    ...USAGE,
  },
  'credential-url-mismatch': {
    title: 'The credentials of a peer are for another endpoint',
    hint: 'If the endpoint is right, correct `url` (or `aws-endpoint`) in the credentials. No credentials were sent.',
    ...USAGE,
  },
  'no-peers': {
    title: 'No peer is configured',
    hint: 'Add one with `dolt-federation add-peer <name> <endpoint>`.',
    ...USAGE,
  },
  'no-peers-selected': {
    title: 'The selection matches no peer',
    hint: 'If that was not intended, check the names of the peers and `--only-role`.',
    ...INFORMATION,
  },
  'legs-apart': {
    title: 'The legs of a fan-out have no primary through which they exchange commits',
    hint: 'Set `federation.remote`, or select the primary, too.',
    ...INFORMATION,
  },
  'heads-differ': {
    title: 'The legs of a fan-out ended at different heads',
    hint: 'Run the legs again. The primary has the commits of all legs now, and each leg takes them to its peers.',
    ...INFORMATION,
    retryable: true,
  },
  'leg-missing': {
    title: 'A leg of a fan-out has no result',
    hint: 'Check the job of the leg: it must upload the file of `result-path`, also if the step failed (`if: always()`).',
    ...FINAL,
  },
  'result-invalid': {
    title: 'A file does not have the result of a run',
    hint: 'Name only files that `result-path` names, or that have the JSON of a run of the same version.',
    ...USAGE,
  },
  'no-results': {
    title: 'There is no result to report',
    hint: 'Name files that `result-path` names, or folders of them. Check that each leg uploaded its file.',
    ...USAGE,
  },
  'no-database': {
    title: 'No Dolt database was found',
    hint: 'Give its folder with `--database`, or set `federation.remote` to clone from the primary.',
    ...USAGE,
  },
  'workspace-unknown': {
    title: 'The beads workspace has a mode, backend or layout that this version does not support',
    hint: 'Give the folder of the database with `--database`, or use a version of dolt-federation that supports this workspace.',
    ...USAGE,
  },
  'outside-workspace': {
    title: 'A file or a link of the checkout points outside the workspace of the job',
    hint: 'Give the path with an input, or with a variable of the job such as DOLT_FEDERATION_DATABASE or BEADS_DIR.',
    ...USAGE,
  },
  'migration-freeze': {
    title: 'The beads workspace is frozen for a migration',
    hint: 'Run again when the migration is finished and the file MIGRATION-FREEZE is removed.',
    ...USAGE,
  },
  'nested-database': {
    title: 'The folder of the database contains another database',
    hint: 'Move the inner database out of the folder: other programs may serve it instead of the outer one. To federate the inner one, give its folder with `--database`.',
    ...USAGE,
  },
  'other-database': {
    title: 'The working directory is in a database that is not the configured one',
    hint: 'The configured database is used. To use the other one, give its folder with `--database`.',
    ...INFORMATION,
  },
  cloned: {
    title: 'The database did not exist and was cloned',
    hint: 'Check that the clone is in the right folder. If the database is elsewhere, give its folder with `--database` and remove the clone.',
    ...INFORMATION,
  },
  'working-database': {
    title: 'The endpoint is a working database, not a remote',
    hint: 'Create an empty folder, use it as the endpoint, and let the other side pull from it.',
    ...USAGE,
  },
  'not-a-remote': {
    title: 'The folder or git ref of the endpoint cannot be used as a remote',
    hint: 'Use an empty folder, or one that already contains a Dolt remote. For a git repository, correct `federation.peers.<peer>.ref`.',
    ...USAGE,
  },
  'push-disabled': {
    title: 'The configuration forbids pushing',
    hint: 'Remove the key that the message names, or set `federation.push: true` to override it for dolt-federation.',
    ...USAGE,
  },
  'no-backup-peers': {
    title: 'No peer is configured for backups',
    hint: 'Add a peer with `role: backup` or `role: archive` under `federation.peers`, or name the peers to back up to.',
    ...USAGE,
  },
  'backup-address': {
    title: 'The database already uses this address for a Dolt backup',
    hint: 'Give the peer a folder or path of its own, or remove the backup with `dolt backup remove <name>`.',
    ...USAGE,
  },
  'branch-not-found': {
    title: 'The database has no such branch',
    hint: 'Name an existing branch with `--branch`. If the branch that is checked out was deleted, run `dolt checkout` with the name of another branch in the database.',
    ...USAGE,
  },
  'no-identity': {
    title: 'Nothing names the author of a commit',
    hint: 'Run `dolt config --global --add user.name "<name>"` and `dolt config --global --add user.email "<email>"`. In a workflow, set the variables GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL.',
    ...USAGE,
  },
  'untrusted-event': {
    title: 'dolt-federation does not write on this workflow event',
    hint: 'Run on schedule, workflow_dispatch, release, or push to the default branch; or set the input `allow-untrusted-event`.',
    ...INFORMATION,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
