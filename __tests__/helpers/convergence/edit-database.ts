import { z } from 'zod';
import { quoted } from '../../../src/dolt/sql/identifier.ts';
import type { Database, Sql } from '../../../src/dolt/sql/sql.ts';
import type { Case, PlannedChange, PlannedEdit } from './cases.ts';
import {
  type Cells,
  type Change,
  type Edit,
  keyValues,
  NUMERIC,
  TABLE_NAMES,
  TABLES,
  type TableName,
} from './edits.ts';

const EPOCH = Date.UTC(2026, 0, 5, 10, 0, 0);
const hashRow = z.object({ hash: z.string() });
const logRow = z.object({ commit_hash: z.string() });
const cell = z.union([z.string(), z.number()]).nullable();
const rowSchema = z.record(
  z.string(),
  cell.transform((value) => (value === null ? null : `${value}`)),
);

/** All edits of a case, as they were made, and the commits that hold them. */
export class Ledger {
  readonly edits: Edit[] = [];
  readonly #byCommit = new Map<string, Edit>();
  readonly #emptied = new Set<string>();

  note(commit: string, edit: Edit): void {
    this.edits.push(edit);
    this.#byCommit.set(commit, edit);
  }

  below(commits: readonly string[]): Edit[] {
    return commits.flatMap((commit) => this.#byCommit.get(commit) ?? []);
  }

  /** A cell gets NULL once at most: a value that comes back counts as untouched, and the model knows no such thing. */
  mayEmpty(cell: string): boolean {
    if (this.#emptied.has(cell)) return false;
    this.#emptied.add(cell);
    return true;
  }
}

/** All commits that a branch reaches. */
export async function commitsOf(sql: Sql, branch: string): Promise<string[]> {
  return (await sql.rows(logRow, 'SELECT commit_hash FROM dolt_log(?)', [branch])).map((row) => row.commit_hash);
}

/** The rows of a table by the names of a case. */
export async function rowsOf(sql: Sql, table: TableName): Promise<Map<string, Cells>> {
  const { key, columns } = TABLES[table];
  const rows = await sql.rows(
    rowSchema,
    `SELECT * FROM ${quoted(table)} ORDER BY ${quoted(key[key.length - 1] ?? '')}`,
  );
  return new Map(
    rows.map((row) => [
      row[key[key.length - 1] ?? ''] ?? '',
      Object.fromEntries(columns.map((column) => [column, row[column] ?? null])),
    ]),
  );
}

/** No edit has so high a number: the first rows hold values that no edit writes again. */
const FIRST = 50;

/** Makes the tables and the rows that all databases begin with. */
export async function firstEdit(database: Database): Promise<{ readonly commit: string; readonly edit: Edit }> {
  const changes = TABLE_NAMES.flatMap((table) =>
    [0, 1, 2, 3].map((row) => ({
      table,
      key: `${table[0]}${row}`,
      cells: newCells(table, { id: FIRST + row, time: at(0) }),
    })),
  );
  const edit: Edit = { id: 0, below: new Set(), time: at(0), changes };
  // The first commit carries the clock of this machine; without it, a case played again has the same hashes.
  await commitAt(database, at(0), ['--amend', '--allow-empty', '-m', 'base']);
  await database.run(TABLES.dated.create);
  await database.run(TABLES.plain.create);
  return { commit: await commit(database, edit), edit };
}

/** Makes one planned edit in a database and notes it; without a possible edit, no commit is made. */
export async function editDatabase(database: Database, plan: PlannedEdit, of: EditContext): Promise<void> {
  const { ledger, clocks } = of;
  const known = ledger.below(await commitsOf(database, 'main'));
  const id = ledger.edits.length;
  const time = timeOf(plan, { clocks, known });
  const changes = new Map<string, Change>();
  for (const [index, planned] of plan.changes.entries()) {
    const present = [...(await rowsOf(database, planned.table)).keys()];
    const change = concrete(planned, { present, id, index, time, ledger });
    if (change !== null && !changes.has(change.key)) changes.set(change.key, change);
  }
  if (changes.size === 0) return;
  const edit: Edit = { id, below: new Set(known.map((one) => one.id)), time, changes: [...changes.values()] };
  ledger.note(await commit(database, edit), edit);
}

/** No time that a commit below has: a cell that gets the value it had counts as untouched. */
function timeOf(plan: PlannedEdit, of: { readonly clocks: Case['clocks']; readonly known: readonly Edit[] }): string {
  const taken = of.known.map(({ time }) => (Date.parse(`${time.replace(' ', 'T')}Z`) - EPOCH) / 1_000);
  if (of.clocks === 'in step') return at(Math.max(...taken) + 1 + plan.clock);
  let seconds = 1 + plan.clock * 5;
  while (taken.includes(seconds)) seconds += 1;
  return at(seconds);
}

export interface EditContext {
  readonly ledger: Ledger;
  readonly clocks: Case['clocks'];
}

interface Moment {
  readonly present: readonly string[];
  readonly id: number;
  readonly index: number;
  readonly time: string;
  readonly ledger: Ledger;
}

function concrete(planned: PlannedChange, { present, id, index, time, ledger }: Moment): Change | null {
  const { table, kind } = planned;
  if (kind === 'insert') return { table, key: `${table[0]}${id}x${index}`, cells: newCells(table, { id, time }) };
  const key = present[planned.row % Math.max(present.length, 1)];
  if (key === undefined) return null;
  if (kind === 'delete') return { table, key, cells: null };
  const fresh = newCells(table, { id, time });
  const [first, second] = TABLES[table].columns;
  const written = planned.columns === 'both' ? [first, second] : [planned.columns === 'first' ? first : second];
  const cells = Object.fromEntries(
    written.map((column) => {
      const empty = planned.nothing && ledger.mayEmpty(`${table}/${key}/${column}`);
      return [column, empty ? null : (fresh[column] ?? null)];
    }),
  );
  return { table, key, cells: table === 'dated' ? { ...cells, updated_at: time } : cells };
}

/** Values that no other edit writes: one that came back would count as untouched. */
function newCells(table: TableName, by: { readonly id: number; readonly time: string }): Cells {
  const number = by.id % 2 === 0 ? 100 + by.id : 100 - by.id;
  return table === 'dated'
    ? { title: `title ${number}`, points: `${number}`, updated_at: by.time }
    : { note: `note ${number}`, amount: `${number}.50` };
}

function at(seconds: number): string {
  return new Date(EPOCH + seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
}

async function commit(database: Database, edit: Edit): Promise<string> {
  for (const { table, key, cells } of edit.changes) {
    const where = TABLES[table].key.map((column) => `${quoted(column)} = ?`).join(' AND ');
    if (cells === null) await database.run(`DELETE FROM ${quoted(table)} WHERE ${where}`, keyValues(table, key));
    else await write(database, { table, key, cells });
  }
  return commitAt(database, edit.time, ['-A', '-m', `edit ${edit.id}`]);
}

async function commitAt(database: Database, time: string, words: readonly string[]): Promise<string> {
  return database.session(async (sql) => {
    const date = `${time.replace(' ', 'T')}Z`;
    await sql.run('SET @@dolt_author_date = ?, @@dolt_committer_date = ?', [date, date]);
    await sql.run(`CALL DOLT_COMMIT(${words.map(() => '?').join(', ')})`, words);
    const [head] = await sql.rows(hashRow, "SELECT hash FROM dolt_branches WHERE name = 'main'");
    return head?.hash ?? '';
  });
}

async function write(sql: Sql, change: Change & { readonly cells: Cells }): Promise<void> {
  const { table, key, cells } = change;
  const columns = Object.keys(cells);
  const values = columns.map((column) => literal(column, cells[column] ?? null));
  const names = [...TABLES[table].key, ...columns].map(quoted).join(', ');
  const keys = TABLES[table].key.map(() => '?').join(', ');
  const updates = columns.map((column, index) => `${quoted(column)} = ${values[index]}`).join(', ');
  await sql.run(
    `INSERT INTO ${quoted(table)} (${names}) VALUES (${[keys, ...values].join(', ')}) ON DUPLICATE KEY UPDATE ${updates}`,
    keyValues(table, key),
  );
}

function literal(column: string, value: string | null): string {
  if (value === null) return 'NULL';
  return NUMERIC.has(column) ? value : `'${value}'`;
}
