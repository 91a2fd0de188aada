import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { groupBy, inParts, splitList } from '../core/lists.ts';
import { columnsAt } from '../dolt/schema/columns.ts';
import { shownNames } from '../dolt/schema/table-shape.ts';
import { databaseName } from '../dolt/sql/at-revision.ts';
import { type Cells, textCellSchema } from '../dolt/sql/cell.ts';
import { folded, quoted } from '../dolt/sql/identifier.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { readKnownWords, readSettings } from './bd-settings.ts';
import { type EncodedIssue, encodeIssue } from './encode.ts';
import { FIELDS, type Field } from './fields.ts';
import type { KnownWords } from './import-problem.ts';

/** How bd exports: its mode, and the issues that it leaves out besides templates and ephemeral ones. */
export interface ExportScope {
  /** Whether bd opens the database itself. Its Dolt then writes a document as in a text of SQL: with blanks, and
   * without exponents. */
  readonly embedded: boolean;
  /** Types that bd keeps for itself, if the database does not say which; empty: those of bd. */
  readonly infraTypes: readonly string[];
  /** Creators whose issues are left out. */
  readonly excludeOwners: readonly string[];
  /** Statuses that the workspace adds, as bd writes them, if the database adds none. */
  readonly customStatuses: readonly string[];
  /** Types that the workspace adds. */
  readonly customTypes: readonly string[];
}

export type IssueLine = EncodedIssue & { readonly id: string };

/** The columns that an export reads. `storage_class` is younger than the oldest version that bd 1.3.0 upgrades. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  issues: columnsOf([...FIELDS.FIRST, ...FIELDS.SECOND, ...FIELDS.THIRD]).filter((name) => name !== 'storage_class'),
  dependencies: [
    ...columnsOf(FIELDS.DEPENDENCY).filter((name) => name !== 'depends_on_id'),
    ...['id', 'depends_on_issue_id', 'depends_on_wisp_id', 'depends_on_external'],
  ],
  labels: ['issue_id', 'label'],
  comments: columnsOf(FIELDS.COMMENT),
  config: ['key', 'value'],
};
const WISP_TABLES = ['wisps', 'wisp_dependencies', 'wisp_labels', 'wisp_comments'] as const;
const INFRA_TYPES: readonly string[] = ['agent', 'role', 'message'];
/** Issues whose rows are in memory at the same time. */
const PAGE = 200;

const id = textCellSchema.transform((value) => value ?? '');
const idRow = z.object({ id });
const keyRow = z.object({ id, wisp: z.coerce.number() });
const countRow = z.object({ id, count: z.coerce.number() });
/** The cells of a row by the names that bd has for their columns, which are found in any case. */
const issueCells = z
  .record(z.string(), textCellSchema)
  .transform((row): Cells => Object.fromEntries(Object.entries(row).map(([name, value]) => [folded(name), value])));

const TARGET = 'COALESCE(depends_on_issue_id, depends_on_wisp_id, depends_on_external)';

/**
 * The issues of a branch with its uncommitted changes, as lines in the order of `bd export`. Only the ids of all issues
 * are in memory, and the rows of one page. All pages are read from one state of the database.
 * @param sql a session of its own
 * @throws Failure `no-issues` if the database has no tables of beads
 */
export async function* issueLines(sql: Sql, branch: string, scope: ExportScope): AsyncGenerator<IssueLine> {
  await useBranch(sql, branch);
  await sql.run('START TRANSACTION');
  const tables = new Set(await shownNames(sql, 'BASE TABLE', 'SHOW FULL TABLES'));
  await requireColumns(sql, tables);
  const hasWisps = WISP_TABLES.every((name) => tables.has(name)) && (await isFilled(sql, 'wisps'));
  const setting = await readSettings(sql);
  const known = await readKnownWords(sql, tables, setting, scope);
  const reading = { hasWisps, hasLeases: tables.has('leases'), known, embedded: scope.embedded };
  const keys = await sql.rows(keyRow, ...keyQuery(hasWisps, setting, scope));
  for (const page of inParts(keys, PAGE)) {
    const read = await readPage(sql, page, reading);
    for (const { id } of page) {
      const line = read(id);
      if (line !== null) yield line;
    }
  }
}

