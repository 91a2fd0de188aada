import type { Contents } from './contents.ts';

/**
 * The first difference between a backup and our database.
 * @returns a clause about the backup, such as `the tag v1 is at …, not at …`; null: they are equal
 */
export function contentsDifference(expected: Contents, found: Contents): string | null {
  if (found.commit !== expected.commit) return `it has the commit ${found.commit}, not ${expected.commit}`;
  if (found.databaseHash !== expected.databaseHash)
    return `the hash of the database at ${expected.commit} is ${found.databaseHash}, not ${expected.databaseHash}`;
  if (expected.tables === null || found.tables === null) return null;
  const there = new Map(found.tables.map((table) => [table.name, table]));
  for (const { name, rows, checksum } of expected.tables) {
    const has = there.get(name);
    if (has === undefined) return `the table ${name} is missing`;
    if (has.rows !== rows) return `the table ${name} has ${has.rows} rows, not ${rows}`;
    if (has.checksum !== checksum) return `the table ${name} has other values, with the same hashes`;
  }
  const known = new Set(expected.tables.map(({ name }) => name));
  const extra = found.tables.find(({ name }) => !known.has(name));
  return extra === undefined ? null : `it has a table ${extra.name} that our database does not have`;
}
