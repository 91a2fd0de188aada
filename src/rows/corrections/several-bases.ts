import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { type RowDiff, rowDiffs } from '../../dolt/rows/differing-rows.ts';
import type { MergeHeads, OpenMergeTable } from '../../dolt/rows/open-merge-table.ts';
import { tableChanges, tableHashes } from '../../dolt/schema/table-changes.ts';
import { tableItemsAt, tableNamesAt } from '../../dolt/schema/table-definitions.ts';
import { columnNamesAt, type TableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import { isDoltTable } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { decidedRow, resultOf } from '../classify.ts';
import { commonRow } from './common-row.ts';

/** Two heads with several merge bases, and the merge bases of these. */
export interface Compared extends MergeHeads {
  readonly bases: readonly string[];
  readonly roots: readonly string[];
}

export interface Table {
  readonly shape: TableShape;
  readonly open: OpenMergeTable;
}

const HINT =
  'Give both sides the same value there, commit, then run again. Several merge bases come from merges of the same two commits on both sides.';

/** The merge bases of some commits. */
interface Roots {
  /** Those of any two of the commits. */
  readonly roots: readonly string[];
  /** Whether any two of the commits have all of them. */
  readonly shared: boolean;
}

export async function rootsOf(sql: Sql, commits: readonly string[]): Promise<Roots> {
  const found: (readonly string[])[] = [];
  for (const [index, one] of commits.entries()) {
    for (const other of commits.slice(index + 1)) found.push((await mergeBases(sql, one, other)).toSorted());
  }
  return { roots: [...new Set(found.flat())], shared: areEqual(found) };
}

export function areEqual<T>([first, ...others]: readonly T[]): boolean {
  return others.every((other) => isDeepStrictEqual(first, other));
}

/** Names in each version, such as those of tables. */
interface Names {
  readonly bases: readonly ReadonlyMap<string, string>[];
  readonly roots: readonly ReadonlyMap<string, string>[];
  readonly ours: ReadonlyMap<string, string>;
  readonly theirs: ReadonlyMap<string, string>;
}

/** Whether a merge with all bases would have a name; null if both sides agree about it, `unclear` if only their bases do not. */
function shouldHave(name: string, { bases, roots, ours, theirs }: Names): boolean | 'unclear' | null {
  if (ours.has(name) === theirs.has(name)) return null;
  const has = (version: ReadonlyMap<string, string>): boolean => version.has(name);
  const [before = false] = roots.map(has);
  const isDisputed = !areEqual(bases.map(has));
  if (isDisputed && !areEqual(roots.map(has))) return 'unclear';
  const common = isDisputed ? !before : bases.some(has);
  return ours.has(name) === common ? theirs.has(name) : ours.has(name);
}

/** One commit after the other: a session runs one statement at a time. */
async function readEach<T>(commits: readonly string[], read: (commit: string) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (const commit of commits) found.push(await read(commit));
  return found;
}

/**
 * @returns the tables that differ both between the two sides and between the bases
 * @throws Failure `dolt-defect` if the merge has a table, or lacks it, only because of the base that Dolt took
 */
export async function requireSameTables(sql: Sql, { bases, roots, ours, theirs }: Compared): Promise<string[]> {
  const merged = await tableHashes(sql, 'WORKING');
  const [here, there] = [await tableHashes(sql, ours), await tableHashes(sql, theirs)];
  const at = async (commit: string) => await tableHashes(sql, commit);
  const [versions, before] = [await readEach(bases, at), await readEach(roots, at)];
  const names = [...new Set([...here.keys(), ...there.keys()])].sort().filter((name) => {
    return (
      !isDoltTable(name) && here.get(name) !== there.get(name) && new Set(versions.map((one) => one.get(name))).size > 1
    );
  });
  for (const name of names) {
    const wanted = shouldHave(name, { bases: versions, roots: before, ours: here, theirs: there });
    if (wanted !== null && wanted !== merged.has(name)) throw depends(`the table ${name} is in the merge`);
  }
  return names.filter((name) => here.has(name) && there.has(name) && merged.has(name));
}

/** @throws Failure `dolt-defect` if a column, index or constraint depends on the base, or the key of the rows does */
export async function requireSameDefinition(sql: Sql, compared: Compared, { shape, open }: Table): Promise<void> {
  const { bases, roots, ours, theirs } = compared;
  const at = async (commit: string | null): Promise<ReadonlyMap<string, string>> => {
    if (commit !== null && !(await tableNamesAt(sql, commit)).includes(shape.name)) return new Map();
    const items = await tableItemsAt(sql, shape.name, commit);
    return new Map(items.map(({ kind, name, text }) => [`${kind} ${text}`, `${kind} ${name}`]));
  };
  const [versions, before] = [await readEach(bases, at), await readEach(roots, at)];
  const [here, there, merged] = [await at(ours), await at(theirs), await at(null)];
  for (const [text, name] of new Map([...here, ...there])) {
    if (new Set(versions.map((version) => version.has(text))).size === 1) continue;
    const wanted = shouldHave(text, { bases: versions, roots: before, ours: here, theirs: there });
    if (wanted !== null && wanted !== merged.has(text))
      throw depends(`the ${name.trim()} of ${shape.name} is in the merge`);
  }
  const keys = new Set([open.ours, open.theirs, open.merged].map((version) => JSON.stringify(version?.key ?? [])));
  for (const commit of [...bases, ...roots]) {
    const names = await columnNamesAt(sql, shape.name, commit);
    if (names.size > 0 && shape.key.some((name) => !names.has(name))) keys.add(commit);
  }
  if (keys.size > 1) throw depends(`rows of ${shape.name} are in the merge`);
}

/**
 * Compares the tables of Dolt with rows of users, such as `dolt_docs` and the views in `dolt_schemas`.
 * @throws Failure `dolt-defect` if a row of them depends on the base
 */
export async function requireSameOwnTables(sql: Sql, { bases, roots, ours, theirs, base }: Compared): Promise<void> {
  const changed = async (from: string, to: string): Promise<ReadonlySet<string>> =>
    new Set((await tableChanges(sql, from, to)).flatMap(({ from: before, to: after }) => before ?? after ?? []));
  const ofSides = await changed(ours, theirs);
  for (const other of bases.slice(1)) {
    for (const table of await changed(base, other)) {
      if (!isDoltTable(table) || !ofSides.has(table)) continue;
      const rowsOf = async (from: string, to: string) =>
        new Map(
          (await rowDiffs(sql, { from, to }, table)).map((diff) => [ownKey(table, diff.to ?? diff.from ?? {}), diff]),
        );
      const sides = await rowsOf(ours, theirs);
      const [ofBases, since] = [await rowsOf(base, other), await rowsOf(ours, 'WORKING')];
      const sinceRoots: ReadonlyMap<string, RowDiff>[] = [];
      for (const root of roots) sinceRoots.push(await rowsOf(root, base));
      for (const [key, one] of ofBases) {
        const side = sides.get(key);
        if (side === undefined) continue;
        const before = sinceRoots.map((rows) => (rows.has(key) ? (rows.get(key)?.from ?? null) : one.from));
        if (!areEqual(before)) throw depends(`a row of ${table} is in the merge`);
        const common = commonRow([one.from, one.to], before[0] ?? null, new Set());
        const row = { id: key, base: common, ours: side.from, theirs: side.to };
        const take = resultOf(row, { columns: Object.keys({ ...side.from, ...side.to }), newHere: new Set() });
        const merged = since.has(key) ? (since.get(key)?.to ?? null) : side.from;
        if (take === null || !isDeepStrictEqual(merged, decidedRow(row, take)))
          throw depends(`a row of ${table} is in the merge`);
      }
    }
  }
}

/** The columns that identify a row of a table of Dolt; its other columns have its text. */
const OWN_KEYS = ['type', 'name', 'doc_name', 'pattern', 'id', 'test_name', 'table_name'];

function ownKey(table: string, row: Cells): string {
  return JSON.stringify([table, ...OWN_KEYS.map((name) => row[name] ?? null)]);
}

export function depends(what: string): Failure {
  return new Failure(
    'dolt-defect',
    `the two heads have several merge bases, and it depends on the one that this Dolt takes whether ${plain(what)}`,
    { hint: HINT },
  );
}
