import { z } from 'zod';
import { Failure, toFailure } from '../../core/failure.ts';
import { listed, plain } from '../../core/text.ts';
import { atRevision, databaseName } from '../sql/at-revision.ts';
import { cellsSchema } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import type { Sql } from '../sql/sql.ts';
import { baseTablesAt, shownNamesOn } from './table-shape.ts';

const TABLE = 'dolt_nonlocal_tables';

/** The rows by which a commit reads tables of other branches or commits, as text, by the name or pattern of the tables. */
export const nonlocalTablesAt = remembered(1, async (sql, commit: string): Promise<ReadonlyMap<string, string>> => {
  // Dolt 2.3.0 reads the current table whatever `AS OF` says (measured).
  const rows = await atRevision(sql, commit, (session) => session.rows(cellsSchema, `SELECT * FROM ${TABLE}`));
  return new Map(rows.map((cells) => [cells['table_name'] ?? '', JSON.stringify(cells)]));
});

const nameRow = z.object({ name: z.string() });

/** The names or patterns of such tables in the session's branch. */
export async function nonlocalPatterns(sql: Sql): Promise<string[]> {
  return (await sql.rows(nameRow, `SELECT table_name AS name FROM ${TABLE}`)).map(({ name }) => name);
}

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

/** The refusal of a head whose tables cannot be listed here because of such rows; null if they can, or if ours has the rows. */
export async function unlistedTables(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<Failure | null> {
  const theirs = await nonlocalTablesAt(sql, heads.theirs);
  if (theirs.size === 0) return null;
  const ours = await nonlocalTablesAt(sql, heads.ours);
  const added = [...theirs].flatMap(([name, row]) => (ours.get(name) === row ? [] : [name]));
  if (added.length === 0) return null;
  const failure = await listingFailure(() => baseTablesAt(sql, heads.theirs));
  if (failure === null) return null;
  const rows = listed('row', added);
  return new Failure(
    'peer-changes-local-tables',
    plain(`${heads.theirs} has ${rows} of ${TABLE}, and its tables cannot be listed here: ${failure.message}`),
    { hint: ASK_THE_PEER, cause: failure },
  );
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
