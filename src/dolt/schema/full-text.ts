import { Failure, toFailure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { doltDefect } from '../sql/failure.ts';
import { folded, quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { type Item, indexParts } from './create-table.ts';
import { tableChanges, tableHashes, WORKING } from './table-changes.ts';
import { createTableAt, tableItemsAt } from './table-definitions.ts';
import { tableNames } from './table-shape.ts';

/** The FULLTEXT indexes of a table in the session's branch. The information schema calls them BTREE (Dolt 2.3.0). */
async function fullTextIndexes(sql: Sql, table: string): Promise<Item[]> {
  const items = await tableItemsAt(sql, table, null);
  return items.filter(({ kind, tokens }) => kind === 'index' && tokens[0]?.text.toUpperCase() === 'FULLTEXT');
}

/** Those of the tables of the session's branch that have a FULLTEXT index; without names, of all of them. */
export async function fullTextTables(sql: Sql, among?: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of among ?? (await tableNames(sql)))
    if ((await fullTextIndexes(sql, table)).length > 0) found.push(table);
  return found;
}

/** Drops every FULLTEXT index of the session's branch, to verify rows that Dolt cannot verify beside one. */
export async function dropFullText(sql: Sql): Promise<void> {
  for (const table of await tableNames(sql))
    for (const { name } of await fullTextIndexes(sql, table))
      await sql.run(`ALTER TABLE ${quoted(table)} DROP INDEX ${quoted(name)}`);
}

const OF_AN_INDEX = /^dolt_.*_fts_(?:config|position|doc_count|global_count|row_count)$/s;

/** Whether a table is one of those in which Dolt keeps the words of a FULLTEXT index. */
export function holdsWords(table: string): boolean {
  return OF_AN_INDEX.test(folded(table));
}

const REBUILD = 'Drop the FULLTEXT index on both sides, commit, then run again. Create it again after the merge.';

/**
 * Rebuilds the FULLTEXT indexes of an open merge where Dolt 2.3.0 lost words (measured): if only the other side changed
 * the table, after every verification of constraints, and where a conflict is resolved. If no table with such an
 * index differs from their side, the words are taken from there. Otherwise indexes are built again, at about 500 rows a
 * second.
 * @throws Failure `dolt-defect` if an index cannot be built again as it was
 */
export async function repairFullText(
  sql: Sql,
  heads: { readonly ours: string; readonly theirs: string },
): Promise<void> {
  const merged = await tableHashes(sql, WORKING);
  const differingFrom = async (head: string): Promise<string[]> => {
    const before = await tableHashes(sql, head);
    const names = [...merged].flatMap(([name, hash]) => (before.get(name) === hash ? [] : [name]));
    return await fullTextTables(sql, names);
  };
  const stale = await differingFrom(heads.ours);
  if (stale.length === 0) return;
  if ((await differingFrom(heads.theirs)).length === 0) return await takeWords(sql, heads.theirs);
  for (const table of stale) await rebuildIndexes(sql, table);
}

async function takeWords(sql: Sql, side: string): Promise<void> {
  const changes = await tableChanges(sql, side, WORKING);
  await takeTables(
    sql,
    side,
    changes.flatMap(({ from }) => (from !== null && holdsWords(from) ? [from] : [])),
  );
}

/**
 * Does work that verifies rows of an open merge, and takes the words from the other side that it lost: Dolt 2.3.0 removes
 * those of every index that our head lacks (measured).
 */
export async function keepingWords<T>(sql: Sql, theirs: string, work: () => Promise<T>): Promise<T> {
  const missing = async (): Promise<string[]> => {
    const changes = await tableChanges(sql, theirs, WORKING);
    return changes.flatMap(({ from, to }) => (from !== null && to === null && holdsWords(from) ? [from] : []));
  };
  const before = await missing();
  const result = await work();
  await takeTables(
    sql,
    theirs,
    (await missing()).filter((name) => !before.includes(name)),
  );
  return result;
}

async function takeTables(sql: Sql, side: string, tables: readonly string[]): Promise<void> {
  if (tables.length === 0) return;
  await sql.run(`CALL DOLT_CHECKOUT(?, '--'${tables.map(() => ', ?').join('')})`, [side, ...tables]);
}

async function rebuildIndexes(sql: Sql, table: string): Promise<void> {
  const before = await createTableAt(sql, table, null);
  for (const index of await fullTextIndexes(sql, table)) {
    const columns = indexParts(index).flatMap((part) => ('column' in part ? [quoted(part.column)] : []));
    const comment = index.tokens.findIndex(({ kind, text }) => kind === 'word' && text.toUpperCase() === 'COMMENT');
    const text = comment < 0 ? '' : ` COMMENT ${index.tokens[comment + 1]?.text ?? "''"}`;
    const name = quoted(index.name);
    await sql
      .run(`ALTER TABLE ${quoted(table)} DROP INDEX ${name}, ADD FULLTEXT INDEX ${name} (${columns.join(', ')})${text}`)
      .catch((thrown: unknown) => {
        const failure = toFailure(thrown);
        if (failure.code !== 'unknown') throw failure;
        throw doltDefect(plain(`this Dolt cannot build a FULLTEXT index of ${table} again`), failure, REBUILD);
      });
  }
  if ((await createTableAt(sql, table, null)) === before) return;
  throw new Failure('dolt-defect', plain(`this Dolt cannot build the FULLTEXT indexes of ${table} as they were`), {
    hint: REBUILD,
  });
}
