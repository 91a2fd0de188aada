import { insertAgain, type NewValue, type NewValues, updateFrom, valueLiteral } from '../dolt/rows/literals.ts';
import { keyOf } from '../dolt/rows/row-key.ts';
import { rowsByKey } from '../dolt/rows/stored-rows.ts';
import { type ForeignKey, foreignKeys } from '../dolt/schema/foreign-keys.ts';
import { columnNamesAt, ordinaryColumns, type TableShape, tableNames } from '../dolt/schema/table-shape.ts';
import { columnsBehind } from '../dolt/schema/unique-index.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { folded } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { parentsFirst } from '../rows/constraints/find-dependants.ts';
import type { DatabaseRules } from '../rows/table-policy.ts';
import type { LostKind, LostRow, Values } from './conflicts-file.ts';
import { FreeValues } from './free-values.ts';

/** A row that a merge lacks, or has with other values. */
export interface Entry {
  readonly id: string;
  readonly kind: LostKind;
  readonly shape: TableShape;
  /** The commit that has it. */
  readonly commit: string;
  /** The names that columns had there, if they have others now. */
  readonly former: ReadonlyMap<string, string>;
  readonly key: Cells;
  readonly otherKey: Values | undefined;
  /** The columns that differ, if the merge has the row; undefined: unknown. */
  readonly columns: readonly string[] | undefined;
  readonly row: Cells;
  /** The entries that it refers to. */
  readonly parents: Set<string>;
}

/** How a row is restored. */
export interface Restoration {
  readonly sql: string;
  /** The key of the row then. */
  readonly key: Cells;
  /** The values that differ from those at the commit. */
  readonly values: Values;
}

/** How a program numbers rows below a parent, and computes keys. */
export type KeyRules = Pick<DatabaseRules, 'children' | 'derivedKeys'>;

/** These rules; null if the database is not one of their program. */
export async function keyRules(sql: Sql, rules: DatabaseRules): Promise<KeyRules | null> {
  return rules.recognises(await tableNames(sql)) ? rules : null;
}

/**
 * How rows are restored, each after those that it refers to.
 * @param sql a session on a branch at the head after the merges
 * @param chosen values of a person's own, by the id of an entry
 */
export async function restorations(
  sql: Sql,
  entries: readonly Entry[],
  rules: KeyRules | null,
  chosen: ReadonlyMap<string, Values> = new Map(),
): Promise<(readonly [Entry, Restoration | null])[]> {
  const keys = await foreignKeys(sql);
  const numbered = rules === null ? new Map<string, Entry>() : belowOthers(entries, rules.children);
  const statements = new Statements(sql, referencing(entries, keys), { keys, rules, numbered });
  statements.reserve(entries);
  const found: (readonly [Entry, Restoration | null])[] = [];
  for (const entry of parentsFirst(entries)) found.push([entry, await statements.of(entry, chosen.get(entry.id))]);
  return found;
}

/** Whether rows of a kind are not in the merge. */
export function isGone(kind: LostKind): boolean {
  return kind === 'id-collision' || kind === 'dependant' || kind === 'duplicate';
}

