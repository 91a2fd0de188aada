import pc from 'picocolors';
import type { Rendered } from '../../commands/command.ts';
import { type Failure, placeOf } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { errorResult } from '../../report/error-result.ts';
import { plainLines } from '../../report/plain.ts';
import type { Display } from './invocation.ts';

/** The final output of a command. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** A value as `--json` prints it. */
function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A result, on standard output. */
export function renderedOutput(rendered: Rendered, display: Display): Output {
  return { stdout: display.json ? jsonText(rendered.json) : rendered.text(display), stderr: '' };
}

/** A failure: JSON on standard output, text on standard error. */
export function failureOutput(failure: Failure, shown: { readonly json: boolean; readonly color: boolean }): Output {
  if (shown.json) return { stdout: jsonText(errorResult(failure)), stderr: '' };
  return { stdout: '', stderr: errorText(failure, shown.color) };
}

/** A failure as text: each problem, where it is, and what to do next. */
export function errorText(failure: Failure, color: boolean): string {
  return failure.problems.map((problem) => problemText(problem, color)).join('');
}

function problemText(failure: Failure, color: boolean): string {
  const { red } = pc.createColors(color);
  const { location } = failure;
  const [first = '', ...rest] = plainLines(failure.message);
  const lines = [
    `${red('error:')} ${first} (${failure.code})`,
    ...rest.map((line) => `  ${line}`),
    ...(location === null ? [] : [`  at ${plain(placeOf(location))}`]),
    ...plainLines(failure.hint).map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}
