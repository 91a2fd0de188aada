import { createHash } from 'node:crypto';
import type { ReportResult } from '../../contract/result.ts';
import type { ReportValues } from '../../contract/vocabulary.ts';
import { counted } from '../../core/text.ts';
import { type CombinedRun, countsText, hasLegs, LEG_COLUMNS, legCells, runTitle } from '../combined/legs.ts';
import { duration } from '../figures.ts';
import { type CellFormat, PROBLEM_COLUMNS, problemCells, runTables } from '../run-tables.ts';
import { outcomeText } from '../text/run-report.ts';
import { escaped, Html, html } from './html.ts';
import { STYLE } from './style.ts';

/** A longer table does not help anybody, and browsers draw it slowly; the JSON has all rows. */
const MAX_ROWS = 5_000;

/**
 * The report as one HTML page that loads nothing: no script runs in it, not even if text of a peer became markup, and
 * only its own style applies.
 */
export function page(result: ReportResult, values: ReportValues): string {
  const title = `dolt-federation report: ${result.status}`;
  const problems = result.problems.map((one) => problemCells(one, FORMAT));
  const hidden = values === 'full' ? [] : [html`<p>Values are hidden (report-values: ${values}).</p>`];
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="${result.status}">${countsText(result)}</p>
${hidden}
${table({ title: 'Problems', columns: PROBLEM_COLUMNS, rows: problems })}
${result.runs.map(section)}
</main>
</body>
</html>
`;
  return markup;
}

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Cells are markup. */
const FORMAT: CellFormat = {
  code: (text, limit) => (text === '' ? '' : html`<code>${escaped(text, limit)}</code>`.markup),
  literal: (text) => escaped(text).markup,
};

function section(run: CombinedRun): Html {
  const { result } = run;
  const facts = [
    ['database', result.database],
    ['branch', result.branch],
    ['head', result.head],
    ['Dolt', result.doltVersion],
    ['longest leg', duration(result.durationMs)],
    ['rows of this and earlier runs that need a decision', result.open === undefined ? null : String(result.open)],
  ] as const;
  const shown = facts.flatMap(([name, value]) =>
    value === null ? [] : [html`<dt>${name}</dt><dd><code>${value}</code></dd>`],
  );
  const legs = hasLegs(run) ? legCells(run, FORMAT.code) : [];
  return html`<section>
<h2>${runTitle(run)}</h2>
<p class="${result.status}">${outcomeText(result)}</p>
<dl>${shown}</dl>
${table({ title: 'Legs', columns: LEG_COLUMNS, rows: legs })}
${runTables(result, FORMAT).map(table)}
</section>
`;
}

interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  /** Cells of markup. */
  readonly rows: readonly (readonly string[])[];
}

function table({ title, columns, rows }: Table): Html {
  if (rows.length === 0) return html``;
  const omitted = rows.length - MAX_ROWS;
  const head = columns.map((column) => html`<th scope="col">${column}</th>`);
  const body = rows.slice(0, MAX_ROWS).map(
    (cells) => html`<tr>${cells.map((cell) => html`<td>${new Html(cell)}</td>`)}</tr>
`,
  );
  const more = omitted > 0 ? [html`<p>and ${counted(omitted, 'more row')}; the JSON has all of them</p>`] : [];
  return html`<h3>${title}</h3>
<div class="scroll"><table><thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table></div>
${more}`;
}
