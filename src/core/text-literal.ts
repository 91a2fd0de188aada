/** Letters, digits, punctuation and single blanks: shown everywhere as they are. */
const PLAIN = /^[\p{L}\p{N}\p{P}\p{S} ]*$/u;

/** A text as a literal for a statement that people copy; what might not survive that is written as its bytes. */
export function textLiteral(text: string): string {
  if (!PLAIN.test(text)) return `_utf8mb4 0x${Buffer.from(text).toString('hex')}`;
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
