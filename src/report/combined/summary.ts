import type { ReportResult } from '../../contract/result.ts';
import { code, literal, titledTable } from '../markdown.ts';
import { PROBLEM_COLUMNS, problemCells } from '../run-tables.ts';
import { MARKS, SUMMARY_BUDGET_BYTES, summary } from '../summary.ts';
import { type CombinedRun, countsText, hasLegs, LEG_COLUMNS, legCells, runTitle } from './legs.ts';

/** The job summary of several runs, as markdown of at most `budget` bytes: problems first, then each run. */
export function combinedSummary(result: ReportResult, budget: number = SUMMARY_BUDGET_BYTES): string {
  const { runs, problems } = result;
  let text = `## ${MARKS[result.status]} dolt-federation report: ${result.status}\n\n${countsText(result)}\n`;
  const rows = problems.map((one) => problemCells(one, { code, literal }));
  text += titledTable('Problems', { columns: PROBLEM_COLUMNS, rows }, budget / 4);
  const all = runs.map((run) =>
    titledTable(
      literal(runTitle(run)),
      { columns: LEG_COLUMNS, rows: hasLegs(run) ? legCells(run, code) : [] },
      budget / 4 / runs.length,
    ),
  );
  text += all.join('');
  runs.forEach((run, index) => {
    const left = (budget - Buffer.byteLength(text)) / (runs.length - index);
    text += runSummary(run, Math.floor(left));
  });
  return text;
}

/** The summary of one run, or its first line if there is no room for more. */
function runSummary({ result }: CombinedRun, budget: number): string {
  const whole = `\n${summary(result, budget - 1)}`;
  if (Buffer.byteLength(whole) <= budget) return whole;
  const [first = ''] = whole.trimStart().split('\n');
  return Buffer.byteLength(first) + 2 <= budget ? `\n${first}\n` : '';
}
