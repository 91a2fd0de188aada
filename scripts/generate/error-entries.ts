import { ERRORS } from '../../src/contract/error-codes.ts';
import type { ErrorCodeEntry } from '../../src/contract/error-entry.ts';
import { described, sentence } from './described.ts';

/**
 * One entry for each error code: its meaning, its exit code, the solution, and what is printed.
 * @param samples what the command line prints, by code; a test compares them with it
 */
export function errorEntries(samples: ReadonlyMap<string, string>): string {
  const entries: [string, ErrorCodeEntry][] = Object.entries(ERRORS);
  return entries.map(([code, entry]) => errorEntry(code, entry) + sampleText(samples.get(code))).join('\n\n');
}

function sampleText(sample: string | undefined): string {
  return sample === undefined ? '' : `\n\nFor example:\n\n\`\`\`text\n${sample.trimEnd()}\n\`\`\``;
}

function errorEntry(code: string, { title, hint, retryable, exit }: ErrorCodeEntry): string {
  const [solution = '', ...lines] = described(`the hint of ${code}`, hint).split('\n');
  const again = retryable ? 'Retrying may help.' : 'Retrying will not help.';
  return [
    `### \`${code}\``,
    '',
    `${sentence(`the error ${code}`, title)} Exit code ${exit}. ${again}`,
    '',
    `What to do: ${solution}`,
    ...(lines.length === 0 ? [] : ['', '```yaml', ...lines, '```']),
  ].join('\n');
}
