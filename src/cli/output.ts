import type { Outcome } from '../commands/outcome.ts';
import type { Request } from '../commands/request.ts';
import type { Failure } from '../core/failure.ts';
import { errorResult } from '../report/error-result.ts';
import { errorText } from './error-text.ts';
import type { Display } from './invocation.ts';
import { resultJson } from './result-json.ts';
import { resultText } from './result-text.ts';

/** Where a command's last word goes. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** A value as `--json` prints it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A result, on standard output. */
export function outcomeOutput(outcome: Outcome, request: Request, display: Display): Output {
  const stdout = display.json ? jsonText(resultJson(outcome, request)) : resultText(outcome, request, display);
  return { stdout, stderr: '' };
}

/** What stopped a command: JSON on standard output, text on standard error. */
export function failureOutput(failure: Failure, shown: { readonly json: boolean; readonly color: boolean }): Output {
  if (shown.json) return { stdout: jsonText(errorResult(failure)), stderr: '' };
  return { stdout: '', stderr: errorText(failure, shown.color) };
}
