import { ERRORS } from '../../src/contract/error-codes.ts';
import type { ErrorCodeEntry } from '../../src/contract/error-entry.ts';
import { described, sentence } from './described.ts';

/** One entry for each error code: what it means, how a run ends with it, and the cure. */
export function errorEntries(): string {
  const entries: [string, ErrorCodeEntry][] = Object.entries(ERRORS);
  return entries.map(([code, entry]) => errorEntry(code, entry)).join('\n\n');
}

function errorEntry(code: string, { title, hint, retryable, exit }: ErrorCodeEntry): string {
  const [cure = '', ...lines] = described(`the cure of ${code}`, hint).split('\n');
  const again = retryable ? 'It may pass when it is tried again.' : 'Trying again changes nothing by itself.';
  return [
    `### \`${code}\``,
    '',
    `${sentence(`the error ${code}`, title)} Exit code ${exit}. ${again}`,
    '',
    `What to do: ${cure}`,
    ...(lines.length === 0 ? [] : ['', '```yaml', ...lines, '```']),
  ].join('\n');
}
