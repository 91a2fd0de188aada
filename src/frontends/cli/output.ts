import pc from 'picocolors';
import type { Rendered, Shown } from '../../commands/command.ts';
import { type Failure, placeOf } from '../../core/failure.ts';
import { printedJson } from '../../core/json.ts';
import { plain } from '../../core/text.ts';
import { errorResult } from '../../report/error-result.ts';
import { plainLines, withoutCommands } from '../../report/plain.ts';
import { wrap } from '../../report/text/wrap.ts';

/** The final output of a command. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** How an error is shown; without `columns`, as on a pipe. */
export interface ErrorStyle {
  readonly color: boolean;
  readonly columns?: number | null;
}

/** A result, on standard output. */
export function renderedOutput(rendered: Rendered, shown: Shown & { readonly json: boolean }): Output {
  if (shown.json) return { stdout: printedJson(rendered.json), stderr: '' };
  const text = rendered.text(shown);
  return { stdout: rendered.hasCommands === true ? text : withoutCommands(text), stderr: '' };
}

/** A failure: JSON on standard output, text on standard error. */
export function failureOutput(failure: Failure, shown: { readonly json: boolean } & ErrorStyle): Output {
  if (shown.json) return { stdout: printedJson(errorResult(failure)), stderr: '' };
  return { stdout: '', stderr: errorText(failure, shown) };
}

/** A failure as text: each problem, where it is, and what to do next. */
export function errorText(failure: Failure, style: ErrorStyle): string {
  return failure.problems.map((problem) => problemText(problem, style)).join('');
}

function problemText(failure: Failure, { color, columns = null }: ErrorStyle): string {
  const { red } = pc.createColors(color);
  const { location } = failure;
  const [first = '', ...rest] = plainLines(failure.message);
  const lines = [
    `${red('error:')} ${first} (${failure.code})`,
    ...rest.map((line) => `  ${line}`),
    ...(location === null ? [] : [`  at ${plain(placeOf(location))}`]),
    ...plainLines(failure.hint).map((line) => `  ${line}`),
  ];
  return lines
    .flatMap((line) => wrap(line, '  ', columns))
    .map((line) => `${line}\n`)
    .join('');
}
