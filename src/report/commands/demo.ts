import type { RunResult } from '../../contract/result.ts';
import { plain } from '../../core/text.ts';
import { text } from '../text/run-report.ts';
import { textTable } from '../text/table.ts';

/** A table as text; the first row is the heading. */
export type ShownTable = readonly (readonly string[])[];

/** One database of the demo: its rows before and after it federated, and its last run. */
export interface ShownDatabase {
  readonly name: string;
  readonly before: ShownTable;
  readonly after: ShownTable;
  readonly result: RunResult;
}

/** The demo for a reader: the rows of each database before, the rows of all after, and the head that they share. */
export function demoText(databases: readonly ShownDatabase[]): string {
  const blocks = [
    ['Before the sync, each database has changes of its own.'],
    ...databases.map(({ name, before }) => [name, ...tableLines(before)]),
    ...afterwards(databases),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** One table if all are equal. Otherwise each database is shown with the report of its last run. */
function afterwards(databases: readonly ShownDatabase[]): string[][] {
  const heads = new Set(databases.map(({ result }) => result.head));
  const tables = new Set(databases.map(({ after }) => JSON.stringify(after)));
  const [first] = databases;
  if (first !== undefined && heads.size === 1 && tables.size === 1) {
    const names = databases.map(({ name }) => name).join(', ');
    return [
      [`After the sync, ${names} have the same rows:`, ...tableLines(first.after)],
      [`All ${databases.length} are at one head: ${first.result.head ?? '-'}`],
    ];
  }
  return [
    ['After the sync, the databases differ.'],
    ...databases.map(({ name, after, result }) => [name, ...tableLines(after), text(result).trimEnd()]),
  ];
}

function tableLines(table: ShownTable): string[] {
  return textTable(table.map((cells) => cells.map(plain))).map((line) => `  ${line}`);
}
