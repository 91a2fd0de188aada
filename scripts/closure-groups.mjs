// @ts-check

/**
 * The groups of the files, and the folders or files that each holds. The longest match counts.
 * @type {readonly { name: string, paths: readonly string[] }[]}
 */
export const GROUPS = [
  {
    name: 'The main path: entry, frontend, command, preparation, stages, SQL statements, result',
    paths: [
      ...['src/cli.ts', 'src/main.ts', 'src/post.ts', 'src/frontends', 'src/commands', 'src/backup'],
      ...['src/sync', 'src/dolt/sql'],
    ],
  },
  {
    name: 'Settings and tables: configuration, credentials, contract',
    paths: ['src/config', 'src/credentials', 'src/contract'],
  },
  {
    name: 'Checks, merges and records: what a stage decides about commits, rows, schemas, remotes',
    paths: [
      ...['src/sync/incoming', 'src/sync/merge', 'src/sync/history', 'src/sync/remotes'],
      ...['src/rows', 'src/dolt/rows', 'src/dolt/schema', 'src/resolve'],
    ],
  },
  {
    name: 'Engine: Dolt, its servers, the proxy, the installation, the database of beads',
    paths: ['src/dolt', 'src/egress', 'src/install', 'src/beads'],
  },
  {
    name: 'Tools: core, text of reports, JSONL files, the APIs and caches of GitHub',
    paths: ['src/core', 'src/report', 'src/jsonl', 'src/github', 'src/caches'],
  },
];

/** @param {string} path of a file of src */
export function groupOf(path) {
  const matches = GROUPS.flatMap(({ name, paths }) =>
    paths.flatMap((start) => (path === start || path.startsWith(`${start}/`) ? [{ name, length: start.length }] : [])),
  );
  const [best] = matches.sort((a, b) => b.length - a.length);
  if (best === undefined) throw new Error(`${path} is in no group of scripts/closure-groups.mjs`);
  return best.name;
}
