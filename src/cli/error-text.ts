import pc from 'picocolors';
import type { Failure } from '../core/failure.ts';
import { problemsOf } from '../core/problems-of.ts';
import { plain, plainLines } from '../report/plain.ts';

/** What stops a command, for people: each problem, where it is, and what to do next. */
export function errorText(failure: Failure, color: boolean): string {
  return problemsOf(failure)
    .map((problem) => problemText(problem, color))
    .join('');
}

function problemText(failure: Failure, color: boolean): string {
  const { red } = pc.createColors(color);
  const { location } = failure;
  const place = location === null ? [] : [location.file, location.line, location.column].filter((part) => part != null);
  const lines = [
    `${red('error:')} ${plain(failure.message)} (${failure.code})`,
    ...(place.length === 0 ? [] : [`  at ${plain(place.join(':'))}`]),
    ...plainLines(failure.hint).map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}
