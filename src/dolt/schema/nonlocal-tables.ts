import { z } from 'zod';
import { Failure, toFailure } from '../../core/failure.ts';
import { listed, plain } from '../../core/text.ts';
import { atRevision, databaseName } from '../sql/at-revision.ts';
import { type Cells, cellsSchema } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';
import { baseTablesAt, shownNamesOn } from './table-shape.ts';

const TABLE = 'dolt_nonlocal_tables';

/** The rows by which a commit reads tables of other branches or commits, by the name or pattern of the tables. */
const rowsAt = remembered(1, async (sql, commit: string): Promise<ReadonlyMap<string, Cells>> => {
  // Dolt 2.3.0 reads the current table whatever `AS OF` says (measured).
  const rows = await atRevision(sql, commit, (session) => session.rows(cellsSchema, `SELECT * FROM ${TABLE}`));
  return new Map(rows.map((cells) => [nameOf(cells), cells]));
});

/** The same rows as text. */
export async function nonlocalTablesAt(sql: Sql, commit: string): Promise<ReadonlyMap<string, string>> {
  return new Map([...(await rowsAt(sql, commit))].map(([name, cells]) => [name, JSON.stringify(cells)]));
}

function nameOf(row: Cells): string {
  return row['table_name'] ?? '';
}

/** Dolt 2.3.0 then lists the table under either name, and hides one of ours that has the name of the row (measured). */
function renames(row: Cells): boolean {
  const name = row['ref_table'] ?? '';
  return name !== '' && name !== nameOf(row);
}

const RENAMES = 'with another name in `ref_table`';

/**
 * The names or patterns of such tables in the session's branch.
 * @throws Failure `dolt-defect` for a row that gives a table another name
 */
export async function nonlocalPatterns(sql: Sql): Promise<string[]> {
  const rows = await sql.rows(cellsSchema, `SELECT * FROM ${TABLE}`);
  const renaming = rows.filter(renames).map(nameOf);
  if (renaming.length === 0) return rows.map(nameOf);
  throw new Failure(
    'dolt-defect',
    plain(`this Dolt confuses tables because of ${listed('row', renaming)} of ${TABLE} ${RENAMES}`),
    {
      hint: `Set \`ref_table\` to '' on the side that has the row, or delete the row, and commit. Then run again.`,
    },
  );
}

const hashRow = z.object({ hash: z.string().nullable() });

/**
 * The hash of the table in the session's branch; null: there is none. Dolt 2.3.0 hashes the table of the branch, also if a
 * row of it lends another one in its place (measured).
 */
async function ownHash(sql: Sql): Promise<string | null> {
  try {
    const [row] = await sql.rows(hashRow, 'SELECT dolt_hashof_table(?) AS hash', [TABLE]);
    return row?.hash ?? null;
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code !== 'unknown') throw failure;
    return null;
  }
}

/** The hash of the table at a commit; null: there is none. */
export const nonlocalHashAt = remembered(1, async (sql, commit: string) => await atRevision(sql, commit, ownHash));

/** Why no row is shown that explains a table without a hash; null: there is no reason. */
export async function hiddenRows(sql: Sql): Promise<Failure | null> {
  if ((await ownHash(sql)) === null) return null;
  return new Failure('dolt-defect', `a row of ${TABLE} has a pattern that matches ${TABLE}, which hides all its rows`, {
    hint: 'Revert the commit that added the row (`CALL DOLT_REVERT(…)`) on the side that has it. Then run again.',
  });
}

const nameRow = z.object({ name: z.string() });

/**
 * Refuses a branch of ours whose tables Dolt 2.3.0 cannot list, because such a row names a branch that does not exist: it
 * answers some statements with a refused login then (measured).
 * @throws Failure `dolt-defect`
 */
export async function requireListedTables(sql: Sql, branch: string): Promise<void> {
  const revision = quoted(`${await databaseName(sql)}/${branch}`);
  const rows = await sql.rows(nameRow, `SELECT table_name AS name FROM ${revision}.${quoted(TABLE)}`);
  if (rows.length === 0) return;
  const failure = await listingFailure(() => shownNamesOn(sql, 'BASE TABLE', branch));
  if (failure === null) return;
  const names = listed(
    'row',
    rows.map(({ name }) => name),
  );
  throw new Failure(
    'dolt-defect',
    plain(`this Dolt cannot list the tables of ${branch} because of ${names} of ${TABLE}: ${failure.message}`),
    {
      hint: `Create the branch or tag that the row names, or delete the row (\`DELETE FROM ${TABLE} WHERE table_name = …\`) and commit. Then run again. Through a running server, no such row may name another branch.`,
      cause: failure,
    },
  );
}

const ASK_THE_PEER =
  'Such a row names a branch, tag or commit of the peer, which is not federated. Ask the peer to delete the row and to commit. `accept` does not help while the branch or tag does not exist here.';
const ASK_FOR_ITS_NAME =
  "Ask the peer to set `ref_table` to '', or to delete the row, and to commit. `accept` does not help before.";

/** The refusal of a head whose tables cannot be listed here because of such rows; null if they can, or if ours has the rows. */
export async function unlistedTables(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<Failure | null> {
  const theirs = await rowsAt(sql, heads.theirs);
  if (theirs.size === 0) return null;
  const ours = await nonlocalTablesAt(sql, heads.ours);
  const added = [...theirs.values()].filter((row) => ours.get(nameOf(row)) !== JSON.stringify(row));
  if (added.length === 0) return null;
  const refusal = (
    rows: readonly Cells[],
    why: string,
    options: { readonly hint: string; readonly cause?: Failure },
  ) => {
    const message = plain(`${heads.theirs} has ${listed('row', rows.map(nameOf))} of ${TABLE}${why}`);
    return new Failure('peer-changes-local-tables', message, options);
  };
  const renaming = added.filter(renames);
  if (renaming.length > 0)
    return refusal(renaming, ` ${RENAMES}, and this Dolt confuses tables then`, { hint: ASK_FOR_ITS_NAME });
  const cause = await listingFailure(() => baseTablesAt(sql, heads.theirs));
  if (cause === null) return null;
  return refusal(added, `, and its tables cannot be listed here: ${cause.message}`, { hint: ASK_THE_PEER, cause });
}

/**
 * Why Dolt cannot list tables, as far as such a row can be the reason; null: it can.
 * @throws Failure every other failure
 */
async function listingFailure(list: () => Promise<unknown>): Promise<Failure | null> {
  try {
    await list();
    return null;
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code !== 'unknown') throw failure;
    return failure;
  }
}