/** The statements of the session that follow read this branch with its uncommitted changes. */
export async function useBranch(sql: Sql, branch: string): Promise<void> {
  await sql.run(`USE ${quoted(`${await databaseName(sql)}/${branch}`)}`);
}

/** The issues with these ids that the database has, but an export leaves out. */
export async function leftOutOf(sql: Sql, ids: readonly string[], scope: ExportScope): Promise<ReadonlySet<string>> {
  const [where, values] = inScope(await readSettings(sql), scope);
  const found = new Set<string>();
  for (const page of inParts(ids, PAGE)) {
    const select = `SELECT id FROM issues WHERE id IN (${places(page)}) AND NOT (${where})`;
    for (const row of await sql.rows(idRow, select, [...page, ...values])) found.add(row.id);
  }
  return found;
}

function columnsOf(fields: readonly Field[]): string[] {
  return fields.map(({ column }) => column);
}

async function requireColumns(sql: Sql, tables: ReadonlySet<string>): Promise<void> {
  for (const [table, columns] of Object.entries(NEEDED)) {
    const found = tables.has(table) ? (await columnsAt(sql, table, null)).map(({ name }) => folded(name)) : [];
    const missing = columns.filter((name) => !found.includes(name)).map((name) => `column ${table}.${name}`);
    if (missing.length === 0) continue;
    const what = found.length === 0 ? `table ${table}` : missing.join(', ');
    throw new Failure('no-issues', `the database is not one of beads: it has no ${what}`);
  }
}

async function isFilled(sql: Sql, table: string): Promise<boolean> {
  return (await sql.table(`SELECT 1 FROM ${quoted(table)} LIMIT 1`)).rows.length > 0;
}

/** The condition for the rows of an export, with its values. */
function inScope(
  setting: (name: string) => string,
  { infraTypes, excludeOwners }: ExportScope,
): readonly [string, readonly string[]] {
  const listed = (name: string): string[] => splitList(setting(name), ',');
  const types = [listed('types.infra'), infraTypes, INFRA_TYPES].find((list) => list.length > 0) ?? [];
  const owners = [...excludeOwners, ...listed('export.exclude_owners'), ...listed('export.exclude_owner')];
  const where = [
    `issue_type NOT IN (${places(types)})`,
    'COALESCE(is_template, 0) = 0',
    'COALESCE(ephemeral, 0) = 0',
    ...(owners.length === 0 ? [] : [`COALESCE(created_by, '') NOT IN (${places(owners)})`]),
  ].join(' AND ');
  return [where, [...types, ...owners]];
}

/** If a wisp and an issue have the same id, bd shows the wisp. */
function keyQuery(
  hasWisps: boolean,
  setting: (name: string) => string,
  scope: ExportScope,
): readonly [string, readonly string[]] {
  const [where, values] = inScope(setting, scope);
  const order = 'ORDER BY priority, created_at DESC, id';
  if (!hasWisps) return [`SELECT id, 0 AS wisp FROM issues WHERE ${where} ${order}`, values];
  return [
    `SELECT id, wisp FROM (SELECT id, priority, created_at, 0 AS wisp FROM issues WHERE ${where} AND id NOT IN (SELECT id FROM wisps WHERE ${where}) UNION ALL SELECT id, priority, created_at, 1 AS wisp FROM wisps WHERE ${where}) AS planes ${order}`,
    [...values, ...values, ...values],
  ];
}

function places(values: readonly string[]): string {
  return values.map(() => '?').join(', ');
}

interface Reading {
  readonly hasWisps: boolean;
  readonly hasLeases: boolean;
  readonly known: KnownWords;
  readonly embedded: boolean;
}

type Key = z.infer<typeof keyRow>;

