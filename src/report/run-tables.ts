import type { Conflict, PeerResult, RunResult } from '../contract/result.ts';
import { placeOf } from '../core/failure.ts';
import { cellsText, counted, textLiteral } from '../core/text.ts';
import { BACKUP_COLUMNS, backupRows } from './backup.ts';
import { columnsOf, conflictsOf, lostOf, partiesOf, resolution } from './conflict-rows.ts';
import { type Finding, findings } from './findings.ts';
import { allColumns } from './peer-row.ts';
import { type Planned, plannedOf, tableText } from './planned-rows.ts';
import { SOURCE_COLUMNS, sourceCells, sourceRows } from './source-rows.ts';

/** How a report writes text that a peer may have chosen. */
export interface CellFormat {
  /** Names, keys and values; empty text stays empty. */
  readonly code: (text: string, limit?: number) => string;
  /** Sentences. */
  readonly literal: (text: string) => string;
}

/** A table of a report; `share` is the part of the remaining room that it may take. */
export interface RunTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly share: number;
}

/** The tables of a run, in the order of the report; those without rows included. */
export function runTables(result: RunResult, format: CellFormat): readonly RunTable[] {
  const { code } = format;
  const columns = allColumns(result, 'short');
  const conflicts = conflictsOf(result).map(([peer, conflict]) => conflictCells(peer, conflict, format));
  return [
    {
      title: 'Peers',
      columns: columns.map(({ title }) => title),
      rows: result.peers.map((peer) => columns.map(({ cell }) => cell(peer, code))),
      share: 0.5,
    },
    { title: 'Backups', columns: BACKUP_COLUMNS, rows: backupRows(result, code), share: 0.5 },
    {
      title: 'Planned changes',
      columns: PLANNED_COLUMNS,
      rows: plannedOf(result).flatMap((planned) => plannedCells(planned, format)),
      share: 0.5,
    },
    {
      title: 'Rows by source',
      columns: SOURCE_COLUMNS,
      rows: sourceRows(result).map((row) => sourceCells(row, code)),
      share: 0.2,
    },
    {
      title: 'Problems',
      columns: PROBLEM_COLUMNS,
      rows: findings(result).map((finding) => problemCells(finding, format)),
      share: 0.5,
    },
    { title: 'Lost rows', columns: LOST_COLUMNS, rows: lostRows(result, format), share: 0.5 },
    { title: 'Rows in conflict', columns: CONFLICT_COLUMNS, rows: conflicts, share: 1 },
  ];
}

const PLANNED_COLUMNS = ['Peer', 'Direction', 'Table', 'Change'];

function plannedCells({ peer, direction, changes }: Planned, { code, literal }: CellFormat): string[][] {
  const { commits, subjects, tables, moreTables } = changes;
  const row = (subject: string, text: string): string[] => [code(peer), direction, subject, literal(text)];
  return [
    row('', [counted(commits, 'commit'), ...subjects].join('; ')),
    ...tables.map((table) => row(code(table.table), tableText(table))),
    ...(moreTables > 0 ? [row('', `and ${counted(moreTables, 'more table')}`)] : []),
  ];
}

export const PROBLEM_COLUMNS = ['Severity', 'Peer', 'Code', 'Problem', 'Fix'];

export function problemCells(finding: Finding, { code, literal }: CellFormat): string[] {
  const { severity, peer, message, hint } = finding;
  const place = placeOf(finding);
  return [
    severity,
    code(peer ?? ''),
    code(finding.code ?? ''),
    literal(message + (place === '' ? '' : ` (${place})`)),
    literal(hint),
  ];
}

const LOST_COLUMNS = ['Kind', 'Table', 'Key', 'Commit', 'SQL'];
/** A statement is of use only as a whole. */
const MAX_SQL = 20_000;

/** If the conflicts file is deleted with the runner, this is the only record of a row that lost its key. */
function lostRows(result: RunResult, { code }: CellFormat): string[][] {
  return lostOf(result).map(([conflict, { commit, sql }]) => [
    conflict.kind,
    code(conflict.table),
    values(conflict.key, code),
    code(commit),
    code(sql ?? rowsOnlyAt(commit, conflict.table, result.head), MAX_SQL),
  ]);
}

/** Shows how a commit differs from the head, without naming a key. */
function rowsOnlyAt(commit: string, table: string, head: string | null): string {
  return head === null ? '' : `SELECT * FROM dolt_diff('${head}', '${commit}', ${textLiteral(table)})`;
}

const CONFLICT_COLUMNS = ['Peer', 'Kind', 'Table', 'Key', 'Columns', 'Base', 'Ours', 'Theirs', 'Resolution'];

function conflictCells(peer: PeerResult, conflict: Conflict, { code, literal }: CellFormat): string[] {
  return [
    code(partiesOf(peer, conflict)),
    conflict.kind,
    code(conflict.table),
    values(conflict.key, code),
    code(columnsOf(conflict).join(', ')),
    values(conflict.base, code),
    values(conflict.ours, code),
    values(conflict.theirs, code),
    literal(resolution(conflict)),
  ];
}

function values(cells: Conflict['base'], code: CellFormat['code']): string {
  return cells === null ? '' : code(cellsText(cells, ' = '));
}
