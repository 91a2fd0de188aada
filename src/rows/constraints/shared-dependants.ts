import { inParts } from '../../core/lists.ts';
import { keyOf, keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { type ForeignKey, foreignKeys, referencePairs } from '../../dolt/schema/foreign-keys.ts';
import { columnNamesAt, ordinaryColumns, type TableShape, tableShape } from '../../dolt/schema/table-shape.ts';
import { columnsBehind } from '../../dolt/schema/unique-index.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { baseRows } from '../corrections/row-bases.ts';
import { type Merging, otherSide, type Side, takeReport } from '../merging.ts';
import { lostSide, type ResolvedRow } from '../resolved-row.ts';
import { compareKeys, KEYS_PER_STATEMENT, versionId } from './find-dependants.ts';

/** One side's version of a row that is not in the merge, or that the merge has for the other side. */
interface LostVersion {
  readonly shape: TableShape;
  readonly key: Cells;
  readonly side: Side;
  /** Whether the merge has the row. */
  readonly isShared: boolean;
  /** The row that lost its key, to which it leads. */
  readonly with: NonNullable<ResolvedRow['with']>;
  readonly left: boolean;
}

/**
 * The rows that both sides added under one key, with equal contents or mixed by a policy, and of which one side's version
 * belongs to a row that this side lost. The merge has them once, for the other side, so the lost row lacks them when it
 * is restored. Also the other rows in the merge that refer to such a row.
 *
 * Only reads: a merge is the same without this list.
 * @param sql a session in the merge, after all rows are resolved
 * @param reported what the merge did
 */
export async function sharedDependants(
  sql: Sql,
  merging: Merging,
  reported: readonly ResolvedRow[],
): Promise<ResolvedRow[]> {
  const lost = reported.flatMap((row) => {
    const side = isGone(row) ? lostSide(row) : null;
    return side === null || row[side] === null ? [] : [{ row, side }];
  });
  if (lost.length === 0) return [];
  const search = new Search(sql, merging, await foreignKeys(sql));
  for (const { row, side } of lost) await search.addLost(row, side);
  return await search.run();
}

function isGone({ kind }: ResolvedRow): boolean {
  return kind === 'id-collision' || kind === 'dependant' || kind === 'duplicate';
}

class Search {
  readonly #sql: Sql;
  readonly #merging: Merging;
  readonly #keys: readonly ForeignKey[];
  readonly #shapes = new Map<string, TableShape>();
  readonly #found = new Map<string, LostVersion>();
  readonly #reported = new Map<string, ResolvedRow>();
  #open: LostVersion[] = [];

  constructor(sql: Sql, merging: Merging, keys: readonly ForeignKey[]) {
    this.#sql = sql;
    this.#merging = merging;
    this.#keys = keys;
  }

  async addLost({ table, key, left, with: root, ...versions }: ResolvedRow, side: Side): Promise<void> {
    const shape = await this.#shapeOf(table);
    if (shape.key.length === 0) return;
    // In this side's spelling, as the row is listed for a person.
    const own = Object.fromEntries(shape.key.map((name) => [name, versions[side]?.[name] ?? key[name] ?? null]));
    this.#add({ shape, key: own, side, isShared: false, with: root ?? { table, key: own }, left });
  }

  async run(): Promise<ResolvedRow[]> {
    this.#open.sort(compareKeys);
    while (this.#open.length > 0) {
      const [first] = this.#open;
      const isAlike = ({ shape, side, isShared }: LostVersion): boolean =>
        shape.name === first?.shape.name && side === first.side && isShared === first.isShared;
      const page = this.#open.filter(isAlike).slice(0, KEYS_PER_STATEMENT);
      const taken = new Set(page);
      this.#open = this.#open.filter((one) => !taken.has(one));
      for (const key of this.#keys) if (key.parent === first?.shape.name) await this.#follow(key, page);
    }
    const shapes = this.#shapes;
    const place = (row: ResolvedRow) => ({ shape: shapes.get(row.table), key: row.key });
    return [...this.#reported.values()].sort((a, b) => {
      const [one, other] = [place(a), place(b)];
      return one.shape === undefined || other.shape === undefined
        ? 0
        : compareKeys({ ...one, shape: one.shape }, { ...other, shape: other.shape });
    });
  }

  async #follow(key: ForeignKey, page: readonly LostVersion[]): Promise<void> {
    const [first] = page;
    if (first === undefined) return;
    const { shape: parent, side, isShared } = first;
    const child = await this.#shapeOf(key.table);
    const commit = this.#merging[side];
    const hasNames = async ({ name, key: own }: TableShape, columns: readonly string[]): Promise<boolean> => {
      const known = await columnNamesAt(this.#sql, name, commit);
      return [...columns, ...own].every((column) => known.has(column));
    };
    // Rows without a key are listed by the merge itself.
    if (child.key.length === 0 || !(await hasNames(child, key.columns))) return;
    if (!(await hasNames(parent, key.parentColumns))) return;
    const parents = new Map(page.map((one) => [keyText(parent, one.key), one]));
    const at = { commit, parents: page.map((one) => one.key) };
    const pairs = await referencePairs(this.#sql, { key, child, parent }, at);
    for (const part of inParts(pairs, KEYS_PER_STATEMENT)) {
      const rows = await this.#versions(
        child,
        side,
        part.map((pair) => pair.child),
      );
      for (const pair of part) {
        const to = parents.get(keyText(parent, pair.parent));
        const id = keyText(child, pair.child);
        const [own, rival, merged] = [rows.own.get(id), rows.rival.get(id), rows.merged.get(id)];
        // A row that the merge lacks is lost itself, and has been listed.
        if (to === undefined || own === undefined || merged === undefined) continue;
        const version = { shape: child, key: keyOf(child, own), side };
        const sides = {
          ours: side === 'ours' ? own : (rival ?? null),
          theirs: side === 'ours' ? (rival ?? null) : own,
        };
        if (rows.base.has(id) || rival === undefined) {
          if (isShared) this.#refer(key, to, { ...version, merged, own, sides, base: rows.base.get(id) ?? null });
        } else if (this.#add({ ...version, isShared: true, with: to.with, left: to.left })) {
          const wins = [{ column: null, side: otherSide(side), reason: 'family' } as const];
          this.#report({
            ...{ kind: 'dependant', table: child.name, key: version.key, columns: ordinaryColumns(child) },
            ...{ base: null, ...sides, wins, left: to.left, with: to.with, from: side },
          });
        }
      }
    }
  }

  /** A row that stays, and refers to a shared one: for its own side it would refer to another row. */
  #refer(
    { columns: referring }: ForeignKey,
    to: LostVersion,
    row: Pick<LostVersion, 'shape' | 'key' | 'side'> & {
      readonly merged: Cells;
      readonly own: Cells;
      readonly base: Cells | null;
      readonly sides: Pick<ResolvedRow, 'ours' | 'theirs'>;
    },
  ): void {
    const { shape, key, side, merged, own, base, sides } = row;
    const columns = columnsBehind(shape, referring);
    if (
      this.#found.has(versionId(shape, key, side)) ||
      columns.some((name) => (merged[name] ?? null) !== (own[name] ?? null))
    )
      return;
    this.#report({
      ...{ kind: 'reference', table: shape.name, key, columns, base, ...sides },
      ...{ wins: [], left: to.left, with: to.with, from: side },
    });
  }

  #report(row: ResolvedRow): void {
    const id = JSON.stringify([row.kind, row.table, row.key, row.from, row.kind === 'reference' ? row.columns : null]);
    if (this.#reported.has(id)) return;
    takeReport(this.#merging.budget, row);
    this.#reported.set(id, row);
  }

  /** @returns whether the version is a new one */
  #add(version: LostVersion): boolean {
    const id = versionId(version.shape, version.key, version.side);
    if (this.#found.has(id)) return false;
    this.#found.set(id, version);
    this.#open.push(version);
    return true;
  }

  async #versions(shape: TableShape, side: Side, keys: readonly Cells[]) {
    const at = (commit?: string) =>
      rowsByKeyText(this.#sql, shape, { keys, ...(commit === undefined ? {} : { commit }) });
    return {
      own: await at(this.#merging[side]),
      rival: await at(this.#merging[otherSide(side)]),
      merged: await at(),
      base: await baseRows(this.#sql, this.#merging, shape, keys),
    };
  }

  async #shapeOf(table: string): Promise<TableShape> {
    const shape = this.#shapes.get(table) ?? (await tableShape(this.#sql, table));
    this.#shapes.set(table, shape);
    return shape;
  }
}
