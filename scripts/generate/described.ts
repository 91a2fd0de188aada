/**
 * A description of the tables, without surrounding blanks.
 * @throws Error if it is empty
 */
export function described(what: string, description: string): string {
  if (description.trim() === '') throw new Error(`${what} has no description in src/contract`);
  return description.trim();
}

/** The same as a sentence. */
export function sentence(what: string, description: string): string {
  const text = described(what, description);
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
