/** Whether a table is one of Dolt's own, which are each read in their own way. */
export function isDoltTable(name: string): boolean {
  return name.toLowerCase().startsWith('dolt_');
}

/** A quoted table or column name. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
