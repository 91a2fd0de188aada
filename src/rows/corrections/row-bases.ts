import { isDeepStrictEqual } from 'node:util';
import { groupBy, inParts } from '../../core/lists.ts';
import { keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { alterations } from '../../dolt/schema/table-definitions.ts';
import { columnNamesAt, type TableShape } from '../../dolt/schema/table-shape.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { commonRow } from './common-row.ts';
import { areEqual, depends, rootsOf } from './several-bases.ts';

/** The two heads of a merge. */
interface Heads {
  readonly ours: string;
  readonly theirs: string;
}

type Rows = ReadonlyMap<string, Cells | null>;

/** The columns that have another name now, by their former name. */
type Renames = ReadonlyMap<string, string>;

export const KEYS_PER_STATEMENT = 200;

/** Rows of one table as a merge of several commits would have them, by the text of their key. */
export class CommonRows {
  readonly #sql: Sql;
  readonly #shape: TableShape;
  readonly #heads: Heads;
  readonly #documents: ReadonlySet<string>;
  readonly #renames = new Map<string, Renames>();

  constructor(sql: Sql, shape: TableShape, heads: Heads) {
    this.#sql = sql;
    this.#shape = shape;
    this.#heads = heads;
    this.#documents = new Set(shape.columns.flatMap(({ name, type }) => (type === 'json' ? [name] : [])));
  }

  /** The rows of one commit, with the names that their columns have now. */
  async at(commit: string, keys: readonly Cells[]): Promise<Rows> {
    const rows = await rowsByKeyText(this.#sql, this.#shape, { keys, commit });
    const { ours, theirs } = this.#heads;
    if (rows.size === 0 || commit === ours || commit === theirs) return rows;
    const names = this.#renames.get(commit) ?? (await renamesSince(this.#sql, this.#shape, commit, this.#heads));
    this.#renames.set(commit, names);
    return names.size === 0 ? rows : new Map([...rows].map(([id, row]) => [id, renamedCells(row, names)]));
  }

  /**
   * The rows that the merge of the commits would have, with the merge of their own merge bases as its base, and so on.
   * @throws Failure `dolt-defect` if more than two commits disagree about a row, and each two of them have other merge
   * bases, which disagree as well
   */
  async of(commits: readonly string[], keys: readonly Cells[]): Promise<Rows> {
    const { versionsOf, disputed } = await this.#compare(commits, keys);
    const before = disputed.length === 0 ? new Map<string, Cells>() : await this.#before(commits, disputed);
    return new Map(
      keys.map((key) => {
        const id = keyText(this.#shape, key);
        return [id, commonRow(versionsOf(id), before.get(id) ?? null, this.#documents)];
      }),
    );
  }

  async #before(commits: readonly string[], keys: readonly Cells[]): Promise<Rows> {
    const { roots, shared } = await rootsOf(this.#sql, commits);
    if (!shared && (await this.#compare(roots, keys)).disputed.length > 0) {
      throw depends(`a changed row of ${this.#shape.name} is in the merge`);
    }
    return await this.of(roots, keys);
  }

  async #compare(commits: readonly string[], keys: readonly Cells[]) {
    const rows: Rows[] = [];
    for (const commit of commits) rows.push(await this.at(commit, keys));
    const versionsOf = (id: string) => rows.map((version) => version.get(id) ?? null);
    return { versionsOf, disputed: keys.filter((key) => !areEqual(versionsOf(keyText(this.#shape, key)))) };
  }
}

/** The given rows as the merge base has them, by the text of their key; of several bases, as their merge has them. */
export async function baseRows(
  sql: Sql,
  heads: Heads,
  shape: TableShape,
  keys: readonly Cells[],
): Promise<ReadonlyMap<string, Cells>> {
  const bases = await mergeBases(sql, heads.ours, heads.theirs);
  if (bases.length === 1) return await rowsByKeyText(sql, shape, { keys, commit: bases[0] });
  const common = new CommonRows(sql, shape, heads);
  const found = new Map<string, Cells>();
  for (const part of inParts(keys, KEYS_PER_STATEMENT)) {
    for (const [id, row] of await common.of(bases, part)) if (row !== null) found.set(id, row);
  }
  return found;
}

/**
 * The keys of rows by the merge base from which they are read, for statements that read a commit. Of several bases, a row
 * is read from the first that has it as their merge does.
 * @param columns those that are read; also whether the row exists
 * @throws Failure `dolt-defect` if no base has such a row
 */
export async function keysByBase(
  sql: Sql,
  heads: Heads,
  { shape, columns }: { readonly shape: TableShape; readonly columns: readonly string[] },
  keys: readonly Cells[],
): Promise<ReadonlyMap<string, readonly Cells[]>> {
  const bases = await mergeBases(sql, heads.ours, heads.theirs);
  const [base = ''] = bases;
  if (bases.length === 1) return new Map([[base, keys]]);
  const common = new CommonRows(sql, shape, heads);
  const pick = (row: Cells | null | undefined) => row && columns.map((name) => row[name]);
  const found: { readonly key: Cells; readonly commit: string }[] = [];
  for (const part of inParts(keys, KEYS_PER_STATEMENT)) {
    const wanted = await common.of(bases, part);
    const versions: (readonly [string, Rows])[] = [];
    for (const one of bases) versions.push([one, await common.at(one, part)]);
    for (const key of part) {
      const id = keyText(shape, key);
      const same = versions.find(([, rows]) => isDeepStrictEqual(pick(rows.get(id) ?? null), pick(wanted.get(id))));
      if (same === undefined) throw depends(`a changed row of ${shape.name} is in the merge`);
      found.push({ key, commit: same[0] });
    }
  }
  return new Map(
    [...groupBy(found, ({ commit }) => commit)].map(([commit, all]) => [commit, all.map(({ key }) => key)]),
  );
}

/** @throws Failure `dolt-defect` if only one side renamed a column */
async function renamesSince(sql: Sql, { name }: TableShape, from: string, { ours, theirs }: Heads): Promise<Renames> {
  const before = await columnNamesAt(sql, name, from);
  const to = async (commit: string): Promise<Renames> => {
    const after = await columnNamesAt(sql, name, commit);
    // A rename removes a name.
    if ([...before].every((column) => after.has(column))) return new Map();
    const { renamed } = await alterations(sql, name, { from, to: commit });
    return new Map(renamed.map((one) => [one.from, one.to]));
  };
  const [here, there] = [await to(ours), await to(theirs)];
  if (!isDeepStrictEqual(here, there)) throw depends(`a changed row of ${name} is in the merge`);
  return here;
}

function renamedCells(row: Cells, names: Renames): Cells {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [names.get(name) ?? name, value]));
}
