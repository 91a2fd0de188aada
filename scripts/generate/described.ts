/**
 * A description of the tables as it is, without blanks around it.
 * @throws Error when there is none: what cannot be explained is not ready to be used
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
