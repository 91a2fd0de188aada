import { isNumeric } from '../dolt/rows/row-key.ts';
import { isTemporal } from '../dolt/schema/columns.ts';
import { defaultText, type Token, tokensOf } from '../dolt/schema/create-table.ts';
import type { TableDefinition } from '../dolt/schema/readability.ts';
import { isSameValue } from './same-value.ts';

/** Whether a cell of a side is as it was before the changes of both sides. */
export type IsFormer = (column: string, value: string | null, base: string | null | undefined) => boolean;

/** The versions of a table that both sides have, and the bare types of its merged columns. */
export interface FormerTable {
  readonly types: ReadonlyMap<string, string>;
  readonly ours: TableDefinition | null;
  readonly theirs: TableDefinition | null;
}

/**
 * Compares cells with the base. A number or a date of another type is printed in another way (`1.50`, `1.5000`). A column
 * that the base lacks and both sides added alike had its default, if that is a literal: no side wrote it.
 */
export function formerCells({ types, ours, theirs }: FormerTable): IsFormer {
  return (column, value, base) => {
    const type = types.get(column) ?? '';
    if (base !== undefined) return value === base || (isComputable(type) && isSameValue(base, value, type));
    const text = textOf(ours, column);
    return text !== null && text === textOf(theirs, column) && isDefault(text, type, value);
  };
}

function isComputable(type: string): boolean {
  return isNumeric(type) || isTemporal(type) || type === 'time';
}

function textOf(version: TableDefinition | null, column: string): string | null {
  return version?.columnTexts[version.columns.indexOf(column)] ?? null;
}

/** @param text the column as CREATE TABLE defines it */
function isDefault(text: string, type: string, value: string | null): boolean {
  const [word, literal, quoted, more] = tokensOf(defaultText({ text }));
  if (word === undefined) return value === null;
  if (literal === undefined || more !== undefined || value === null) return false;
  const given = contentOf(quoted ?? literal);
  // Dolt 2.3.0 prints bits as b'101', bytes as 0x6162, and the number of a value or of a set of values (measured).
  if (type === 'bit') return literal.text === 'b' && BITS.test(given) && BigInt(`0b${given}`) === BigInt(value);
  if (quoted !== undefined) return false;
  if (BYTES.has(type)) return literal.text.toLowerCase() === value;
  if (literal.kind !== 'string') return false;
  if (type === 'enum') return listValues(text)[Number(given) - 1] === value;
  if (type === 'set') return NUMBER.test(given) && valuesOf(BigInt(given), listValues(text)) === value;
  return given === value || (isComputable(type) && isSameValue(given, value, type));
}

const BITS = /^[01]+$/;
const NUMBER = /^[0-9]+$/;
const BYTES: ReadonlySet<string> = new Set(['binary', 'varbinary']);

/** The content of a string; Dolt 2.3.0 escapes nothing but quotes and backslashes (measured). */
function contentOf({ text }: Pick<Token, 'text'>): string {
  return text.slice(1, -1).replaceAll(/''|\\\\/g, (pair) => pair.slice(1));
}

/** The values of a list for each bit of a number. */
function valuesOf(number: bigint, values: readonly string[]): string {
  return values.filter((_, bit) => ((number >> BigInt(bit)) & 1n) === 1n).join(',');
}

function listValues(text: string): string[] {
  const tokens = tokensOf(text);
  const end = tokens.findIndex(({ kind, text: sign }) => kind === 'sign' && sign === ')');
  return tokens.slice(0, end).flatMap((token) => (token.kind === 'string' ? [contentOf(token)] : []));
}
