import type { Conflict } from '../contract/result.ts';
import { groupBy, inParts } from '../core/lists.ts';
import { keyOf, keyText } from '../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../dolt/rows/stored-rows.ts';
import { alterations } from '../dolt/schema/table-definitions.ts';
import { columnNamesAt, type TableShape, tableNames, tableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import type { DatabaseRules } from '../rows/table-policy.ts';
import { LOST_KINDS, type LostKind, type LostRow, type Values } from './conflicts-file.ts';
import { type Entry, isGone, keyRules, restorations } from './restore-statements.ts';

/** A row of a merge that needs a person, and its reported conflict. */
interface FoundLost {
  readonly conflict: Conflict;
  readonly lost: LostRow;
}

/** The place of a lost row. */
interface Source<T> {
  /** The reason for which it was found. */
  readonly of: T;
  readonly kind: LostKind;
  readonly table: string;
  readonly columns: readonly string[] | undefined;
  readonly otherKey: Values | undefined;
  /** A commit that has the row. */
  readonly commit: string;
  /** Its key there. */
  readonly key: (shape: TableShape) => Cells;
}

const PAGE = 500;

/**
 * Reads the rows that merges left for a person, each after those that it refers to, with a statement that restores
 * each.
 * @param sql a session on a branch at the head after the merges
 */
export async function lostRows(
  sql: Sql,
  peer: string,
  conflicts: readonly Conflict[],
  rules: DatabaseRules,
): Promise<FoundLost[]> {
  const found = await readEntries(sql, conflicts.flatMap(sourceOfConflict));
  if (found.size === 0) return [];
  const all = await restorations(sql, [...found.keys()], await keyRules(sql, rules));
  return all.flatMap(([entry, restored]) => {
    const conflict = found.get(entry);
    if (conflict === undefined) return [];
    const { kind, shape, commit, key, row } = entry;
    const { otherKey, with: root, columns } = conflict;
    const lost: LostRow = {
      ...{ peer, kind, table: shape.name, key },
      ...(otherKey === undefined ? {} : { otherKey }),
      ...(root === undefined ? {} : { with: root }),
      ...(isGone(kind) ? {} : { columns }),
      ...{ head: commit, row },
      ...(restored === null ? {} : { sql: restored.sql }),
      choose: null,
    };
    return [{ conflict, lost }];
  });
}

/** The rows of a conflicts file that are still lost, with their values at their commits. */
export async function readLost(sql: Sql, lost: readonly LostRow[]): Promise<Map<Entry, LostRow>> {
  return readEntries(
    sql,
    lost.map((row) => ({
      of: row,
      kind: row.kind,
      table: row.table,
      columns: row.columns,
      otherKey: row.otherKey,
      commit: row.head,
      key: (shape) => keyOf(shape, row.key ?? row.row),
    })),
  );
}

function sourceOfConflict(conflict: Conflict): Source<Conflict>[] {
  const { table, columns, otherKey, left, lost } = conflict;
  const kind = LOST_KINDS.find((one) => one === conflict.kind);
  if (!left || lost === undefined || kind === undefined) return [];
  const { commit } = lost;
  return [{ of: conflict, kind, table, columns, otherKey, commit, key: (shape) => ownKey(shape, conflict, commit) }];
}

/** The key of the needed version; for two rows under one unique value, the winner has another key. */
function ownKey(shape: TableShape, { key, heads, ours, theirs }: Conflict, commit: string): Cells {
  const side = commit === heads.ours ? ours : theirs;
  return Object.fromEntries(shape.key.map((name) => [name, side?.[name] ?? key[name] ?? null]));
}

async function readEntries<T>(sql: Sql, sources: readonly Source<T>[]): Promise<Map<Entry, T>> {
  const entries = new Map<Entry, T>();
  const tables = new Set(await tableNames(sql));
  const groups = groupBy(sources, ({ table, commit }) => JSON.stringify([table, commit]));
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined || !tables.has(first.table)) continue;
    const { commit } = first;
    const shape = await tableShape(sql, first.table);
    const former = await formerNames(sql, shape, commit);
    if (former === null) continue;
    for (const part of inParts(group, PAGE)) {
      const page = part.map((source) => ({ source, key: source.key(shape) }));
      const keys = page.map(({ key }) => key);
      const rows = await rowsByKeyText(sql, shape, { keys, commit });
      for (const { source, key } of page) {
        const { kind, columns, otherKey } = source;
        const row = shape.key.length === 0 ? {} : renamedCells(rows.get(keyText(shape, key)), former);
        const id = JSON.stringify([commit, shape.name, kind, isGone(kind) ? [] : columns, keyText(shape, key)]);
        if (row === undefined) continue;
        entries.set({ id, kind, shape, commit, former, key, otherKey, columns, row, parents: new Set() }, source.of);
      }
    }
  }
  return entries;
}

/** The names that columns had at a commit, if they have others now; null if those of the key had. */
async function formerNames(sql: Sql, shape: TableShape, commit: string): Promise<ReadonlyMap<string, string> | null> {
  const before = await columnNamesAt(sql, shape.name, commit);
  if (before.size > 0 && shape.key.some((name) => !before.has(name))) return null;
  // A rename adds a name.
  if (shape.columns.every(({ name }) => before.has(name))) return new Map();
  const { renamed } = await alterations(sql, shape.name, { from: commit, to: 'HEAD' });
  return new Map(renamed.map(({ from, to }) => [to, from]));
}

/** A row of a commit with the names that its columns have now. */
function renamedCells(row: Cells | undefined, former: ReadonlyMap<string, string>): Cells | undefined {
  if (row === undefined || former.size === 0) return row;
  const names = new Map([...former].map(([to, from]) => [from, to]));
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [names.get(name) ?? name, value]));
}
