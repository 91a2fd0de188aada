import type { RunResult } from '../../contract/result.ts';
import { plain, shorten } from '../../core/text.ts';
import { SOURCE_COLUMNS, sourceCells, sourceRows } from '../source-rows.ts';
import { withOmitted } from './omitted.ts';
import { fittingTable, type TextStyle } from './table.ts';

const MAX_SOURCES = 20;
const MAX_NAME = 60;

/** The issues that peers bring, by the system that they come from and by creator. */
export function sourceLines(result: RunResult, style: TextStyle): string[] {
  const all = sourceRows(result);
  if (all.length === 0) return [];
  const quote = (text: string): string => plain(shorten(text, MAX_NAME));
  const rows = all.slice(0, MAX_SOURCES).map((row) => sourceCells(row, quote));
  return withOmitted(fittingTable([SOURCE_COLUMNS.map((title) => title.toUpperCase()), ...rows], style), {
    left: all.length - rows.length,
    noun: 'more source',
  });
}
