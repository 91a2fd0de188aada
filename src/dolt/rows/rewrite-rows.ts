import { Failure } from '../../core/failure.ts';
import { groupBy, inParts } from '../../core/lists.ts';
import { hasTriggers, type TableShape } from '../schema/table-shape.ts';
import type { Cells, CellValue } from '../sql/cell.ts';
import { quoted } from '../sql/identifier.ts';
import type { Sql } from '../sql/sql.ts';
import { nameAt, type OpenMergeTable, shapeAt } from './open-merge-table.ts';
import type { PendingRows } from './pending-rows.ts';
import { hasKey, keyOfText, keyText, literalOf } from './row-key.ts';
import { removeRows, unchecked } from './stored-rows.ts';

/** The resolution of one row; other columns stay as our side has them. An empty one writes nothing. */
export interface Rewrite {
  readonly key: Cells;
  /** Columns that get the value of their side, or their whole row, or our whole row, or its deletion. */
  readonly take: readonly string[] | 'row' | 'ours' | 'deletion';
  readonly set: readonly CellValue[];
}

type Side = 'base' | 'ours' | 'theirs';

/** The source of a column's new value. */
type Source = { readonly side: Side } | { readonly literal: string | null };

const KEYS_PER_STATEMENT = 100;
const ALIASES: Readonly<Record<Side, string>> = { base: 'b', ours: 'o', theirs: 't' };

/**
 * Writes rows in conflict of the open merge without `dolt_conflicts_<table>`: deletes them and inserts them again from
 * the commits of the merge. No value passes through the client, a column that a side lacks gets its default, and no ON
 * UPDATE fires. Rows of a table with unique keys become pending. Foreign keys are not checked here; the constraints are
 * verified afterwards.
 * @throws Failure `constraint-violation` if that would fire a trigger
 */
export async function rewriteRows(
  sql: Sql,
  shape: TableShape,
  open: OpenMergeTable,
  rows: readonly Rewrite[],
  pending: PendingRows,
): Promise<void> {
  const changed = rows.filter(({ take, set }) => typeof take === 'string' || take.length + set.length > 0);
  if (changed.length === 0) return;
  if (await hasTriggers(sql, shape.name)) {
    throw new Failure(
      'constraint-violation',
      `rows of ${shape.name} cannot be resolved: rewriting them would fire the triggers of the table`,
      { hint: `Resolve the rows of ${shape.name} on one side by hand, or drop its triggers, then run again.` },
    );
  }
  const deleted = changed.filter(({ take }) => take === 'deletion');
  const kept = changed.filter(({ take }) => take !== 'deletion');
  for (const part of inParts(deleted, KEYS_PER_STATEMENT)) {
    await removeRows(
      sql,
      shape,
      part.map(({ key }) => key),
    );
  }
  const groups = [...groupBy(kept, ({ take, set }) => JSON.stringify([take, set])).values()];
  await pending.replace(
    shape,
    kept.map(({ key }) => key),
    async (into) => {
      for (const group of groups) {
        const [first] = group;
        if (first === undefined) continue;
        const sources = sourcesOf(into.columns, open, first);
        const own = new Map([...sources].filter(([, source]) => !('side' in source) || source.side !== 'theirs'));
        for (const part of inParts(group, KEYS_PER_STATEMENT)) {
          const rows = { keys: part.map(({ key }) => key), into: into.table };
          await insert(sql, shape, open, { ...rows, sources });
          // They may have deleted our row. Then nothing of it comes from there.
          if (first.take === 'ours' && own.size < sources.size)
            await insert(sql, shape, open, { ...rows, sources: own, absent: 'theirs' });
        }
      }
    },
  );
}

/** Columns without a source are left out, so they get their default. */
function sourcesOf(columns: readonly string[], open: OpenMergeTable, { take, set }: Rewrite): Map<string, Source> {
  const has = (side: Side, column: string): boolean => nameAt(open, side, column) !== null;
  const sources = new Map<string, Source>();
  for (const column of columns) {
    const value = set.find((one) => one.column === column)?.value;
    const isTaken = take === 'row' || (typeof take !== 'string' && take.includes(column));
    if (value !== undefined && value !== 'base') sources.set(column, { literal: value.value });
    else if (value === 'base' || isTaken) {
      const side = value === 'base' ? 'base' : 'theirs';
      if (has(side, column)) sources.set(column, { side });
    } else if (has('ours', column)) sources.set(column, { side: 'ours' });
    else if (has('theirs', column)) sources.set(column, { side: 'theirs' });
  }
  return sources;
}

interface Inserted {
  readonly sources: ReadonlyMap<string, Source>;
  readonly keys: readonly Cells[];
  readonly into: string;
  /** Inserts only rows that this side lacks. */
  readonly absent?: Side;
}

/** Inserts the rows that all sides of their sources have; a row of values alone is the only one with them. */
async function insert(sql: Sql, shape: TableShape, open: OpenMergeTable, rows: Inserted): Promise<void> {
  const sides = new Set<Side>();
  const values: string[] = [];
  const cellOf = (column: string, side: Side): string =>
    `${ALIASES[side]}.${quoted(nameAt(open, side, column) ?? column)}`;
  const expressions = [...rows.sources].map(([column, source]) => {
    if ('side' in source) {
      sides.add(source.side);
      return cellOf(column, source.side);
    }
    const literal = literalOf(shape, column, source.literal);
    values.push(...literal.values);
    return literal.text;
  });
  const { absent } = rows;
  const [first, ...others] = [...sides, ...(absent === undefined ? [] : [absent])].map((side) => {
    const then = shapeAt(shape, open, side);
    const where = hasKey(
      then,
      rows.keys.map((key) => keyOfText(then, keyText(shape, key))),
    );
    values.push(open.heads[side], ...where.values);
    return { side, rows: `(SELECT * FROM ${quoted(shape.name)} AS OF ? WHERE ${where.text}) ${ALIASES[side]}` };
  });
  if (expressions.length === 0) return;
  const joined = (to: Side): string =>
    others
      .map(({ side, rows: other }) => {
        const parts = shape.key.map((name) => `${cellOf(name, to)} = ${cellOf(name, side)}`);
        return ` ${side === absent ? 'LEFT JOIN' : 'JOIN'} ${other} ON ${parts.join(' AND ')}`;
      })
      .join('');
  const where = absent === undefined ? '' : ` WHERE ${cellOf(shape.key[0] ?? '', absent)} IS NULL`;
  const from = first === undefined ? '' : ` FROM ${first.rows}${joined(first.side)}${where}`;
  const columns = [...rows.sources.keys()].map(quoted).join(', ');
  await unchecked(sql, `INSERT INTO ${rows.into} (${columns}) SELECT ${expressions.join(', ')}${from}`, values);
}