/** Reads all rows of a page with one statement for each table. */
async function readPage(
  sql: Sql,
  page: readonly Key[],
  { hasWisps, hasLeases, known, embedded }: Reading,
): Promise<(id: string) => IssueLine | null> {
  const all = page.map(({ id }) => id);
  const wisps = page.flatMap(({ id, wisp }) => (wisp === 0 ? [] : [id]));
  const issues = page.flatMap(({ id, wisp }) => (wisp === 0 ? [id] : []));
  const both = async (statement: (prefix: string, ids: readonly string[]) => string): Promise<readonly Cells[]> => [
    ...(issues.length === 0 ? [] : await sql.rows(issueCells, statement('', issues), issues)),
    ...(wisps.length === 0 ? [] : await sql.rows(issueCells, statement('wisp_', wisps), wisps)),
  ];
  const document = embedded ? 'CAST(metadata AS CHAR) AS metadata' : 'metadata';
  const rows = await both(
    (prefix, ids) =>
      `SELECT *${embedded ? `, ${document}` : ''} FROM ${prefix === '' ? 'issues' : 'wisps'} WHERE id IN (${places(ids)})`,
  );
  const labels = await both(
    (prefix, ids) =>
      `SELECT issue_id, label FROM ${prefix}labels WHERE issue_id IN (${places(ids)}) ORDER BY issue_id, label`,
  );
  const dependencies = await both(
    (prefix, ids) =>
      `SELECT issue_id, ${TARGET} AS depends_on_id, type, created_at, created_by, ${document}, thread_id FROM ${prefix}dependencies WHERE issue_id IN (${places(ids)}) ORDER BY issue_id, depends_on_id, type, id`,
  );
  const comments = await both(
    (prefix, ids) =>
      `SELECT id, issue_id, author, text, created_at FROM ${prefix}comments WHERE issue_id IN (${places(ids)}) ORDER BY issue_id, created_at, id`,
  );
  const leases = hasLeases
    ? await sql.rows(issueCells, `SELECT * FROM leases WHERE issue_id IN (${places(all)})`, all)
    : [];
  const counts = await countEdges(sql, all, hasWisps);
  const byId = new Map(rows.map((row) => [row['id'], row]));
  const labelsOf = byIssue(labels);
  const dependenciesOf = byIssue(dependencies);
  const commentsOf = byIssue(comments);
  const leasesOf = byIssue(leases);
  const isWisp = new Set(wisps);
  return (id) => {
    const row = byId.get(id);
    if (row === undefined) return null;
    const [lease = null] = leasesOf(id);
    const issue = {
      row,
      lease,
      labels: labelsOf(id).map(({ label }) => label ?? ''),
      dependencies: dependenciesOf(id),
      comments: commentsOf(id),
      dependencyCount: counts.outgoing.get(id) ?? 0,
      dependentCount: counts.incoming.get(id) ?? 0,
      isWisp: isWisp.has(id),
    };
    return { id, ...encodeIssue(issue, known) };
  };
}

/** Rows by the issue that they belong to, in their order. */
function byIssue(rows: readonly Cells[]): (id: string) => readonly Cells[] {
  const groups = groupBy(rows, (row) => row['issue_id'] ?? '');
  return (id) => groups.get(id) ?? [];
}

/** The `blocks` edges that leave and reach each issue; those of wisps count for issues too. */
async function countEdges(sql: Sql, ids: readonly string[], hasWisps: boolean) {
  const outgoing = new Map<string, number>();
  const incoming = new Map<string, number>();
  const within = places(ids);
  for (const table of hasWisps ? ['dependencies', 'wisp_dependencies'] : ['dependencies']) {
    const leaving = `SELECT issue_id AS id, COUNT(*) AS count FROM ${table} WHERE issue_id IN (${within}) AND type = 'blocks' GROUP BY issue_id`;
    for (const { id, count } of await sql.rows(countRow, leaving, ids)) add(outgoing, id, count);
    const columns = ['depends_on_issue_id', 'depends_on_wisp_id', 'depends_on_external'];
    const reaching = `SELECT ${TARGET} AS id, COUNT(*) AS count FROM ${table} WHERE (${columns.map((column) => `${column} IN (${within})`).join(' OR ')}) AND type = 'blocks' GROUP BY ${TARGET}`;
    for (const { id, count } of await sql.rows(countRow, reaching, [...ids, ...ids, ...ids])) add(incoming, id, count);
  }
  return { outgoing, incoming };
}

function add(counts: Map<string, number>, id: string, count: number): void {
  counts.set(id, (counts.get(id) ?? 0) + count);
}
