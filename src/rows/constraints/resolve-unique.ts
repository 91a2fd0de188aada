import { Failure } from '../../core/failure.ts';
import { hasKey, keyOf, keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { columnType, defaultTokens, type Item } from '../../dolt/schema/create-table.ts';
import { definedTables, tableItemsAt } from '../../dolt/schema/table-definitions.ts';
import { columnNamesAt, columnsWithKey, type TableShape } from '../../dolt/schema/table-shape.ts';
import {
  rowsSharingKey,
  rowsWithKeyOf,
  sourceText,
  type UniqueKey,
  uniqueKeysOf,
} from '../../dolt/schema/unique-index.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { cellsSchema } from '../../dolt/sql/cell.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import { quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { auditColumnsOf } from '../audit-columns.ts';
import { type UniqueKeyClock, uniqueKeyClock } from '../clock/unique-key-clock.ts';
import { compareRows, compareValues } from '../compare-values.ts';
import { baseRows, keysByBase } from '../corrections/row-bases.ts';
import type { Merging, Side, SideRows } from '../merging.ts';
import { SIDES } from '../merging.ts';
import type { ResolvedRow } from '../resolved-row.ts';
import { firesTriggers } from './restore.ts';
import {
  type CollidingRow,
  type Collision,
  type DisplacedRow,
  type Rank,
  resolveRounds,
  type UnresolvedKeys,
} from './unique-rounds.ts';

export interface ResolvedKeys {
  readonly reported: readonly ResolvedRow[];
  /** The added rows that were removed. */
  readonly losers: readonly SideRows[];
}

/**
 * Resolves the unique keys of one table, and writes the pending rows. Before everything is decided, only the temporary
 * table is written.
 * @throws Failure `constraint-violation` if the keys cannot be resolved, or a row would have to be moved in a table
 * with triggers
 */
export async function resolveUniqueKeys(sql: Sql, merging: Merging, table: string): Promise<ResolvedKeys> {
  const { pending } = merging;
  const keys = await pending.keysOf(table);
  await pending.pull(table);
  if (keys.length === 0) {
    await pending.write(table);
    return { reported: [], losers: [] };
  }
  const conflicting = new ConflictingRows(sql, merging, { shape: await pending.shapeOf(table), keys });
  const rounds = await resolveRounds(conflicting);
  if ('why' in rounds) throw unresolvedKeys(conflicting.shape, rounds);
  await pending.write(table);
  const inOrder = (all: readonly DisplacedRow[]): DisplacedRow[] =>
    all.toSorted((a, b) => conflicting.compare(a.loser.row, b.loser.row));
  const removed = inOrder(rounds.flatMap((round) => round.removed));
  const reverted = inOrder(rounds.flatMap((round) => round.reverted));
  return {
    reported: [
      ...(await Promise.all(reverted.map((one) => conflicting.revertedRow(one)))),
      ...(await Promise.all(removed.map((one) => conflicting.removedRow(one)))),
    ],
    losers: await conflicting.losersBySide(removed),
  };
}

/** The rows of one table in the open merge, as the rounds need them. */
class ConflictingRows {
  readonly #sql: Sql;
  readonly #merging: Merging;
  readonly #keys: readonly UniqueKey[];
  readonly #knownInBase = new Map<string, boolean>();
  #items: readonly Item[] | null = null;
  #clock: UniqueKeyClock | null = null;
  readonly shape: TableShape;

  constructor(sql: Sql, merging: Merging, table: { readonly shape: TableShape; readonly keys: readonly UniqueKey[] }) {
    this.#sql = sql;
    this.#merging = merging;
    this.#keys = table.keys;
    this.shape = table.shape;
  }

  compare(a: Cells, b: Cells): number {
    return compareRows(
      a,
      b,
      this.shape.columns.filter(({ name }) => this.shape.key.includes(name)),
    );
  }

  async collisions(): Promise<Collision[]> {
    const source = await this.#merging.pending.source(this.shape.name);
    const collisions: Collision[] = [];
    for (const key of this.#keys) {
      const groups = await rowsSharingKey(this.#sql, source, key);
      if (groups.length === 0) continue;
      if (!(await this.#isInBase(key))) throw newKey(this.shape.name, key.name, await this.#isOfBoth(key));
      if (this.shape.key.length === 0) throw undecidable(this.shape.name, key.name, KEYLESS);
      if (await this.#isKeyRenamed()) throw undecidable(this.shape.name, key.name, RENAMED);
      const rows = await this.#rows(groups.flat());
      const old = await baseRows(this.#sql, this.#merging, this.shape, groups.flat());
      const same = new Set<string>();
      for (const [commit, keys] of await this.#byBase(groups.flat(), key.columns)) {
        // Several bases need not all have the table.
        if ((await columnNamesAt(this.#sql, this.shape.name, commit)).size === 0) continue;
        const rowsOfBase = await rowsWithKeyOf(this.#sql, source, { key, keys, commit });
        for (const row of rowsOfBase) same.add(keyText(this.shape, row));
      }
      for (const group of groups) {
        const colliding: CollidingRow[] = [];
        for (const cells of group) {
          const id = keyText(this.shape, cells);
          const rank: Rank = !old.has(id) ? 2 : same.has(id) ? 0 : 1;
          colliding.push({ id, row: rows.get(id) ?? cells, rank, time: '' });
        }
        collisions.push({ key: key.name, colliding: await this.#timed(key, colliding) });
      }
    }
    return collisions;
  }

  /** Histories are read only if times decide. */
  async #timed(key: UniqueKey, colliding: readonly CollidingRow[]): Promise<CollidingRow[]> {
    const best = Math.min(...colliding.map(({ rank }) => rank));
    const contenders = colliding.filter(({ rank }) => rank === best);
    if (contenders.length < 2 || best === 0) return [...colliding];
    this.#clock ??= uniqueKeyClock(this.#sql, this.#merging, this.shape);
    const clock = this.#clock;
    const timed: CollidingRow[] = [];
    for (const one of colliding) {
      if (one.rank !== best) timed.push(one);
      else if (best === 1) timed.push({ ...one, time: await clock.valuesSetAt(one.row, key.columns) });
      else timed.push({ ...one, time: await clock.created(one.row) });
    }
    return timed;
  }

  async revert(key: string, rows: readonly CollidingRow[]): Promise<void> {
    await this.#requireMovable();
    const columns = this.#keys.find(({ name }) => name === key)?.columns ?? [];
    const keys = rows.map(({ row }) => keyOf(this.shape, row));
    await this.#merging.pending.move(this.shape.name, keys);
    if (columns.length === 0) return;
    for (const [commit, own] of await this.#byBase(keys, columns)) {
      await this.#merging.pending.restoreColumns(this.shape.name, { keys: own, columns, commit });
    }
  }

  async remove(rows: readonly CollidingRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#requireMovable();
    await this.#merging.pending.remove(
      this.shape.name,
      rows.map(({ row }) => keyOf(this.shape, row)),
    );
  }

  async #requireMovable(): Promise<void> {
    const { name } = this.shape;
    if (!(await this.#merging.pending.isMovable(name))) throw firesTriggers(name, 'resolving the unique keys of');
  }

  /** A row of the base, with the value that it lost. */
  async revertedRow({ key, loser }: DisplacedRow): Promise<ResolvedRow> {
    const id = keyOf(this.shape, loser.row);
    const base = (await baseRows(this.#sql, this.#merging, this.shape, [id])).get(loser.id) ?? null;
    const [ours, theirs] = await Promise.all(
      SIDES.map(async (side) => (await this.#rowsAt(side, [id])).get(loser.id) ?? null),
    );
    return {
      kind: 'unique-conflict',
      table: this.shape.name,
      key: id,
      columns: this.#keys.find(({ name }) => name === key)?.columns ?? [],
      base,
      ours: ours ?? null,
      theirs: theirs ?? null,
      wins: [],
      left: true,
    };
  }

  /** An added row that was removed, beside the row that kept the value. */
  async removedRow({ winner, loser }: DisplacedRow): Promise<ResolvedRow> {
    const side = (await this.#sidesWith(loser))[0] ?? 'theirs';
    const isTwin = await this.#areTwins(winner.row, loser.row);
    const kept: Side = side === 'ours' ? 'theirs' : 'ours';
    const sides = { [side]: loser.row, [kept]: winner.row };
    const reason = winner.rank === 2 && winner.time === loser.time ? 'smaller-key' : 'created-first';
    return {
      kind: 'duplicate',
      table: this.shape.name,
      key: keyOf(this.shape, loser.row),
      columns: this.#differing(winner.row, loser.row),
      base: null,
      ours: sides['ours'] ?? null,
      theirs: sides['theirs'] ?? null,
      wins: [{ column: null, side: kept, reason }],
      left: !isTwin,
    };
  }

  async losersBySide(removed: readonly DisplacedRow[]): Promise<SideRows[]> {
    const keys: Record<Side, Cells[]> = { ours: [], theirs: [] };
    for (const { loser } of removed) {
      for (const side of await this.#sidesWith(loser)) keys[side].push(keyOf(this.shape, loser.row));
    }
    return SIDES.flatMap((side) => (keys[side].length === 0 ? [] : [{ shape: this.shape, side, keys: keys[side] }]));
  }

  async #sidesWith({ id, row }: CollidingRow): Promise<Side[]> {
    const found: Side[] = [];
    for (const side of SIDES) {
      if ((await this.#rowsAt(side, [keyOf(this.shape, row)])).has(id)) found.push(side);
    }
    return found;
  }

  #differing(a: Cells, b: Cells): string[] {
    return this.shape.columns.flatMap(({ name, type, generated }) =>
      generated !== null || compareValues(a[name] ?? null, b[name] ?? null, type) === 0 ? [] : [name],
    );
  }

  /** Whether two rows differ only in audit columns and a generated primary key. */
  async #areTwins(a: Cells, b: Cells): Promise<boolean> {
    const { pending, policyOf } = this.#merging;
    const { name: table } = this.shape;
    const audit = auditColumnsOf(this.shape, await pending.uniqueColumns(table), policyOf(table));
    const differing = this.#differing(a, b).filter((name) => !audit.has(name));
    if (differing.length === 0) return true;
    if (!differing.every((name) => this.shape.key.includes(name))) return false;
    this.#items ??= await tableItemsAt(this.#sql, this.shape.name, null);
    const [only, second] = this.shape.key;
    const item = this.#items.find(({ kind, name }) => kind === 'column' && name === only);
    return only !== undefined && second === undefined && item !== undefined && isMadeUp(item, a[only], b[only]);
  }

  async #rows(keys: readonly Cells[]): Promise<Map<string, Cells>> {
    const where = hasKey(this.shape, keys);
    const columns = columnsWithKey(this.shape).map(quoted).join(', ');
    const source = sourceText(await this.#merging.pending.source(this.shape.name));
    const rows = await this.#sql.rows(
      cellsSchema,
      `SELECT ${columns} FROM ${source} WHERE ${where.text}`,
      where.values,
    );
    return new Map(rows.map((row) => [keyText(this.shape, row), row]));
  }

  async #rowsAt(side: Side, keys: readonly Cells[]): Promise<Map<string, Cells>> {
    return await rowsByKeyText(this.#sql, this.shape, { keys, commit: this.#merging[side] });
  }

  async #byBase(keys: readonly Cells[], columns: readonly string[]): Promise<ReadonlyMap<string, readonly Cells[]>> {
    return await keysByBase(this.#sql, this.#merging, { shape: this.shape, columns }, keys);
  }

  /** Whether a merge base has a unique key of the same parts, under any name. */
  async #isInBase(key: UniqueKey): Promise<boolean> {
    const known = this.#knownInBase.get(key.name);
    if (known !== undefined) return known;
    const { ours, theirs } = this.#merging;
    let found = false;
    for (const base of await mergeBases(this.#sql, ours, theirs)) found ||= await this.#isAt(key, base);
    this.#knownInBase.set(key.name, found);
    return found;
  }

  /** Whether a commit of the merge has another name for a column of the primary key. */
  async #isKeyRenamed(): Promise<boolean> {
    const { ours, theirs } = this.#merging;
    for (const commit of [...(await mergeBases(this.#sql, ours, theirs)), ours, theirs]) {
      const names = await columnNamesAt(this.#sql, this.shape.name, commit);
      if (names.size > 0 && !this.shape.key.every((name) => names.has(name))) return true;
    }
    return false;
  }

  async #isOfBoth(key: UniqueKey): Promise<boolean> {
    const { ours, theirs } = this.#merging;
    return (await this.#isAt(key, ours)) && (await this.#isAt(key, theirs));
  }

  /** Whether a commit has a unique key of the same parts, under any name. */
  async #isAt(key: UniqueKey, commit: string): Promise<boolean> {
    const { name } = this.shape;
    const isThere = (await definedTables(this.#sql, commit)).has(name);
    const items = isThere ? await tableItemsAt(this.#sql, name, commit) : [];
    const parts = JSON.stringify(key.parts);
    return uniqueKeysOf(this.shape, items).some((old) => JSON.stringify(old.parts) === parts);
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a primary key is a UUID or a counter, which says nothing about its row. CHAR(36) holds a UUID. */
function isMadeUp(item: Item, a: string | null | undefined, b: string | null | undefined): boolean {
  const words = item.tokens.map(({ kind, text }) => (kind === 'word' ? text.toUpperCase() : ''));
  if (words.includes('AUTO_INCREMENT')) return true;
  if (defaultTokens(item).some(({ kind, text }) => kind === 'word' && text.toUpperCase() === 'UUID')) return true;
  const type = columnType(item).toLowerCase();
  return /^char\(36\)/.test(type) || (type.startsWith('varchar') && UUID.test(a ?? '') && UUID.test(b ?? ''));
}

function unresolvedKeys(shape: TableShape, { key, rows, why }: UnresolvedKeys): Failure {
  const [a, b] = rows.map(({ row }) => JSON.stringify(keyOf(shape, row)));
  const reason =
    why === 'two rows of the base'
      ? 'both have it in the last common commit'
      : 'the base value of one of them is taken as well';
  const text = `of ${shape.name} share a value of the unique key ${key}, and ${reason}`;
  return new Failure('constraint-violation', `rows ${a} and ${b} ${text}`, {
    values: { least: 'keys', without: `two rows ${text}` },
  });
}

const KEYLESS = 'without a primary key no rule can choose between them';
const RENAMED = 'one side renamed a column of the primary key, so that no history has them under one name';

function undecidable(table: string, key: string, why: string): Failure {
  return new Failure('constraint-violation', `rows of ${table} share a value of the unique key ${key}, and ${why}`, {
    hint: `Give the rows of ${table} different values on one side, commit, and sync again.`,
  });
}

function newKey(table: string, key: string, isOfBoth: boolean): Failure {
  const who = isOfBoth ? 'both sides' : 'one side';
  const hint = isOfBoth
    ? `Give the rows of ${table} different values on one side, commit, and sync again.`
    : `Make the values of ${table} unique on the side that lacks the key, commit, and sync again.`;
  const message = `rows of ${table} share a value of the unique key ${key}, which ${who} added since the last common commit`;
  return new Failure('constraint-violation', message, { hint });
}
