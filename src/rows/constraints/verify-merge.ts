import { Failure, toFailure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { columnLeftEmpty } from '../../dolt/rows/missing-values.ts';
import { tableDefinitionAt } from '../../dolt/rows/open-merge-table.ts';
import { keyOf } from '../../dolt/rows/row-key.ts';
import { rowsByKey } from '../../dolt/rows/stored-rows.ts';
import { foreignKeys, parentsOf } from '../../dolt/schema/foreign-keys.ts';
import { fullTextTables, keepingWords } from '../../dolt/schema/full-text.ts';
import { tableDefinition } from '../../dolt/schema/readability.ts';
import { tableChanges } from '../../dolt/schema/table-changes.ts';
import { createTableAt, tableNamesAt } from '../../dolt/schema/table-definitions.ts';
import { ordinaryColumns, tableShape } from '../../dolt/schema/table-shape.ts';
import { doltDefect } from '../../dolt/sql/failure.ts';
import { isDoltTable } from '../../dolt/sql/identifier.ts';
import { mayLoseKey } from '../../dolt/sql/require-mergeable.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { forgetViolations, removedByMerge, type Violation, verifyConstraints } from '../../dolt/sql/violations.ts';
import { FILL_IN, violated } from '../merge-failure.ts';
import type { Merging } from '../merging.ts';

type Heads = Pick<Merging, 'database' | 'base' | 'ours' | 'theirs'>;

/**
 * Refuses an open merge from which Dolt removed rows: one side makes a column NOT NULL, and the other has no value there.
 * No later verification would find them.
 * @throws Failure `constraint-violation`
 */
export async function requireAllRows(sql: Sql): Promise<void> {
  const removed = await removedByMerge(sql);
  if (removed.length > 0)
    throw violated(removed, 'the merge would remove rows without a value in a NOT NULL column', FILL_IN);
}

/** The tables of the open merge that differ from both sides. */
export async function mixedTables(sql: Sql, heads: Pick<Heads, 'ours' | 'theirs'>): Promise<string[]> {
  const changed = await changedTables(sql, heads);
  return [...changed.ours].filter((name) => changed.theirs.has(name)).sort();
}

/**
 * Verifies every row of the tables whose constraints the open merge may break. A table that equals one side, with the
 * tables that it refers to, cannot be newly broken. Neither can a row that has the same cells and no parent on one side
 * already, such as rows written under `foreign_key_checks = 0`.
 */
export async function brokenConstraints(sql: Sql, heads: Heads): Promise<Violation[]> {
  const changed = await changedTables(sql, heads);
  const references = await foreignKeys(sql);
  const tables = new Set<string>();
  for (const table of new Set([...changed.ours, ...changed.theirs])) tables.add(table);
  for (const { table, parent } of references) if (tables.has(parent)) tables.add(table);
  const isMixed = (table: string): boolean => {
    const family = [table, ...references.flatMap((key) => (key.table === table ? [key.parent] : []))];
    return family.some((name) => changed.ours.has(name)) && family.some((name) => changed.theirs.has(name));
  };
  const suspects = [...tables].filter(isMixed).sort();
  if (suspects.length === 0) return [];
  for (const table of suspects) await requireValues(sql, heads, table);
  const found = await verifyTables(sql, heads, suspects);
  const broken: Violation[] = [];
  for (const one of found) if (!(await isOld(sql, heads, one))) broken.push(one);
  if (broken.length === 0) await forgetViolations(sql);
  return broken;
}

/**
 * Verifies all rows of tables. Beside a FULLTEXT index Dolt 2.3.0 fails to (measured: `attempted to purge … during
 * Full-Text merge`), or removes the words of every index, so only the rows that differ from our head are verified. The
 * others can only be broken by a definition that our head lacks. And it cannot compare rows of any table with our head if
 * a column before the primary key is gone, or if the columns of a table without one have another order.
 * @throws Failure `dolt-defect` for such a definition
 */
async function verifyTables(sql: Sql, { ours, theirs }: Heads, tables: readonly string[]): Promise<Violation[]> {
  const [fullText] = await fullTextTables(sql);
  if (fullText === undefined) return await verifyConstraints(sql, { allOf: tables });
  const redefined: string[] = [];
  for (const { from, to, redefined: isRedefined } of await tableChanges(sql, ours, 'WORKING')) {
    if (from === null || to === null || !isRedefined) continue;
    redefined.push(to);
    if (tables.includes(to) || (await losesKey(sql, { table: from, commit: ours }, to)))
      throw new Failure('dolt-defect', cannotVerify([to], fullText), { hint: sameDefinition([to]) });
  }
  const verify = async (): Promise<Violation[]> => await verifyConstraints(sql, { changedOf: tables });
  return await keepingWords(sql, theirs, verify).catch((thrown: unknown) => {
    const failure = toFailure(thrown);
    if (failure.code !== 'unknown') throw failure;
    const lead = cannotVerify(redefined, fullText);
    throw doltDefect(lead, failure, redefined.length === 0 ? WITHOUT_INDEX : sameDefinition(redefined));
  });
}

const WITHOUT_INDEX = 'Drop the FULLTEXT index, commit, then run again. Create it again after the merge.';

function cannotVerify(redefined: readonly string[], fullText: string): string {
  const what = redefined.length === 0 ? '' : ` that changes the definition of ${redefined.join(', ')}`;
  return plain(`this Dolt cannot verify a merge${what}, because ${fullText} has a FULLTEXT index`);
}

function sameDefinition(redefined: readonly string[]): string {
  return plain(
    `Make the same change to the definition of ${redefined.join(', ')} on the side that lacks it, commit, then run again. Or drop the FULLTEXT index, and create it again after the merge.`,
  );
}

/** Whether a comparison with an earlier version of a table ends the engine (see require-mergeable.ts). */
async function losesKey(
  sql: Sql,
  before: { readonly table: string; readonly commit: string },
  table: string,
): Promise<boolean> {
  const here = await tableDefinitionAt(sql, before.table, before.commit);
  const now = tableDefinition(await createTableAt(sql, table, null));
  return here !== null && mayLoseKey(here, now);
}

/** @throws Failure `constraint-violation` for a NOT NULL column that lacks values, and lacks none at a side */
export async function requireValues(sql: Sql, heads: Pick<Heads, 'ours' | 'theirs'>, table: string): Promise<void> {
  const before: { table: string; commit: string }[] = [];
  for (const commit of [heads.ours, heads.theirs])
    if ((await tableNamesAt(sql, commit)).includes(table)) before.push({ table, commit });
  const column = await columnLeftEmpty(sql, { table, commit: null }, before);
  if (column === null) return;
  const message = plain(`the merge would leave rows of ${table} without a value in the NOT NULL column ${column}`);
  throw new Failure('constraint-violation', message, { hint: FILL_IN });
}

async function isOld(sql: Sql, heads: Heads, { type, table, row, columns, parent }: Violation): Promise<boolean> {
  if (type !== 'foreign key' || parent === null) return false;
  const child = await tableShape(sql, table);
  if (child.key.length === 0) return false;
  const reference = {
    key: { table, columns, parent: parent.table, parentColumns: parent.columns },
    child,
    parent: await tableShape(sql, parent.table),
  };
  const key = keyOf(child, row);
  for (const commit of [heads.ours, heads.theirs]) {
    const [then] = await rowsByKey(sql, child, { keys: [key], commit });
    const isSame = then !== undefined && ordinaryColumns(child).every((name) => (then[name] ?? null) === row[name]);
    if (isSame && (await parentsOf(sql, reference, { commit, children: [key] }))?.length === 0) return true;
  }
  return false;
}

/** For each side, the tables that differ in the open merge, without Dolt's own. */
async function changedTables(
  sql: Sql,
  heads: Pick<Heads, 'ours' | 'theirs'>,
): Promise<{ readonly ours: ReadonlySet<string>; readonly theirs: ReadonlySet<string> }> {
  const since = async (head: string): Promise<Set<string>> => {
    const changes = await tableChanges(sql, head, 'WORKING');
    return new Set(changes.flatMap(({ to }) => (to === null || isDoltTable(to) ? [] : [to])));
  };
  return { ours: await since(heads.ours), theirs: await since(heads.theirs) };
}
