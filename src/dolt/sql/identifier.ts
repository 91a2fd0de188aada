/** A quoted table or column name. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
