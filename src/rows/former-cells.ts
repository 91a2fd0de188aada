import { isNumeric } from '../dolt/rows/row-key.ts';
import { isTemporal } from '../dolt/schema/columns.ts';
import { defaultText, tokensOf } from '../dolt/schema/create-table.ts';
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
  const [word, literal, more] = tokensOf(defaultText({ text }));
  if (word === undefined) return value === null;
  if (literal?.kind !== 'string' || more !== undefined || value === null) return false;
  const given = literal.text.slice(1, -1).replaceAll("''", "'");
  // Dolt 2.3.0 prints the number of a value (measured).
  if (type === 'enum') return enumValues(text)[Number(given) - 1] === value;
  return given === value || (isComputable(type) && isSameValue(given, value, type));
}

function enumValues(text: string): string[] {
  const tokens = tokensOf(text);
  const end = tokens.findIndex(({ kind, text: sign }) => kind === 'sign' && sign === ')');
  return tokens
    .slice(0, end)
    .flatMap(({ kind, text: one }) => (kind === 'string' ? [one.slice(1, -1).replaceAll("''", "'")] : []));
}
