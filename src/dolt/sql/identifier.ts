/**
 * The form in which Dolt compares the names of tables and columns (Go's `strings.ToLower`): letter by letter, so `\u03a3`
 * is `\u03c3` also at the end of a word, and `\u0130` is a plain `i` (2.3.0, measured).
 */
export function folded(name: string): string {
  return Array.from(name, (letter) => (letter === '\u0130' ? 'i' : letter.toLowerCase())).join('');
}

/** Whether Dolt takes a name for one of several. */
export function isAmong(names: readonly string[], name: string): boolean {
  return names.some((one) => folded(one) === folded(name));
}

/** Whether a table is one of Dolt's own, which are each read in their own way. */
export function isDoltTable(name: string): boolean {
  return folded(name).startsWith('dolt_');
}

/** A name in a statement to copy: quoted where it has to be. */
export function identifier(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoted(name);
}

/** A quoted table or column name. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
