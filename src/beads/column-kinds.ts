import type { Column } from '../dolt/schema/columns.ts';

/**
 * The type of a column of bd: text, a whole number, a number of a child, a signed 64-bit number, or a JSON document.
 */
type Kind = 'text' | 'whole' | 'counter' | 'lock' | 'document';

const TEXT = /^(?:(?:var)?char\b|(?:tiny|medium|long)?text\b)/;
const TYPES: Readonly<Record<Kind, RegExp>> = {
  text: TEXT,
  whole: /^(?:tinyint|smallint|mediumint|int|bigint)\b/,
  counter: /^(?:int|bigint)\b/,
  lock: /^bigint(?:\(\d+\))?$/,
  // Some databases keep documents as text, which need not be JSON.
  document: new RegExp(`^json$|${TEXT.source}`),
};

/** Whether a table has these columns with the types of bd. A peer can change a type, and then any value can follow. */
export function hasColumns(
  columns: readonly Pick<Column, 'name' | 'type'>[],
  expected: Readonly<Record<string, Kind>>,
): boolean {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  return Object.entries(expected).every(([name, kind]) => TYPES[kind].test(types.get(name) ?? ''));
}
