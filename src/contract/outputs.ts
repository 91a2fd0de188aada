/** Every output of the Action and what it holds, in the order of the pages. */
export const OUTPUTS = {
  status: 'Outcome of the run: `unchanged`, `success`, `partial`, `conflict`, `failed` or `skipped`',
  changed: '`true` when a branch moved here or at a peer',
  head: 'Commit of the local branch after the run',
  result: 'The result as JSON, at most 64 KiB; a longer one is cut and contains `"truncated": true`',
  'result-path': 'File with the whole result as JSON',
  synced: 'Names of the peers that are in sync, separated by commas',
  failed: 'Names of the peers that failed, separated by commas',
  conflicts: 'Number of rows in conflict that need a decision',
  'conflicts-path': 'File with every row that needs a decision, on the disk of the runner only; empty if there is none',
  'jsonl-path': 'The JSONL file that was written or compared; empty if there is none',
  'proof-path':
    'File with the proof of the backups, to attach to a release; empty if no backup was proven, and for other commands',
  'pulled-commits': 'Number of commits pulled',
  'pushed-commits': 'Number of commits pushed, summed over all peers',
  'sarif-path': 'File with the problems that `validate` found, as SARIF 2.1.0; empty for other commands',
  matrix:
    'Legs of a fan-out for `strategy.matrix`, as `{"include":[{"shard":"1/3","peers":"a,b"}]}`; only from `validate` with `shards`, and only if the configuration is valid',
  'database-path': 'Folder of the database',
  'dolt-version': 'Version of the Dolt that was used',
  'dolt-path': 'Path of the Dolt that was used',
  'cache-hit': '`true` if Dolt came from the Actions cache, `false` if not; empty if no Dolt was needed',
} as const;

export type OutputName = keyof typeof OUTPUTS;
