import { Failure } from '../../core/failure.ts';
import { inParts } from '../../core/lists.ts';
import { compareBytes, plain } from '../../core/text.ts';
import { nameAt, openMergeTable, shapeAt } from '../../dolt/rows/open-merge-table.ts';
import { keyOf, keyOfText, keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKey } from '../../dolt/rows/stored-rows.ts';
import {
  type ForeignKey,
  foreignKeys,
  type Reference as Reading,
  referencePairs,
} from '../../dolt/schema/foreign-keys.ts';
import { columnNamesAt, type TableShape, tableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { compareRows } from '../compare-values.ts';
import { baseRows } from '../corrections/row-bases.ts';
import { type Merging, otherSide, type Side } from '../merging.ts';

/** Keys per statement; bounds what is read at once. */
export const KEYS_PER_STATEMENT = 500;

/** One side's version of a row that may be lost. */
export interface Candidate extends Version {
  readonly shape: TableShape;
  readonly key: Cells;
  readonly side: Side;
  /** Grows during the search. */
  readonly parents: Set<string>;
}

/** A row that stays and refers to a row that may be lost. */
export interface Reference {
  readonly shape: TableShape;
  /** Empty for a row of a table without a primary key. */
  readonly key: Cells;
  readonly side: Side;
  readonly columns: readonly string[];
  /** The candidate that it refers to. */
  readonly to: string;
}

export interface Family {
  /** By table and key. */
  readonly candidates: readonly Candidate[];
  readonly references: readonly Reference[];
}

/**
 * Finds what refers to losing rows through declared foreign keys, in their side's version: rows that only this side
 * added or that the other side has under the same key, and rows that stay.
 */
export async function findFamily(
  sql: Sql,
  merging: Merging,
  losers: readonly { readonly shape: TableShape; readonly side: Side; readonly keys: readonly Cells[] }[],
): Promise<Family> {
  const search = new Search(sql, merging, await foreignKeys(sql));
  for (const { shape, side, keys } of losers) {
    for (const part of inParts(keys, KEYS_PER_STATEMENT)) {
      // In their side's spelling of the keys, which may differ under a collation.
      const rows = await rowsByKey(sql, shape, { keys: part, commit: merging[side] });
      for (const row of rows) search.add({ shape, side, key: row, isLoser: true });
    }
  }
  await search.run();
  return { candidates: search.candidates(), references: search.references };
}

/** One side's version of a row as a key of maps. */
export function versionId(shape: TableShape, key: Cells, side: Side): string {
  return JSON.stringify([shape.name, keyText(shape, key), side]);
}

/** Orders rows by the bytes of their table's name, then by key. */
export function compareKeys(a: Pick<Candidate, 'shape' | 'key'>, b: Pick<Candidate, 'shape' | 'key'>): number {
  const keys = a.shape.key.map((name) => a.shape.columns.find((column) => column.name === name));
  return (
    compareBytes(a.shape.name, b.shape.name) ||
    compareRows(
      a.key,
      b.key,
      keys.flatMap((column) => (column === undefined ? [] : [column])),
    )
  );
}

class Search {
  readonly #sql: Sql;
  readonly #merging: Merging;
  readonly #keys: readonly ForeignKey[];
  readonly #shapes = new Map<string, TableShape>();
  readonly #columns = new Map<string, ReadonlySet<string>>();
  readonly #found = new Map<string, Candidate>();
  readonly references: Reference[] = [];
  #open: Candidate[] = [];

  constructor(sql: Sql, merging: Merging, keys: readonly ForeignKey[]) {
    this.#sql = sql;
    this.#merging = merging;
    this.#keys = keys;
  }

  candidates(): Candidate[] {
    return [...this.#found.values()].sort(compareKeys);
  }

  add(row: Pick<Candidate, 'shape' | 'key' | 'side' | 'isLoser'>): Candidate {
    const id = versionId(row.shape, row.key, row.side);
    const known = this.#found.get(id);
    if (known !== undefined) return known;
    const opponent = versionId(row.shape, row.key, otherSide(row.side));
    const candidate = { ...row, key: keyOf(row.shape, row.key), id, opponent, parents: new Set<string>() };
    this.#found.set(id, candidate);
    this.#open.push(candidate);
    return candidate;
  }

  async run(): Promise<void> {
    while (this.#open.length > 0) {
      const [first] = this.#open;
      const isAlike = ({ shape, side }: Candidate): boolean => shape.name === first?.shape.name && side === first.side;
      const page = this.#open.filter(isAlike).slice(0, KEYS_PER_STATEMENT);
      const taken = new Set(page);
      this.#open = this.#open.filter((one) => !taken.has(one));
      for (const key of this.#keys) if (key.parent === first?.shape.name) await this.#follow(key, page);
    }
  }

  async #follow(key: ForeignKey, page: readonly Candidate[]): Promise<void> {
    const [first] = page;
    if (first === undefined) return;
    const { shape: parent, side } = first;
    const child = await this.#shapeOf(key.table);
    const commit = this.#merging[side];
    const parents = page.map((one) => one.key);
    const hasChild = await this.#hasColumns(commit, child.name, [...key.columns, ...child.key]);
    if (!hasChild || !(await this.#hasColumns(commit, parent.name, [...key.parentColumns, ...parent.key]))) {
      if (await this.#refersByOtherNames({ key, child, parent }, side, parents)) throw renamedReference(key);
      return;
    }
    const pairs = await referencePairs(this.#sql, { key, child, parent }, { commit, parents });
    if (child.key.length === 0) {
      for (const pair of pairs) this.#refer(key, { child, key: {}, side, to: versionId(parent, pair.parent, side) });
      return;
    }
    for (const part of inParts(pairs, KEYS_PER_STATEMENT)) {
      const keys = part.map((pair) => pair.child);
      const old = await baseRows(this.#sql, this.#merging, child, keys);
      const rival = await this.#present(child, keys, this.#merging[otherSide(side)]);
      for (const pair of part) {
        const to = versionId(parent, pair.parent, side);
        const text = keyText(child, pair.child);
        const isRival = [side, otherSide(side)].some(
          (one) => this.#found.get(versionId(child, pair.child, one))?.isLoser,
        );
        if (old.has(text)) this.#refer(key, { child, key: pair.child, side, to });
        // A row that both sides added equally, or that a policy mixed, belongs to both sides and stays.
        else if (!rival.has(text) || isRival)
          this.add({ shape: child, key: pair.child, side, isLoser: false }).parents.add(to);
      }
    }
  }

  /** Whether rows of a side refer to given rows by columns that have other names in the merge. */
  async #refersByOtherNames({ key, child, parent }: Reading, side: Side, parents: readonly Cells[]): Promise<boolean> {
    const [referring, referred] = [
      await openMergeTable(this.#sql, child.name),
      await openMergeTable(this.#sql, parent.name),
    ];
    if (referring[side] === null || referred[side] === null) return false;
    const columns = key.columns.flatMap((name) => nameAt(referring, side, name) ?? []);
    const parentColumns = key.parentColumns.flatMap((name) => nameAt(referred, side, name) ?? []);
    // A column that this side lacks refers to nothing.
    if (columns.length < key.columns.length || parentColumns.length < key.parentColumns.length) return false;
    const then = { child: shapeAt(child, referring, side), parent: shapeAt(parent, referred, side) };
    const pairs = await referencePairs(
      this.#sql,
      { key: { ...key, columns, parentColumns }, ...then },
      { commit: this.#merging[side], parents: parents.map((one) => keyOfText(then.parent, keyText(parent, one))) },
    );
    return pairs.length > 0;
  }

  #refer(
    { columns }: ForeignKey,
    from: { readonly child: TableShape; readonly key: Cells; readonly side: Side; readonly to: string },
  ): void {
    this.references.push({ shape: from.child, key: from.key, side: from.side, columns, to: from.to });
  }

  async #present(shape: TableShape, keys: readonly Cells[], commit: string): Promise<ReadonlySet<string>> {
    return new Set((await rowsByKey(this.#sql, shape, { keys, commit })).map((row) => keyText(shape, row)));
  }

  async #shapeOf(table: string): Promise<TableShape> {
    const shape = this.#shapes.get(table) ?? (await tableShape(this.#sql, table));
    this.#shapes.set(table, shape);
    return shape;
  }

  /** Whether a table had the given columns at a commit: one side may have added the foreign key with its column. */
  async #hasColumns(commit: string, table: string, names: readonly string[]): Promise<boolean> {
    const id = `${commit} ${table}`;
    const known = this.#columns.get(id) ?? (await columnNamesAt(this.#sql, table, commit));
    this.#columns.set(id, known);
    return names.every((name) => known.has(name));
  }
}

function renamedReference({ table, parent }: ForeignKey): Failure {
  return new Failure(
    'constraint-violation',
    plain(
      `rows of ${table} refer to a row of ${parent} that lost its key, and one side renamed a column by which they are found`,
    ),
    {
      hint: `Give this row of ${parent} another key on one side, with the rows that refer to it. Commit, then run again.`,
    },
  );
}

/** One side's version of a row, by ids, with the facts that decide whether it is lost. */
export interface Version {
  readonly id: string;
  /** Whether the row lost its key to the version of the other side, or to another row. */
  readonly isLoser: boolean;
  /** The other side's version of the same row; null if the key is free without this one. */
  readonly opponent: string | null;
  /** The versions that it refers to. */
  readonly parents: ReadonlySet<string>;
}

/**
 * Which versions are lost. A version is lost if it refers to a lost one, or if it lost its key to a version that is not
 * lost itself. Two rows that depend on each other's loss are decided in the given order.
 * @param versions losers and everything that refers to them, in an order that both sides of a merge share
 */
export function lostVersions(versions: readonly Version[]): ReadonlySet<string> {
  const byId = new Map(versions.map((version) => [version.id, version]));
  const lost = new Map<string, boolean>();
  const waiting = waitersOf(versions);
  const decide = (first: string, isLost: boolean): void => {
    const open = [[first, isLost] as const];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [id, value] = next;
      if (lost.has(id)) continue;
      lost.set(id, value);
      for (const waiter of waiting.get(id) ?? []) {
        const version = byId.get(waiter);
        const verdict = version === undefined || lost.has(waiter) ? null : verdictOn(version);
        if (verdict !== null) open.push([waiter, verdict]);
      }
    }
  };
  const verdictOn = ({ isLoser, opponent, parents }: Version): boolean | null => {
    const states = [...parents].map((parent) => lost.get(parent));
    if (states.includes(true)) return true;
    const rival = opponent === null || !byId.has(opponent) ? false : lost.get(opponent);
    if (isLoser && rival === false) return true;
    return states.includes(undefined) || (isLoser && rival === undefined) ? null : false;
  };
  for (const version of versions) {
    const verdict = lost.has(version.id) ? null : verdictOn(version);
    if (verdict !== null) decide(version.id, verdict);
  }
  // Only cycles remain: the first loser of each is lost, and everything that depends on no lost version stays.
  for (const { id, isLoser } of versions) if (isLoser && !lost.has(id)) decide(id, true);
  return new Set(versions.flatMap(({ id }) => (lost.get(id) === true ? [id] : [])));
}

/** By version, the versions that depend on it. */
function waitersOf(versions: readonly Version[]): ReadonlyMap<string, readonly string[]> {
  const waiting = new Map<string, string[]>();
  const wait = (on: string, id: string): void => {
    const known = waiting.get(on);
    if (known === undefined) waiting.set(on, [id]);
    else known.push(id);
  };
  for (const { id, isLoser, opponent, parents } of versions) {
    for (const parent of parents) wait(parent, id);
    if (isLoser && opponent !== null) wait(opponent, id);
  }
  return waiting;
}

/**
 * Orders versions so that each comes after those that it refers to, otherwise in the given order. Cycles are cut at
 * their first version.
 */
export function parentsFirst<T extends Pick<Version, 'id' | 'parents'>>(versions: readonly T[]): T[] {
  const rank = new Map(versions.map(({ id }, index) => [id, index]));
  const missing = versions.map(({ id, parents }) => [...parents].filter((one) => one !== id && rank.has(one)).length);
  const children = new Map<string, number[]>(versions.map(({ id }) => [id, []]));
  for (const [index, { id, parents }] of versions.entries()) {
    for (const parent of parents) if (parent !== id) children.get(parent)?.push(index);
  }
  const placed = new Set<number>();
  const ordered: T[] = [];
  const place = (start: number): void => {
    const ready = [start];
    // The list grows during the loop.
    for (const index of ready) {
      const version = versions[index];
      if (version === undefined || placed.has(index)) continue;
      placed.add(index);
      ordered.push(version);
      for (const child of children.get(version.id) ?? []) {
        missing[child] = (missing[child] ?? 0) - 1;
        if (missing[child] === 0) ready.push(child);
      }
    }
  };
  for (const [index] of versions.entries()) if (missing[index] === 0) place(index);
  for (const [index] of versions.entries()) place(index);
  return ordered;
}
