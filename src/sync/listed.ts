/** How many names a message shows. */
const SHOWN = 5;

/** A number of things with the first of their names: `1 tag (v1)`, `7 tags (a, b, c, d, e and 2 more)`. */
export function listed(noun: string, names: readonly string[]): string {
  const more = names.length - SHOWN;
  const shown = names.slice(0, SHOWN).join(', ');
  return `${counted(names.length, noun)} (${shown}${more > 0 ? ` and ${more} more` : ''})`;
}

/** A number with its noun: `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
