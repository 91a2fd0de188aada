import stringWidth from 'string-width';
import type { Conflict, PeerResult, RunResult } from '../../contract/result.ts';
import type { ReportValues } from '../../contract/vocabulary.ts';
import { cellsText, counted, plain, shorten } from '../../core/text.ts';
import { columnsOf, conflictsOf, partiesOf, resolution } from '../conflict-rows.ts';
import { withOmitted } from './omitted.ts';
import type { TextStyle } from './table.ts';
import { wrap } from './wrap.ts';

/** More rows do not help on a terminal; the JSON has them all. */
const MAX_CONFLICTS = 50;
const MAX_KEY = 80;
const MAX_COLUMNS = 8;
/** A value on a pipe, and the least that a narrow terminal shows of one. */
const MAX_VALUE = 80;
const LEAST_VALUE = 10;

const SIDES = ['base', 'ours', 'theirs'] as const;

/** The rows in conflict, each with its values if they may be shown. */
export function conflictLines(result: RunResult, values: ReportValues, style: TextStyle): string[] {
  const rows = conflictsOf(result);
  if (rows.length === 0) return [];
  const shown = rows.slice(0, MAX_CONFLICTS).flatMap(([peer, conflict]) => rowLines(peer, conflict, style));
  return [
    'Rows in conflict:',
    ...withOmitted(shown, { left: rows.length - MAX_CONFLICTS, noun: 'more row' }),
    ...(values === 'full' ? [] : [`Values are hidden (report-values: ${values}). \`full\` shows them.`]),
  ];
}

function rowLines(peer: PeerResult, conflict: Conflict, style: TextStyle): string[] {
  const row = [conflict.table, shorten(cellsText(conflict.key), MAX_KEY)].filter((part) => part !== '').join(' ');
  const columns = valueLines(conflict, style);
  const names = columns.length > 0 ? '' : columnsOf(conflict).join(', ');
  const words = [conflict.kind, resolution(conflict), names].filter((part) => part !== '').join('; ');
  const title = `  ${plain(`${partiesOf(peer, conflict)}: ${row} (${words})`)}`;
  return [...wrap(title, '    ', style.columns), ...columns];
}

/** One line for each column in conflict: the value of each side. */
function valueLines({ base, ours, theirs, columns, key, paths = [] }: Conflict, style: TextStyle): string[] {
  const sides = { base, ours, theirs };
  if (SIDES.every((side) => sides[side] === null)) return [];
  const all = SIDES.flatMap((side) => Object.keys(sides[side] ?? {})).filter((name) => !Object.hasOwn(key, name));
  const shown = columns.length > 0 ? columns : [...new Set(all)];
  const lines = shown.slice(0, MAX_COLUMNS).flatMap((column) => {
    const keys = paths.filter((path) => path.column === column);
    if (keys.length > 0) return keys.map((path) => line(`${column} ${path.path}`, path, style));
    const cells = Object.fromEntries(SIDES.map((side) => [side, cellText(sides[side], column)]));
    return [line(column, cells, style)];
  });
  const more = shown.length - MAX_COLUMNS;
  return more > 0 ? [...lines, `    and ${counted(more, 'more column')}`] : lines;
}

/** undefined: that side has no such row. */
function cellText(cells: Conflict['base'], column: string): string | null | undefined {
  return cells !== null && Object.hasOwn(cells, column) ? cells[column] : undefined;
}

function line(
  name: string,
  cells: Readonly<Partial<Record<(typeof SIDES)[number], string | null | undefined>>>,
  { columns }: TextStyle,
): string {
  const start = `    ${plain(shorten(name, MAX_KEY))}: `;
  const around = stringWidth(start) + SIDES.join(' "", ').length + 4;
  const limit = columns === null ? MAX_VALUE : Math.max(LEAST_VALUE, Math.floor((columns - around) / SIDES.length));
  const texts = SIDES.map((side) => {
    const value = cells[side];
    if (value === undefined) return `${side} no row`;
    return `${side} ${value === null ? 'NULL' : `"${plain(shorten(value, limit))}"`}`;
  });
  return start + texts.join(', ');
}
