import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { refuseMisplacedColumns } from '../rows/misplaced-columns.ts';
import { tableDefinitionAt } from '../rows/open-merge-table.ts';
import { refuseRetypedColumns } from '../rows/retyped-columns.ts';
import type { Item } from '../schema/create-table.ts';
import { foreignKeys } from '../schema/foreign-keys.ts';
import type { TableDefinition } from '../schema/readability.ts';
import { schemaDifference, tableChanges } from '../schema/table-changes.ts';
import { alterations, definedTables, tableItemsAt } from '../schema/table-definitions.ts';
import { refuseMergedCycle, viewsAt } from '../schema/view-cycles.ts';
import { atRevision } from './at-revision.ts';
import { requireCheckable } from './differences.ts';
import { mergeBase } from './history.ts';
import { folded, isAmong } from './identifier.ts';
import type { Sql } from './sql.ts';

const headRow = z.object({ hash: z.string() });

/**
 * Refuses what Dolt 2.3.0 merges into a damaged table without an error: if the head drops a column that precedes the
 * primary key here, the merged table has a key of other columns (measured). Or the engine crashes.
 * @throws Failure `dolt-defect`
 */
export async function requireMergeable(sql: Sql, head: string): Promise<void> {
  const [ours] = await sql.rows(headRow, "SELECT DOLT_HASHOF('HEAD') AS hash");
  const base = ours === undefined ? null : await mergeBase(sql, ours.hash, head);
  if (ours === undefined || base === null) return;
  await requireReadableViews(sql, { base, ours: ours.hash, theirs: head });
  await requireParents(sql, { base, ours: ours.hash, theirs: head });
  await requireCheckableKeys(sql, { base, ours: ours.hash, theirs: head });
  await refuseMisplacedColumns(sql, { base, ours: ours.hash, theirs: head });
  await refuseRetypedColumns(sql, { base, ours: ours.hash, theirs: head });
  for (const { from_table_name: table, to_table_name: name } of await schemaDifference(sql, base, head)) {
    if (table !== name) continue;
    const here = await tableDefinitionAt(sql, table, ours.hash);
    const there = await tableDefinitionAt(sql, table, head);
    if (here === null || there === null || !mayLoseKey(here, there)) continue;
    const { dropped } = await alterations(sql, table, { from: base, to: head });
    const before = droppedBeforeKey(here, dropped);
    // A table that only one side changed is taken unchanged and keeps its key.
    if (before.length === 0 || !(await tableChanges(sql, base, ours.hash)).some(({ to }) => to === table)) continue;
    throw new Failure(
      'dolt-defect',
      `one side drops the column ${before.join(', ')} of ${table}, which comes before the primary key, and this Dolt would damage the table`,
      {
        hint: `Run the same ALTER TABLE ${table} DROP COLUMN on the other side, commit, then run again.`,
      },
    );
  }
}

interface Heads {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

async function requireReadableViews(sql: Sql, heads: Heads): Promise<void> {
  const [base, ours, theirs] = await Promise.all([
    viewsAt(sql, heads.base),
    viewsAt(sql, heads.ours),
    viewsAt(sql, heads.theirs),
  ]);
  refuseMergedCycle({ base, ours, theirs });
}

/**
 * If one side drops or renames a table to which the other adds a foreign key, the merge loses the key without an error
 * (Dolt 2.3.0, measured).
 */
async function requireParents(sql: Sql, { base, ours, theirs }: Heads): Promise<void> {
  for (const [keys, tables] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    const gone = await tablesGone(sql, base, tables);
    if (gone.size === 0) continue;
    for (const { to_table_name: name, from_table_name: from } of await schemaDifference(sql, base, keys)) {
      if (name === '') continue;
      const before = new Set(from === '' ? [] : parentsOf(await tableItemsAt(sql, from, base)).map(([, key]) => key));
      const added = parentsOf(await tableItemsAt(sql, name, keys)).filter(([, key]) => !before.has(key));
      const [lost] = added.filter(([parent]) => gone.has(folded(parent)));
      if (lost === undefined) continue;
      const [parent, key] = lost;
      throw new Failure(
        'constraint-violation',
        plain(`one side adds the foreign key ${key} of ${name} to ${parent}, and the other side has no such table`),
        { hint: 'Drop the key or restore the table on one side, commit, then run again. No `accept` allows this.' },
      );
    }
  }
}

/** A merge checks the foreign keys of all tables that differ from the base. */
async function requireCheckableKeys(sql: Sql, { base, ours, theirs }: Heads): Promise<void> {
  for (const head of [ours, theirs]) {
    const changed = (await tableChanges(sql, base, head)).flatMap(({ to }) => to ?? []);
    const keys = await atRevision(sql, head, foreignKeys);
    await requireCheckable(
      sql,
      head,
      keys.filter(({ table }) => isAmong(changed, table)),
    );
  }
}

/** Tables of the base whose names are gone, folded. */
async function tablesGone(sql: Sql, base: string, head: string): Promise<ReadonlySet<string>> {
  const present = new Set([...(await definedTables(sql, head))].map(folded));
  return new Set([...(await definedTables(sql, base))].map(folded).filter((name) => !present.has(name)));
}

/** The referenced table and the name of each foreign key. */
function parentsOf(items: readonly Item[]): (readonly [parent: string, key: string])[] {
  return items.flatMap(({ kind, name, tokens }) => {
    const at = tokens.findIndex((token) => token.kind === 'word' && token.text.toUpperCase() === 'REFERENCES');
    const parent = tokens[at + 1]?.text;
    return kind !== 'foreign key' || at < 0 || parent === undefined ? [] : [[parent, name] as const];
  });
}

/** Whether columns that precede the last one of the key are missing on the other side. */
export function mayLoseKey(here: TableDefinition, there: TableDefinition): boolean {
  return (
    droppedBeforeKey(
      here,
      here.columns.filter((name) => !there.columns.includes(name)),
    ).length > 0
  );
}

function droppedBeforeKey({ columns, key }: TableDefinition, dropped: readonly string[]): string[] {
  const last = Math.max(-1, ...key.map((name) => columns.indexOf(name)));
  return columns.slice(0, Math.max(last, 0)).filter((name) => dropped.includes(name));
}

const schemaRow = z.object({
  table_name: z.string(),
  our_schema: z.string().nullable(),
  their_schema: z.string().nullable(),
  description: z.string().nullable(),
});

/** A table whose definitions conflict in the session's open merge, with both CREATE TABLEs. */
export type SchemaConflict = z.infer<typeof schemaRow>;

export async function schemaConflicts(sql: Sql): Promise<SchemaConflict[]> {
  return sql.rows(
    schemaRow,
    'SELECT table_name, our_schema, their_schema, description FROM dolt_schema_conflicts ORDER BY table_name',
  );
}
