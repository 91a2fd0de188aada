import pc from 'picocolors';
import type { ReportResult } from '../../contract/result.ts';
import type { ReportValues } from '../../contract/vocabulary.ts';
import { plain } from '../../core/text.ts';
import { findingsLines, STATUS_COLORS, text } from '../text/run-report.ts';
import { fittingTable, type TextStyle } from '../text/table.ts';
import { type CombinedRun, countsText, hasLegs, LEG_COLUMNS, legCells, runTitle } from './legs.ts';

/** The report of several runs for a terminal, a pipe or a log, ending in a line break. */
export function combinedText(
  result: ReportResult,
  values: ReportValues,
  style: TextStyle & { readonly inStep?: boolean },
): string {
  const { bold, [STATUS_COLORS[result.status]]: paint } = pc.createColors(style.color);
  const runs = result.runs.map((run) => {
    const title = result.runs.length > 1 || hasLegs(run) ? `${bold(plain(runTitle(run)))}\n\n` : '';
    return title + legsText(run, style) + text(run.result, values, style);
  });
  const page = result.html === undefined ? [] : [`The page is in ${plain(result.html)}\n`];
  const problems = findingsLines(result.problems, style);
  const verdict = `report: ${paint(result.status)}, ${countsText(result)}\n`;
  return [...runs, ...(problems.length === 0 ? [] : [`${problems.join('\n')}\n`]), ...page, verdict].join('\n');
}

function legsText(run: CombinedRun, style: TextStyle): string {
  if (!hasLegs(run)) return '';
  const { bold } = pc.createColors(style.color);
  const rows = legCells(run, plain).map((cells) => cells.slice(0, style.wide ? undefined : FEW));
  const titles = LEG_COLUMNS.slice(0, style.wide ? undefined : FEW).map((title) => bold(title.toUpperCase()));
  const conflicts = run.legs.flatMap(({ shard, conflictsPath }) =>
    conflictsPath === undefined
      ? []
      : [`Rows that need a decision are in ${plain(conflictsPath)} of leg ${shard ?? '-'}`],
  );
  return [fittingTable([titles, ...rows], style), conflicts]
    .flatMap((lines) => (lines.length === 0 ? [] : [`${lines.join('\n')}\n\n`]))
    .join('');
}

/** Columns for a reader with little space. */
const FEW = 5;
