import { z } from 'zod';
import { groupBy } from '../core/lists.ts';
import { hasKey, keyOf, keyText } from '../dolt/rows/row-key.ts';
import { rowWrites } from '../dolt/rows/row-writes.ts';
import { bareType, columnsAt } from '../dolt/schema/columns.ts';
import { hasShadowedDiff } from '../dolt/schema/readability.ts';
import { type TableShape, tableNames, tableShape } from '../dolt/schema/table-shape.ts';
import { type Cells, cellsSchema } from '../dolt/sql/cell.ts';
import { tableHistory } from '../dolt/sql/differences.ts';
import { checkout } from '../dolt/sql/heads.ts';
import { mergeBases } from '../dolt/sql/history.ts';
import { quoted } from '../dolt/sql/identifier.ts';
import type { Database, Sql } from '../dolt/sql/sql.ts';
import {
  type ConflictsFile,
  rowName,
  type UnresolvedMerge,
  type UnresolvedRow,
  type Values,
} from './conflicts-file.ts';

/** The last commit of a side that changed a row. */
export interface Written {
  /** To the second, in UTC. */
  readonly date: string;
  readonly by: string;
  /** First line of the message. */
  readonly message: string;
}

/** A row on one side; null: it does not exist there. */
export interface SideDetails {
  readonly row: Values | null;
  readonly written: Written | null;
}

/** A whole row on both sides, for a person who decides about it. Long values are cut. */
export interface RowDetails {
  readonly ours: SideDetails;
  readonly theirs: SideDetails;
}

/** Finds the details of a row of a merge; undefined: they were not read. */
export type Details = (peer: string, row: UnresolvedRow) => RowDetails | undefined;

/** Further rows are asked about without details: too many to decide one by one. */
const MAX_ROWS = 200;
/** More of a value does not fit on a screen. */
const MAX_VALUE = 400;

/** Reads the whole rows of a conflicts file, and who changed them when. */
export async function readDetails(
  database: Database,
  { branch, merges }: Pick<ConflictsFile, 'branch' | 'merges'>,
): Promise<Details> {
  const found = new Map<string, RowDetails>();
  await database.session(async (sql) => {
    await checkout(sql, branch);
    const tables = new Set(await tableNames(sql));
    for (const merge of merges) {
      const bases = await mergeBases(sql, merge.ours, merge.theirs);
      const rows = merge.rows.filter(({ kind, table }) => kind !== 'keyless' && tables.has(table)).slice(0, MAX_ROWS);
      for (const [table, own] of groupBy(rows, (row) => row.table)) {
        const shape = await tableShape(sql, table);
        if (shape.key.length === 0 || bases.length === 0) continue;
        const side = (head: string, keyOf: (row: UnresolvedRow) => Values) =>
          readSide(sql, { database: database.name, head, bases, shape, keys: own.map(keyOf) });
        const ours = await side(merge.ours, ({ key }) => key);
        const theirs = await side(merge.theirs, ({ key, otherKey }) => otherKey ?? key);
        for (const row of own) {
          const details = { ours: ours(row.key), theirs: theirs(row.otherKey ?? row.key) };
          found.set(nameOf(merge.peer, row), details);
        }
      }
    }
  });
  return (peer, row) => found.get(nameOf(peer, row));
}

function nameOf(peer: UnresolvedMerge['peer'], row: UnresolvedRow): string {
  return JSON.stringify([peer, rowName(row)]);
}

interface SideRows {
  readonly database: string;
  readonly head: string;
  readonly bases: readonly string[];
  readonly shape: TableShape;
  readonly keys: readonly Values[];
}

async function readSide(sql: Sql, side: SideRows): Promise<(key: Values) => SideDetails> {
  const { shape } = side;
  const rows = new Map((await cutRows(sql, side)).map((row) => [keyText(shape, row), row]));
  const commits = await lastCommits(sql, side);
  const written = await readCommits(sql, [...new Set(commits.values())]);
  return (key) => {
    const text = keyText(shape, key);
    return { row: rows.get(text) ?? null, written: written.get(commits.get(text) ?? '') ?? null };
  };
}

/** The rows at a head, without values of types that no person reads. */
async function cutRows(sql: Sql, { head, shape, keys }: SideRows): Promise<Cells[]> {
  const columns = await columnsAt(sql, shape.name, head);
  const selected = columns.flatMap((column) => {
    const [name, type] = [quoted(column.name), bareType(column)];
    // LEFT of Dolt 2.3.0 takes no JSON value.
    if (type === 'json') return [`LEFT(CAST(${name} AS CHAR), ${MAX_VALUE}) AS ${name}`];
    if (/text$|blob$/.test(type)) return [`LEFT(${name}, ${MAX_VALUE}) AS ${name}`];
    return /geom|point|linestring|polygon|vector/.test(type) ? [] : [name];
  });
  if (!shape.key.every((name) => columns.some((column) => column.name === name))) return [];
  const where = hasKey(shape, keys);
  return sql.rows(cellsSchema, `SELECT ${selected.join(', ')} FROM ${quoted(shape.name)} AS OF ? WHERE ${where.text}`, [
    head,
    ...where.values,
  ]);
}

/** By the text of a key, the last commit since the merge bases that wrote or removed the row. */
async function lastCommits(sql: Sql, side: SideRows): Promise<Map<string, string>> {
  const { database, head, bases, shape, keys } = side;
  const last = new Map<string, string>();
  const names = new Set((await columnsAt(sql, shape.name, head)).map(({ name }) => name));
  if (!hasShadowedDiff(names)) {
    const where = hasKey(shape, keys, 'from_');
    const columns = shape.key.map((name) => quoted(`from_${name}`)).join(', ');
    const view = await tableHistory(sql, { database, head, table: shape.name });
    const removed = await sql.rows(
      cellsSchema,
      `SELECT ${columns}, to_commit FROM ${view} WHERE ${where.text} AND diff_type = 'removed' ORDER BY to_commit_date`,
      where.values,
    );
    for (const row of removed) {
      last.set(keyText(shape, keyOf(shape, row, 'from_')), row['to_commit'] ?? '');
    }
  }
  const writes = await rowWrites(sql, { database, head, since: bases, shape, columns: [], keys });
  for (const [key, all] of writes) {
    const newest = all
      .filter(({ isMerge }) => !isMerge)
      .toSorted((a, b) => (a.date < b.date ? -1 : 1))
      .at(-1);
    if (newest !== undefined) last.set(key, newest.commit);
  }
  return last;
}

const commitRow = z
  .object({ commit_hash: z.string(), date: z.string(), committer: z.string(), email: z.string(), message: z.string() })
  .transform(({ commit_hash, date, committer, email, message }) => {
    const written: Written = { date, by: `${committer} <${email}>`, message: message.split('\n')[0] ?? '' };
    return [commit_hash, written] as const;
  });

async function readCommits(sql: Sql, commits: readonly string[]): Promise<Map<string, Written>> {
  const found = new Map<string, Written>();
  for (const commit of commits) {
    const rows = await sql.rows(
      commitRow,
      "SELECT commit_hash, DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s') AS date, committer, email, LEFT(message, 200) AS message FROM dolt_log(?) LIMIT 1",
      [commit],
    );
    for (const [hash, written] of rows) found.set(hash, written);
  }
  return found;
}
