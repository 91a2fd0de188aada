import { counted } from '../../core/text.ts';

/** Lines of a list, and a line that counts the omitted ones, if any. */
export function withOmitted(
  lines: readonly string[],
  omitted: { readonly left: number; readonly noun: string },
): string[] {
  if (omitted.left <= 0) return [...lines];
  return [
    ...lines,
    `and ${counted(omitted.left, omitted.noun)}; --json shows ${omitted.left === 1 ? 'it' : 'them all'}`,
  ];
}
