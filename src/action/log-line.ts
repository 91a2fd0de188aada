import { plainLines } from '../report/plain.ts';

/**
 * Text as lines that the runner shows and does not obey. It takes a line for a command where `::` begins it, or where
 * `##[` stands anywhere in it (actions/runner, ActionCommand.cs: TryParseV2 and TryParse).
 */
export function logLines(text: string): string[] {
  return plainLines(text).map((line) => line.replace(/^(\s*):(?=:)/, '$1: ').replaceAll('##[', '## ['));
}
