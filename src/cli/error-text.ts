import pc from 'picocolors';
import type { ErrorResult } from '../contract/result.ts';
import type { Failure } from '../core/failure.ts';
import { plain, plainLines } from '../report/plain.ts';

/** What stops a command, as `--json` prints it. */
export function errorJson(failure: Failure): ErrorResult {
  return {
    error: {
      code: failure.code,
      message: failure.message,
      hint: failure.hint,
      file: failure.location?.file ?? null,
      line: failure.location?.line ?? null,
      column: failure.location?.column ?? null,
    },
  };
}

/** The same for people: what failed, where, and what to do next. */
export function errorText(failure: Failure, color: boolean): string {
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
