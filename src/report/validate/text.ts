import pc from 'picocolors';
import type { Problem, ValidateResult } from '../../contract/result.ts';
import type { ReportFormat } from '../../contract/vocabulary.ts';
import { placeOf } from '../../core/failure.ts';
import { counted, plain } from '../../core/text.ts';
import { problemAnnotations } from '../annotations.ts';
import { code, literal, markdownTable } from '../markdown.ts';
import { plainLines } from '../plain.ts';
import { RESULT_LIMIT_BYTES, shortenTexts } from '../result-json.ts';
import type { TextStyle } from '../text/table.ts';
import { wrap } from '../text/wrap.ts';
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
      return `${JSON.stringify(result, null, 2)}\n`;
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
  const lines = result.problems.flatMap(({ severity, code: name, message, hint, file, line, column }) => {
    const [first = '', ...rest] = plainLines(message);
    const place = file === null ? '' : `${plain(placeOf({ file: pathFrom(cwd, file), line, column }))}: `;
    return [
      `${place}${colors[severity](severity)}: ${first} (${name})`,
      ...[...rest, ...plainLines(hint)].map((each) => `  ${each}`),
    ];
  });
  const file = result.file === null ? 'no configuration file' : plain(pathFrom(cwd, result.file));
  const peers = result.status === 'valid' ? `, ${counted(result.peers, 'peer')}` : '';
  const end = `${file}: ${verdict(result)}${peers}`;
  return [...lines, end]
    .flatMap((line) => wrap(line, '  ', columns))
    .map((line) => `${line}\n`)
    .join('');
}

/** How many problems there are, in words. */
export function verdict({ problems }: ValidateResult): string {
  const counts = (['error', 'warning', 'notice'] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    return count === 0 ? [] : [counted(count, severity)];
  });
  return counts.length === 0 ? 'no problems' : counts.join(', ');
}

/** The job summary: a table of all problems, of at most `budget` bytes. */
export function validateSummary({ result, root }: Reported, budget: number): string {
  const mark = result.status === 'valid' ? '✅' : '❌';
  const file = result.file === null ? 'no configuration file' : code(pathFrom(root, result.file));
  const peers = result.status === 'valid' ? ` · ${counted(result.peers, 'peer')}` : '';
  const heading = `## ${mark} dolt-federation validate: ${verdict(result)}\n\n${file}${peers}\n\n`;
  if (result.problems.length === 0) return heading;
  const table = { columns: ['Severity', 'Place', 'Problem', 'Fix'], rows: rowsOf(result.problems, root) };
  return heading + markdownTable(table, budget - Buffer.byteLength(heading));
}

function* rowsOf(problems: readonly Problem[], root: string): Generator<readonly string[]> {
  for (const { severity, code: name, message, hint, file, line, column } of problems) {
    const place = file === null ? '' : placeOf({ file: pathFrom(root, file), line, column });
    yield [severity, code(place), `${code(name)} ${literal(message)}`, literal(hint)];
  }
}

/** The result as JSON for an output of the Action; if the whole does not fit, only the first problems, shortened. */
export function validateJson(result: ValidateResult, limit: number = RESULT_LIMIT_BYTES): string {
  const whole = JSON.stringify(result);
  if (Buffer.byteLength(whole) <= limit) return whole;
  const empty = JSON.stringify({ ...result, problems: [], truncated: true });
  let left = limit - Buffer.byteLength(empty);
  const fitting = result.problems.map(shortenTexts).filter((problem) => {
    left -= Buffer.byteLength(JSON.stringify(problem)) + 1;
    return left >= 0;
  });
  return JSON.stringify({ ...result, problems: fitting, truncated: true });
}
