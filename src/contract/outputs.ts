/** Every output of the Action and what it holds, in the order of the README. */
export const OUTPUTS = {
  status: 'Outcome of the run: `unchanged`, `success`, `partial`, `conflict` or `failed`',
  changed: '`true` when a branch moved here or at a peer',
  head: 'Commit of the local branch after the run',
  result: 'The result as JSON, at most 64 KiB; longer ones are cut and say `"truncated": true`',
  'result-path': 'File with the whole result as JSON',
  synced: 'Names of the peers in step, separated by commas',
  failed: 'Names of the peers that failed, separated by commas',
  conflicts: 'Number of rows left in conflict',
  'conflicts-path':
    'File with every row that is left for a person, on the disk of the runner only; empty where nothing is left',
  'pulled-commits': 'Number of commits that came in',
  'pushed-commits': 'Number of commits that went out, over all peers',
  'database-path': 'Folder of the database',
  'dolt-version': 'Version of the Dolt that was used',
  'dolt-path': 'Path of the Dolt that was used',
} as const;

export type OutputName = keyof typeof OUTPUTS;
