import { z } from 'zod';
import type { TestDatabase } from './database.ts';

const branchRows = z.array(z.object({ name: z.string(), hash: z.string() }));

/** The branches of a database, as Dolt itself reads them. */
export async function branchesOf(local: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const rows = branchRows.parse(await local.rows('SELECT name, hash FROM dolt_branches'));
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]));
}

/** The branches of a database, and the commits of these that its branch `main` lacks, with one process. */
export async function branchesLacking(
  local: TestDatabase,
  commits: readonly string[],
): Promise<{ readonly branches: Readonly<Record<string, string>>; readonly lost: readonly string[] }> {
  const quoted = [...commits, ''].map((each) => `'${each}'`).join(', ');
  const rows = await local.rows(
    `SELECT name, hash FROM dolt_branches UNION ALL SELECT '', commit_hash FROM dolt_log('main') WHERE commit_hash IN (${quoted})`,
  );
  const named = branchRows.parse(rows);
  const there = new Set(named.filter(({ name }) => name === '').map(({ hash }) => hash));
  return {
    branches: Object.fromEntries(named.filter(({ name }) => name !== '').map(({ name, hash }) => [name, hash])),
    lost: commits.filter((commit) => !there.has(commit)),
  };
}

/** Which of these commits are neither the head nor an ancestor of it. */
export async function missing(
  local: TestDatabase,
  head: string,
  commits: readonly string[],
): Promise<readonly string[]> {
  const rows = await local.rows(
    `SELECT commit_hash FROM dolt_log('${head}') WHERE commit_hash IN (${[...commits, ''].map((each) => `'${each}'`).join(', ')})`,
  );
  const there = new Set(rows.map((row) => row['commit_hash']));
  return commits.filter((commit) => !there.has(commit));
}
