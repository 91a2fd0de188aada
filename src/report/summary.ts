import type { Conflict, PeerResult, RunResult } from '../contract/result.ts';
import type { RunStatus } from '../contract/vocabulary.ts';
import { placeOf } from '../core/failure.ts';
import { cellsText, counted, textLiteral } from '../core/text.ts';
import { BACKUP_COLUMNS, backupLines, backupRows } from './backup.ts';
import { columnsOf, conflictsOf, lostOf, partiesOf, resolution } from './conflict-rows.ts';
import { duration } from './figures.ts';
import { type Finding, findings } from './findings.ts';
import { code, literal, markdownTable } from './markdown.ts';
import { mermaid } from './mermaid.ts';
import { allColumns } from './peer-row.ts';
import { type Planned, plannedOf, tableText } from './planned-rows.ts';
import { SOURCE_COLUMNS, sourceCells, sourceRows } from './source-rows.ts';
import { outcomeText } from './text/run-report.ts';
import { unresolvedNotice } from './unresolved.ts';

/** GitHub drops a job summary over 1 MiB completely; the difference is for headings and masks of other steps. */
export const SUMMARY_BUDGET_BYTES = 1_000_000;

/** GitHub refuses a comment of more than 65,536 characters; the difference is for the hidden marker. */
export const COMMENT_BUDGET_BYTES = 65_000;

const MARKS = {
  unchanged: '✅',
  success: '✅',
  skipped: '⏭️',
  partial: '⚠️',
  conflict: '⚠️',
  failed: '❌',
} as const satisfies Record<RunStatus, string>;

/**
 * The job summary of a run, as markdown of at most `budget` bytes: the outcome, a diagram, and tables of peers,
 * problems and conflicts, each cut between rows if needed. The result must already be reduced to what may be shown
 * (`withValues`).
 */
export function summary(result: RunResult, budget: number = SUMMARY_BUDGET_BYTES): string {
  const sections: string[] = [heading(result), backedUp(result), unresolvedRows(result), diagram(result)];
  let left = budget - Buffer.byteLength(sections.join(''));
  for (const { title, columns, rows, share } of tables(result)) {
    const head = `\n### ${title}\n\n`;
    const table = rows.length === 0 ? '' : markdownTable({ columns, rows }, Math.floor(left * share) - head.length);
    if (table === '') continue;
    sections.push(head, table);
    left -= Buffer.byteLength(head + table);
  }
  return sections.join('');
}

function heading(result: RunResult): string {
  const facts = [
    ['database', result.database],
    ['branch', result.branch],
    ['head', result.head],
    ['Dolt', result.doltVersion],
    ['duration', duration(result.durationMs)],
  ] as const;
  const line = facts.flatMap(([name, value]) => (value === null ? [] : [`${name} ${code(value)}`])).join(' · ');
  return `## ${MARKS[result.status]} dolt-federation ${result.command}: ${outcomeText(result)}\n\n${line}\n`;
}

function backedUp(result: RunResult): string {
  const lines = backupLines(result, code);
  return lines.length === 0 ? '' : `\n${lines.join('<br>\n')}\n`;
}

function unresolvedRows(result: RunResult): string {
  const { count, file } = unresolvedNotice(result, code);
  const rows = count === null ? '' : `\n${count}.\n`;
  if (file === null) return rows;
  const steps =
    'upload it as an artifact, fill in each <code>choose:</code>, then run <code>dolt-federation resolve --file</code> in the folder of the database';
  return `${rows}\n${file} (output <code>conflicts-path</code>): ${steps}.\n`;
}

function diagram(result: RunResult): string {
  return result.peers.length === 0 ? '\nNo peer took part.\n' : `\n\`\`\`mermaid\n${mermaid(result)}\`\`\`\n`;
}

function tables(result: RunResult) {
  const columns = allColumns(result, 'short');
  const conflicts = conflictsOf(result).map(([peer, conflict]) => conflictCells(peer, conflict));
  return [
    {
      title: 'Peers',
      columns: columns.map(({ title }) => title),
      rows: result.peers.map((peer) => columns.map(({ cell }) => cell(peer, code))),
      share: 0.5,
    },
    { title: 'Backups', columns: BACKUP_COLUMNS, rows: backupRows(result, code), share: 0.5 },
    { title: 'Planned changes', columns: PLANNED_COLUMNS, rows: plannedOf(result).flatMap(plannedCells), share: 0.5 },
    {
      title: 'Rows by source',
      columns: SOURCE_COLUMNS,
      rows: sourceRows(result).map((row) => sourceCells(row, code)),
      share: 0.2,
    },
    { title: 'Problems', columns: PROBLEM_COLUMNS, rows: findings(result).map(problemCells), share: 0.5 },
    { title: 'Lost rows', columns: LOST_COLUMNS, rows: lostRows(result), share: 0.5 },
    { title: 'Rows in conflict', columns: CONFLICT_COLUMNS, rows: conflicts, share: 1 },
  ];
}

const PLANNED_COLUMNS = ['Peer', 'Direction', 'Table', 'Change'];

function plannedCells({ peer, direction, changes }: Planned): string[][] {
  const { commits, subjects, tables, moreTables } = changes;
  const row = (subject: string, text: string): string[] => [code(peer), direction, subject, literal(text)];
  return [
    row('', [counted(commits, 'commit'), ...subjects].join('; ')),
    ...tables.map((table) => row(code(table.table), tableText(table))),
    ...(moreTables > 0 ? [row('', `and ${counted(moreTables, 'more table')}`)] : []),
  ];
}

const PROBLEM_COLUMNS = ['Severity', 'Peer', 'Code', 'Problem', 'Fix'];

function problemCells(finding: Finding): string[] {
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
function lostRows(result: RunResult): string[][] {
  return lostOf(result).map(([conflict, { commit, sql }]) => [
    conflict.kind,
    code(conflict.table),
    values(conflict.key),
    code(commit),
    code(sql ?? rowsOnlyAt(commit, conflict.table, result.head), MAX_SQL),
  ]);
}

/** Shows how a commit differs from the head, without naming a key. */
function rowsOnlyAt(commit: string, table: string, head: string | null): string {
  return head === null ? '' : `SELECT * FROM dolt_diff('${head}', '${commit}', ${textLiteral(table)})`;
}

const CONFLICT_COLUMNS = ['Peer', 'Kind', 'Table', 'Key', 'Columns', 'Base', 'Ours', 'Theirs', 'Resolution'];

function conflictCells(peer: PeerResult, conflict: Conflict): string[] {
  return [
    code(partiesOf(peer, conflict)),
    conflict.kind,
    code(conflict.table),
    values(conflict.key),
    code(columnsOf(conflict).join(', ')),
    values(conflict.base),
    values(conflict.ours),
    values(conflict.theirs),
    literal(resolution(conflict)),
  ];
}

function values(cells: Conflict['base']): string {
  return cells === null ? '' : code(cellsText(cells, ' = '));
}
