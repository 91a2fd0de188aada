import type { RunResult } from '../contract/result.ts';
import type { RunStatus } from '../contract/vocabulary.ts';
import { backupLines } from './backup.ts';
import { duration } from './figures.ts';
import { code, literal, titledTable } from './markdown.ts';
import { mermaid } from './mermaid.ts';
import { runTables } from './run-tables.ts';
import { outcomeText } from './text/run-report.ts';
import { unresolvedNotice } from './unresolved.ts';

/** GitHub drops a job summary over 1 MiB completely; the difference is for headings and masks of other steps. */
export const SUMMARY_BUDGET_BYTES = 1_000_000;

/** GitHub refuses a comment of more than 65,536 characters; the difference is for the hidden marker. */
export const COMMENT_BUDGET_BYTES = 65_000;

export const MARKS = {
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
  for (const table of runTables(result, { code, literal })) {
    const section = titledTable(table.title, table, left * table.share);
    sections.push(section);
    left -= Buffer.byteLength(section);
  }
  return sections.join('');
}

function heading(result: RunResult): string {
  const facts = [
    ['leg', result.shard ?? null],
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
