import type { Conflict } from '../contract/result.ts';
import { groupBy, inParts } from '../core/lists.ts';
import { textLiteral } from '../core/text.ts';
import { keyCondition } from '../dolt/rows/literals.ts';
import { keyOf, keyText } from '../dolt/rows/row-key.ts';
import { rowsByKey } from '../dolt/rows/stored-rows.ts';
import { type ForeignKey, foreignKeys } from '../dolt/schema/foreign-keys.ts';
import { columnNamesAt, ordinaryColumns, type TableShape, tableNames, tableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { parentsFirst } from '../rows/constraints/find-dependants.ts';
import { LOST_KINDS, type LostKind, type LostRow } from './conflicts-file.ts';
import { FreeValues } from './free-values.ts';

/** A row of a merge that needs a person, and its reported conflict. */
interface FoundLost {
  readonly conflict: Conflict;
  readonly lost: LostRow;
}

interface Entry {
  readonly id: string;
  readonly conflict: Conflict;
  readonly kind: LostKind;
  readonly shape: TableShape;
  readonly commit: string;
  readonly key: Cells;
  readonly row: Cells;
  /** The entries that it refers to. */
  readonly parents: Set<string>;
}

const PAGE = 500;

/**
 * Reads the rows that merges left for a person, each after those that it refers to, with a statement that restores
 * each.
 * @param sql a session on a branch at the head after the merges
 */
export async function lostRows(sql: Sql, peer: string, conflicts: readonly Conflict[]): Promise<FoundLost[]> {
  const entries = await readEntries(sql, conflicts);
  if (entries.length === 0) return [];
  const keys = await foreignKeys(sql);
  const byReference = referencing(entries, keys);
  const statements = new Statements(sql, keys, byReference);
  await statements.reserve(entries);
  const found: FoundLost[] = [];
  for (const entry of parentsFirst(entries)) {
    const { conflict, kind, shape, commit, key, row } = entry;
    const statement = await statements.of(entry);
    found.push({
      conflict,
      lost: {
        peer,
        kind,
        table: shape.name,
        key,
        ...(conflict.otherKey === undefined ? {} : { otherKey: conflict.otherKey }),
        ...(conflict.with === undefined ? {} : { with: conflict.with }),
        head: commit,
        row,
        ...(statement === null ? {} : { sql: statement }),
      },
    });
  }
  return found;
}

function lostKind({ kind, left, lost }: Conflict): LostKind | undefined {
  return left && lost !== undefined ? LOST_KINDS.find((one) => one === kind) : undefined;
}

/** Whether rows of a kind are not in the merge. */
function isGone(kind: LostKind): boolean {
  return kind === 'id-collision' || kind === 'dependant' || kind === 'duplicate';
}

async function readEntries(sql: Sql, conflicts: readonly Conflict[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  const tables = new Set(await tableNames(sql));
  const groups = groupBy(conflicts, ({ table, lost }) => JSON.stringify([table, lost?.commit]));
  for (const group of groups.values()) {
    const commit = group[0]?.lost?.commit;
    if (commit === undefined || !tables.has(group[0]?.table ?? '')) continue;
    const shape = await tableShape(sql, group[0]?.table ?? '');
    for (const part of inParts(group, PAGE)) {
      const page = part.flatMap((conflict) => {
        const kind = lostKind(conflict);
        return kind === undefined ? [] : [{ conflict, kind, key: ownKey(shape, conflict, commit) }];
      });
      const keys = page.map(({ key }) => key);
      const rows = new Map((await rowsByKey(sql, shape, { keys, commit })).map((row) => [keyText(shape, row), row]));
      for (const { conflict, kind, key } of page) {
        const row = shape.key.length === 0 ? {} : rows.get(keyText(shape, key));
        const id = JSON.stringify([commit, shape.name, kind, conflict.columns, keyText(shape, key)]);
        if (row !== undefined) entries.push({ id, conflict, kind, shape, commit, key, row, parents: new Set() });
      }
    }
  }
  return entries;
}

/** The key of the needed version; for two rows under one unique value, the winner has another key. */
function ownKey(shape: TableShape, { key, heads, ours, theirs }: Conflict, commit: string): Cells {
  const side = commit === heads.ours ? ours : theirs;
  return keyOf(shape, Object.fromEntries(shape.key.map((name) => [name, side?.[name] ?? key[name] ?? null])));
}

/** By foreign key, the entries of the same commit that an entry refers to; also adds them as parents. */
function referencing(entries: readonly Entry[], keys: readonly ForeignKey[]) {
  const found = new Map<string, Entry>();
  const nameOf = (entry: Entry, key: ForeignKey): string => JSON.stringify([entry.id, key.table, key.columns]);
  for (const key of keys) {
    const values = (entry: Entry, columns: readonly string[]): string | null => {
      const cells = columns.map((name) => entry.row[name] ?? null);
      return cells.includes(null) ? null : JSON.stringify([entry.commit, cells]);
    };
    const parents = new Map(
      entries
        .filter((entry) => entry.shape.name === key.parent && isGone(entry.kind))
        .map((entry) => [values(entry, key.parentColumns), entry]),
    );
    for (const entry of entries) {
      const named = entry.shape.name === key.table ? values(entry, key.columns) : null;
      const parent = named === null ? undefined : parents.get(named);
      if (parent === undefined) continue;
      entry.parents.add(parent.id);
      found.set(nameOf(entry, key), parent);
    }
  }
  return (entry: Entry, key: ForeignKey): Entry | undefined => found.get(nameOf(entry, key));
}

/** Creates the statements; each uses the new keys of the earlier ones. */
class Statements {
  readonly #sql: Sql;
  readonly #keys: readonly ForeignKey[];
  readonly #parentOf: (entry: Entry, key: ForeignKey) => Entry | undefined;
  readonly #free: FreeValues;
  readonly #given = new Map<string, NewValues>();

  constructor(sql: Sql, keys: readonly ForeignKey[], parentOf: (entry: Entry, key: ForeignKey) => Entry | undefined) {
    this.#sql = sql;
    this.#keys = keys;
    this.#parentOf = parentOf;
    this.#free = new FreeValues(sql);
  }

  /** Reserves the values of rows that will be restored, so that no other row gets them. */
  async reserve(entries: readonly Entry[]): Promise<void> {
    for (const { kind, shape, row } of entries) if (isGone(kind)) await this.#free.reserve(shape, row);
  }

  /** @returns null if no statement helps */
  async of(entry: Entry): Promise<string | null> {
    const { shape, kind, key, commit, conflict } = entry;
    if (shape.key.length === 0) return null;
    const inherited = this.#inherited(entry);
    switch (kind) {
      case 'id-collision':
      case 'dependant':
      case 'duplicate': {
        const values = await this.#withFreeKeys(entry, inherited);
        this.#given.set(entry.id, values);
        const before = await columnNamesAt(this.#sql, shape.name, commit);
        const columns = ordinaryColumns(shape).filter((name) => before.has(name));
        return insertAgain(entry, columns, values);
      }
      case 'unique-conflict':
        return updateFrom(entry, key, {
          columns: conflict.columns,
          values: await this.#changed(entry, conflict.columns),
        });
      case 'reference':
        if (entry.parents.size === 0) return null;
        return updateFrom(entry, key, { columns: conflict.columns, values: inherited });
      case 'renamed': {
        const { otherKey, columns } = conflict;
        if (otherKey === undefined || columns.length === 0) return null;
        return updateFrom(entry, otherKey, { columns, values: new Map() });
      }
    }
  }

  /** The new keys of the rows that it refers to. */
  #inherited(entry: Entry): Map<string, NewValue> {
    const values = new Map<string, NewValue>();
    for (const key of this.#keys) {
      const parent = this.#parentOf(entry, key);
      const given = parent === undefined ? undefined : this.#given.get(parent.id);
      for (const [index, column] of key.columns.entries()) {
        const value = given?.get(key.parentColumns[index] ?? '');
        if (value !== undefined) values.set(column, value);
      }
    }
    return values;
  }

  async #withFreeKeys(entry: Entry, inherited: NewValues): Promise<NewValues> {
    const { shape, key, row } = entry;
    const values = new Map(inherited);
    const isTaken = (await rowsByKey(this.#sql, shape, { keys: [key] })).length > 0;
    if (isTaken && !shape.key.some((name) => values.has(name))) {
      for (const [name, value] of await this.#changed(entry, shape.key)) values.set(name, value);
    }
    for (const columns of await this.#free.brokenIndexes(shape, row)) {
      if (columns.some((name) => values.has(name))) continue;
      for (const [name, value] of await this.#changed(entry, columns)) values.set(name, value);
    }
    return values;
  }

  /** A new value for the last column that can have one, preferring columns without a reference. */
  async #changed({ shape, row }: Entry, columns: readonly string[]): Promise<NewValues> {
    const refers = (name: string): boolean =>
      this.#keys.some((key) => key.table === shape.name && key.columns.includes(name));
    const own = columns.filter((name) => !refers(name));
    for (const column of (own.length > 0 ? own : columns).toReversed()) {
      const value = await this.#free.next(shape, column, row[column] ?? null);
      if (value !== null) return new Map([[column, value]]);
    }
    return new Map();
  }
}

/** A new value for a column: a literal, or the old value with a suffix, which does not reveal the value. */
export type NewValue =
  | { readonly kind: 'literal'; readonly sql: string }
  | { readonly kind: 'suffix'; readonly suffix: string; readonly length: number | null };

/** New values by column. */
type NewValues = ReadonlyMap<string, NewValue>;

/** A row at a commit. */
interface StoredRow {
  readonly shape: TableShape;
  readonly key: Cells;
  readonly commit: string;
}

/**
 * Inserts a row again.
 * @param columns those that the table has now and had then, without generated ones
 */
function insertAgain(row: StoredRow, columns: readonly string[], values: NewValues): string {
  const table = quoted(row.shape.name);
  const given = columns.map((name) => expression(name, values.get(name), ''));
  return `INSERT INTO ${table} (${columns.map(quoted).join(', ')}) SELECT ${given.join(', ')} FROM ${from(row)}`;
}

/**
 * Sets columns of an existing row to their values at a commit, or to a new value.
 * @param at its current key
 */
function updateFrom(
  row: StoredRow,
  at: Cells,
  set: { readonly columns: readonly string[]; readonly values: NewValues },
): string {
  const given = set.columns.map((name) => `n.${quoted(name)} = ${expression(name, set.values.get(name), 'o.')}`);
  return (
    `UPDATE ${quoted(row.shape.name)} AS n JOIN (SELECT * FROM ${from(row)}) AS o ` +
    `SET ${given.join(', ')} WHERE ${keyCondition(row.shape, at, 'n.')}`
  );
}

function from({ shape, key, commit }: StoredRow): string {
  return `${quoted(shape.name)} AS OF '${commit}' WHERE ${keyCondition(shape, key)}`;
}

function expression(column: string, value: NewValue | undefined, alias: string): string {
  const old = `${alias}${quoted(column)}`;
  if (value === undefined) return old;
  switch (value.kind) {
    case 'literal':
      return value.sql;
    case 'suffix': {
      const longer = `CONCAT(${old}, ${textLiteral(value.suffix)})`;
      return value.length === null ? longer : `RIGHT(${longer}, ${value.length})`;
    }
  }
}