/** Why no statement restores a row. */
export function noStatement({ kind, key = {} }: Pick<LostRow, 'kind' | 'key'>): string {
  const needsValue = (isGone(kind) && Object.keys(key).length > 0) || kind === 'unique-conflict';
  return needsValue
    ? 'no free value was found that fits its key, its unique columns or its references'
    : 'no statement can restore it';
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

/** By id, the entry of the same commit below which an entry is numbered; also adds it as a parent. */
function belowOthers(entries: readonly Entry[], children: DatabaseRules['children']): ReadonlyMap<string, Entry> {
  const idOf = ({ commit }: Entry, key: string): string => JSON.stringify([commit, key]);
  const rows = new Map<string, Entry>();
  for (const entry of entries) {
    const key = onlyKey(entry);
    if (key !== null && entry.shape.name === children.table && isGone(entry.kind)) rows.set(idOf(entry, key), entry);
  }
  const below = new Map<string, Entry>();
  for (const entry of rows.values()) {
    const parent = children.parentOf(onlyKey(entry) ?? '');
    const above = parent === null ? undefined : rows.get(idOf(entry, parent));
    if (above === undefined) continue;
    entry.parents.add(above.id);
    below.set(entry.id, above);
  }
  return below;
}

/** The key of a row in a table with one column in its key. */
function onlyKey({ shape, key }: Entry): string | null {
  const [column] = shape.key;
  return column === undefined || shape.key.length > 1 ? null : (key[column] ?? null);
}

/** Creates the statements; each uses the new keys of the earlier ones. */
class Statements {
  readonly #sql: Sql;
  readonly #keys: readonly ForeignKey[];
  readonly #parentOf: (entry: Entry, key: ForeignKey) => Entry | undefined;
  readonly #free: FreeValues;
  readonly #rules: KeyRules | null;
  readonly #numbered: ReadonlyMap<string, Entry>;
  readonly #given = new Map<string, NewValues>();

  constructor(
    sql: Sql,
    parentOf: (entry: Entry, key: ForeignKey) => Entry | undefined,
    given: {
      readonly keys: readonly ForeignKey[];
      readonly rules: KeyRules | null;
      /** By the id of an entry, the one below which it is numbered. */
      readonly numbered: ReadonlyMap<string, Entry>;
    },
  ) {
    this.#sql = sql;
    this.#keys = given.keys;
    this.#rules = given.rules;
    this.#numbered = given.numbered;
    this.#parentOf = parentOf;
    this.#free = new FreeValues(sql);
  }

  /** Reserves the values of rows that will be restored, so that no other row gets them. */
  reserve(entries: readonly Entry[]): void {
    for (const { kind, shape, row } of entries) if (isGone(kind)) this.#free.reserve(shape, row);
  }

  /** @returns null if no statement helps */
  async of(entry: Entry, chosen: Values = {}): Promise<Restoration | null> {
    const { shape, kind, key, commit, columns, otherKey } = entry;
    if (shape.key.length === 0) return null;
    const own = new Map(Object.entries(chosen).map(([name, text]) => [name, written(shape, name, text)]));
    switch (kind) {
      case 'id-collision':
      case 'dependant':
      case 'duplicate': {
        const values = await this.#again(entry, own);
        if (values === null) return null;
        const before = await columnNamesAt(this.#sql, shape.name, commit);
        const renamed = new Set(entry.former.values());
        const inserted = ordinaryColumns(shape).filter((name) => {
          const then = entry.former.get(name);
          return then === undefined ? before.has(name) && !renamed.has(name) : before.has(then);
        });
        return restoration(entry, key, { values, sql: insertAgain(entry, inserted, values) });
      }
      case 'changed': {
        if (columns === undefined || (hasDocument(shape, columns) && own.size === 0)) return null;
        const set = own.size > 0 ? [...own.keys()] : columns;
        return restoration(entry, key, { values: own, sql: updateFrom(entry, key, { columns: set, values: own }) });
      }
      case 'unique-conflict': {
        if (columns === undefined) return null;
        const values = own.size > 0 ? own : await this.#changed(entry, await this.#free.direct(shape, columns));
        if (values === null) return null;
        return restoration(entry, key, { values, sql: updateFrom(entry, key, { columns, values }) });
      }
      case 'reference': {
        if (columns === undefined || (own.size === 0 && (entry.parents.size === 0 || hasDocument(shape, columns))))
          return null;
        const inherited = this.#inherited(entry, { own, columns });
        if (inherited === null) return null;
        const values = new Map([...inherited, ...own]);
        const set = hasDocument(shape, columns) ? columns.filter((name) => values.has(name)) : columns;
        return restoration(entry, key, { values, sql: updateFrom(entry, key, { columns: set, values }) });
      }
      case 'renamed': {
        if (otherKey === undefined || columns === undefined || columns.length === 0) return null;
        return restoration(entry, otherKey, {
          values: own,
          sql: updateFrom(entry, otherKey, { columns, values: own }),
        });
      }
    }
  }

  /** The new values of a row that is added again; null if none fit. */
  async #again(entry: Entry, own: NewValues): Promise<NewValues | null> {
    const columns = ordinaryColumns(entry.shape);
    const before = this.#inherited(entry, { own, columns });
    const given = before === null ? null : await this.#withFreeKeys(entry, new Map([...before, ...own]));
    if (given === null) return null;
    this.#given.set(entry.id, given);
    // It may refer to itself.
    const after = this.#inherited(entry, { own, columns });
    const values = after === null ? null : new Map([...after, ...given]);
    if (values !== null && !this.#movesReference(entry.shape, values, own)) return values;
    this.#given.delete(entry.id);
    return null;
  }

  /**
   * The new keys of the rows that it refers to. A value of a person's own in a reference decides about it.
   * @param set.columns the ordinary columns that can be set
   * @returns null if a statement cannot refer to them: one has no statement itself, or a key is computed
   */
  #inherited(
    entry: Entry,
    { own, columns }: { readonly own: NewValues; readonly columns: readonly string[] },
  ): NewValues | null {
    const values = new Map<string, NewValue>();
    for (const key of this.#keys) {
      const parent = this.#parentOf(entry, key);
      if (parent === undefined) continue;
      const behind = columnsBehind(entry.shape, key.columns).filter((name) => columns.includes(name));
      if (behind.length === 0) continue;
      const isOwn = behind.some((name) => own.has(name));
      const given = this.#given.get(parent.id);
      if (given === undefined && !isOwn && parent !== entry) return null;
      for (const [index, column] of key.columns.entries()) {
        const target = key.parentColumns[index] ?? '';
        const value = given?.get(target);
        const isChanged = columnsBehind(parent.shape, [target]).some((name) => given?.has(name));
        if (value !== undefined && columns.includes(column)) values.set(column, value);
        else if (isChanged && !isOwn) return null;
      }
    }
    return values;
  }

  /** Whether new values change a generated column that refers to another row, which no one chose. */
  #movesReference(shape: TableShape, values: NewValues, own: NewValues): boolean {
    const ordinary = ordinaryColumns(shape);
    const computed = this.#keys
      .filter(({ table }) => table === shape.name)
      .flatMap((key) => key.columns.filter((name) => !ordinary.includes(name)));
    return columnsBehind(shape, computed).some((name) => values.has(name) && !own.has(name));
  }

  /** @returns null if no free value fits */
  async #withFreeKeys(entry: Entry, inherited: NewValues): Promise<NewValues | null> {
    const { shape, key } = entry;
    const values = new Map([...this.#derived(entry, inherited), ...inherited]);
    const isTaken = (await rowsByKey(this.#sql, shape, { keys: [key] })).length > 0;
    if (isTaken && !shape.key.some((name) => values.has(name))) {
      const free = (await this.#asChild(entry)) ?? (await this.#changed(entry, shape.key));
      // Dolt computes a generated key: no value of its own can be given, and that of another part would change it.
      const ordinary = ordinaryColumns(shape);
      if (free === null || shape.key.some((name) => !ordinary.includes(name))) return null;
      for (const [name, value] of free) values.set(name, value);
    }
    for (const { columns, behind } of await this.#free.brokenIndexes(entry)) {
      if (behind.some((name) => values.has(name))) continue;
      const free = await this.#changed(entry, columns);
      if (free === null) return null;
      for (const [name, value] of free) values.set(name, value);
    }
    return values;
  }

  /** The key that the program computes of the new values, if it computed the old one. */
  #derived({ shape, row, key }: Entry, changed: NewValues): NewValues {
    const rule = this.#rules?.derivedKeys[folded(shape.name)];
    const [column] = shape.key;
    if (rule === undefined || column === undefined || changed.size === 0 || rule(row) !== key[column]) return new Map();
    const next = rule({ ...row, ...Object.fromEntries([...changed].map(([name, { value }]) => [name, value])) });
    if (next === null || next === key[column]) return new Map();
    return new Map([[column, written(shape, column, next)]]);
  }

  /** The key of the next child of the same parent, or of its restored one; null if the row is not a numbered child. */
  async #asChild(entry: Entry): Promise<NewValues | null> {
    const { shape } = entry;
    const [column] = shape.key;
    const old = onlyKey(entry);
    const children = this.#rules?.children;
    if (column === undefined || old === null || children === undefined || children.table !== shape.name) return null;
    const above = this.#numbered.get(entry.id);
    const below = above === undefined ? undefined : this.#given.get(above.id)?.get(column)?.value;
    const isTaken = (text: string): boolean => this.#free.isGiven(shape, column, text);
    const next = await children.next(this.#sql, old, { isTaken, below: below ?? null });
    if (next === null) return null;
    this.#free.give(shape, column, next);
    return new Map([[column, written(shape, column, next)]]);
  }

  /**
   * A new value for the last column that can have one; null: none can. Another value of a reference would refer to
   * another row, and a generated column can be given none.
   */
  async #changed({ shape, row }: Entry, columns: readonly string[]): Promise<NewValues | null> {
    const references = this.#keys.filter(({ table }) => table === shape.name).flatMap((key) => key.columns);
    const refers = columnsBehind(shape, references);
    const free = ordinaryColumns(shape).filter((name) => !refers.includes(name));
    for (const column of columns.filter((name) => free.includes(name)).toReversed()) {
      const value = await this.#free.next(shape, column, row[column] ?? null);
      if (value !== null) return new Map([[column, value]]);
    }
    return null;
  }
}

function written(shape: TableShape, column: string, value: string | null): NewValue {
  return { kind: 'literal', sql: valueLiteral(shape, column, value), value };
}

/** Documents of both sides are merged by key, so that of one side would undo changes of the other. */
function hasDocument(shape: TableShape, columns: readonly string[]): boolean {
  return shape.columns.some(({ name, type }) => type === 'json' && columns.includes(name));
}

/** @param at the key of the row before it is restored, if the merge has it */
function restoration(
  { shape }: Entry,
  at: Cells,
  given: { readonly values: NewValues; readonly sql: string },
): Restoration {
  const values = Object.fromEntries([...given.values].map(([name, { value }]) => [name, value]));
  return { sql: given.sql, key: keyOf(shape, { ...at, ...values }), values };
}
