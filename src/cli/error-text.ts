import pc from 'picocolors';
import { type Failure, placeOf } from '../core/failure.ts';
import { plain } from '../core/plain.ts';
import { problemsOf } from '../core/problems-of.ts';
import { plainLines } from '../report/plain.ts';

/** What stops a command, for people: each problem, where it is, and what to do next. */
export function errorText(failure: Failure, color: boolean): string {
  return problemsOf(failure)
    .map((problem) => problemText(problem, color))
    .join('');
}

function problemText(failure: Failure, color: boolean): string {
  const { red } = pc.createColors(color);
  const { location } = failure;
  const lines = [
    `${red('error:')} ${plain(failure.message)} (${failure.code})`,
    ...(location === null ? [] : [`  at ${plain(placeOf(location))}`]),
    ...plainLines(failure.hint).map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}
