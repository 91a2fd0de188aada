import type { RunResult } from '../../contract/result.ts';
import { counted, plain } from '../../core/text.ts';
import { type Planned, plannedOf, tableText } from '../planned-rows.ts';
import { type TextStyle, textTable } from './table.ts';
import { wrap } from './wrap.ts';

/**
 * The changes that a dry run plans: for each peer and direction the newest commits, and the tables that would change.
 */
export function plannedLines(result: RunResult, style: TextStyle): string[] {
  return plannedOf(result).flatMap((planned) => directionLines(planned, style));
}

function directionLines({ peer, direction, changes }: Planned, style: TextStyle): string[] {
  const { commits, subjects, tables, moreTables } = changes;
  const would = direction === 'incoming' ? 'this database would get' : 'the peer would get';
  const more = commits - subjects.length;
  const lines = [
    ...subjects.map((subject) => `  commit: ${plain(subject)}`),
    ...(more > 0 && subjects.length > 0 ? [`  and ${counted(more, 'more commit')}`] : []),
    ...textTable(tables.map((table) => [`  table ${plain(table.table)}`, plain(tableText(table))])),
    ...(tables.length === 0 ? ['  no table of yours would change'] : []),
    ...(moreTables > 0 ? [`  and ${counted(moreTables, 'more table')}`] : []),
  ];
  return [
    `${plain(peer)}: ${would} ${counted(commits, 'commit')}`,
    ...lines.flatMap((line) => wrap(line, '    ', style.columns)),
  ];
}
