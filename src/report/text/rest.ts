import { counted } from '../../core/text.ts';

/** Lines of a list, and a line that counts the omitted ones, if any. */
export function withRest(lines: readonly string[], rest: { readonly left: number; readonly noun: string }): string[] {
  if (rest.left <= 0) return [...lines];
  return [...lines, `and ${counted(rest.left, rest.noun)}; --json shows ${rest.left === 1 ? 'it' : 'them all'}`];
}
