import pc from 'picocolors';
import type { Problem, ValidateResult } from '../../contract/result.ts';
import type { ReportFormat } from '../../contract/vocabulary.ts';
import { placeOf } from '../../core/failure.ts';
import { jsonBytes, printedJson } from '../../core/json.ts';
import { counted, plain } from '../../core/text.ts';
import { problemAnnotations } from '../annotations.ts';
import { code, literal, titledTable } from '../markdown.ts';
import { plainLines } from '../plain.ts';
import { fits, fitting, RESULT_LIMIT_BYTES, shortenTexts } from '../result-json.ts';
import type { TextStyle } from '../text/table.ts';
import { wrap } from '../text/wrap.ts';
import { baseText, changeLines, changesText, changeTable, isDangerous, problemsBesides } from './changes.ts';
import { pathFrom } from './paths.ts';
import { sarifText } from './sarif.ts';
import { workflowCommands } from './workflow-commands.ts';

/** A result, and the folders that its files are named relative to. */
interface Reported {
  readonly result: ValidateResult;
  /** Folder of the repository. */
  readonly root: string;
  /** Folder of the user. */
  readonly cwd: string;
}

/** The report of `validate` in one of its forms. */
export function reportText(reported: Reported, format: ReportFormat, style: TextStyle): string {
  const { result, root } = reported;
  switch (format) {
    case 'text':
      return validateText(reported, style);
    case 'json':
      return printedJson(result);
    case 'github':
      return workflowCommands(problemAnnotations(result.problems, IN_TEXT), root);
    case 'sarif':
      return sarifText(result, root);
  }
}

const IN_TEXT = '`dolt-federation validate` prints them all';

/** One line for each problem, in the form that editors and compilers share, and its fix below. */
function validateText({ result, cwd }: Reported, { color, columns }: TextStyle): string {
  const { red, yellow, cyan } = pc.createColors(color);
  const colors = { error: red, warning: yellow, notice: cyan } as const;
  const lines = problemsBesides(result).flatMap(({ severity, code: name, message, hint, file, line, column }) => {
    const [first = '', ...rest] = plainLines(message);
    const place = file === null ? '' : `${plain(placeOf({ file: pathFrom(cwd, file), line, column }))}: `;
    return [
      `${place}${colors[severity](severity)}: ${first} (${name})`,
      ...[...rest, ...plainLines(hint)].map((each) => `  ${each}`),
    ];
  });
  const file = result.file === null ? 'no configuration file' : plain(pathFrom(cwd, result.file));
  const peers = result.status === 'valid' ? `, ${counted(result.peers, 'peer')}` : '';
  const end = `${file}: ${verdict(result)}${peers}${changesText(result)}`;
  return [...lines, ...changeLines(result), ...legLines(result), end]
    .flatMap((line) => wrap(line, '  ', columns))
    .map((line) => `${line}\n`)
    .join('');
}

/** One line for each leg of a fan-out. */
function legLines({ matrix }: ValidateResult): string[] {
  return (matrix?.include ?? []).map(({ shard, peers }) => `leg ${shard}: ${peersText(peers)}`);
}

function peersText(peers: string): string {
  return peers === '' ? 'the primary only' : peers.replaceAll(',', ', ');
}

/** How many problems there are, in words. */
export function verdict(result: ValidateResult): string {
  const problems = problemsBesides(result);
  const counts = (['error', 'warning', 'notice'] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    return count === 0 ? [] : [counted(count, severity)];
  });
  return counts.length === 0 ? 'no problems' : counts.join(', ');
}

/** The job summary, or the comment of a pull request: tables of all changes and problems, of at most `budget` bytes. */
export function validateSummary({ result, root }: Reported, budget: number): string {
  const isRisky = result.changes?.some(isDangerous) === true;
  const mark = result.status === 'invalid' ? '❌' : isRisky ? '⚠️' : '✅';
  const file = result.file === null ? 'no configuration file' : code(pathFrom(root, result.file));
  const peers = result.status === 'valid' ? ` · ${counted(result.peers, 'peer')}` : '';
  const heading = `## ${mark} dolt-federation validate: ${verdict(result)}${changesText(result)}\n\n${file}${peers}${baseText(result)}\n`;
  const problems = problemsBesides(result);
  const legs = result.matrix?.include ?? [];
  const tables = [
    { title: 'Changes', count: result.changes?.length ?? 0, table: changeTable(result, root) },
    { title: 'Problems', count: problems.length, table: { columns: PROBLEM_COLUMNS, rows: rowsOf(problems, root) } },
    {
      title: 'Legs',
      count: legs.length,
      table: { columns: ['Leg', 'Peers'], rows: legs.map(({ shard, peers }) => [shard, literal(peersText(peers))]) },
    },
  ].filter(({ count }) => count > 0);
  let text = heading;
  for (const [index, { title, table }] of tables.entries()) {
    // Each table leaves room to those after it.
    text += titledTable(title, table, (budget - Buffer.byteLength(text)) / (tables.length - index));
  }
  return text;
}

const PROBLEM_COLUMNS = ['Severity', 'Place', 'Problem', 'Fix'];

function* rowsOf(problems: readonly Problem[], root: string): Generator<readonly string[]> {
  for (const { severity, code: name, message, hint, file, line, column } of problems) {
    const place = file === null ? '' : placeOf({ file: pathFrom(root, file), line, column });
    yield [severity, code(place), `${code(name)} ${literal(message)}`, literal(hint)];
  }
}

/** The result as JSON for an output of the Action; if the whole does not fit, only the first of its lists, shortened. */
export function validateJson(result: ValidateResult, limit: number = RESULT_LIMIT_BYTES): string {
  const whole = JSON.stringify(result);
  if (fits(whole, limit)) return whole;
  const { changes, matrix: _, ...rest } = result;
  const short = { ...rest, problems: [], ...(changes === undefined ? {} : { changes: [] }), truncated: true };
  const left = limit - jsonBytes(JSON.stringify(short));
  const shown = changes === undefined ? {} : { changes: fitting(changes, left / 2) };
  const problems = fitting(result.problems.map(shortenTexts), left - jsonBytes(JSON.stringify(shown)));
  return JSON.stringify({ ...short, problems, ...shown });
}
