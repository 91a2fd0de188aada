import type { DoctorCheck, DoctorResult } from '../contract/doctor-result.ts';
import { plain } from '../core/text.ts';
import { code, literal, markdownTable } from './markdown.ts';
import { plainLines } from './plain.ts';
import { textTable } from './text/table.ts';

/** The findings of `doctor` as text: a table, then the fixes. */
export function doctorText(result: DoctorResult): string {
  const rows = result.checks.map((check) => [check.status, check.check, check.peer ?? '', plain(check.message)]);
  const cures = result.checks
    .filter(({ status }) => status === 'missing' || status === 'warning')
    .flatMap((check) => [
      `${[check.check, check.peer].filter((part) => part !== null).join(' ')}: ${plain(check.message)}`,
      ...plainLines(check.cure ?? '').map((line) => `  ${line}`),
    ]);
  const lines = [...textTable(rows), '', ...(cures.length === 0 ? [verdict(result)] : [verdict(result), '', ...cures])];
  return lines.map((line) => `${line}\n`).join('');
}

/** The same as markdown of at most `budget` bytes, for a job summary. */
export function doctorSummary(result: DoctorResult, budget: number): string {
  const heading = `## ${result.status === 'ok' ? '✅' : '❌'} dolt-federation doctor: ${verdict(result)}\n\n`;
  const columns = ['Status', 'Check', 'Peer', 'Found', 'Cure'];
  const rows = result.checks.map((check) => [
    check.status,
    check.check,
    code(check.peer ?? ''),
    literal(check.message),
    literal(check.cure ?? ''),
  ]);
  return heading + markdownTable({ columns, rows }, budget - Buffer.byteLength(heading));
}

function isMissing({ status }: DoctorCheck): boolean {
  return status === 'missing';
}

function verdict({ checks }: DoctorResult): string {
  const missing = checks.filter(isMissing).length;
  if (missing === 0) return 'no problems';
  return missing === 1 ? '1 problem' : `${missing} problems`;
}
