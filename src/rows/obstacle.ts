import { Failure } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import { plain } from '../core/plain.ts';
import type { SchemaConflict } from '../dolt/schema-conflicts.ts';
import type { Violation } from '../dolt/violations.ts';
import type { ToldRow } from './told-row.ts';

/** Why a merge was refused, and the rows that stopped it where rows did. */
export interface Obstacle {
  readonly failure: Failure;
  readonly rows: readonly ToldRow[];
}

const SHOWN_VIOLATIONS = 5;

export function schemaConflict(conflicts: readonly SchemaConflict[], swapped: boolean): Failure {
  const told = conflicts.map(({ table_name, our_schema, their_schema, description }) => {
    const [ours, theirs] = swapped ? [their_schema, our_schema] : [our_schema, their_schema];
    const why = description ?? 'changed on both sides';
    return `table ${plain(table_name)}: ${plain(why)}\nours:\n${ours ?? '(none)'}\ntheirs:\n${theirs ?? '(none)'}`;
  });
  return new Failure('schema-conflict', `the two sides define a table differently\n${told.join('\n')}`);
}

export function violated(violations: readonly Violation[], why: string): Failure {
  const byTable = groupBy(violations, ({ table }) => table);
  const told = [...byTable].flatMap(([table, rows]) => {
    const shown = rows.slice(0, SHOWN_VIOLATIONS).map(({ type, info }) => `  ${plain(`${type}: ${info}`)}`);
    return [`${plain(table)}: ${rows.length} row(s)`, ...new Set(shown)];
  });
  return new Failure('constraint-violation', `${why}\n${told.join('\n')}`);
}

/** Rows that no strategy may settle, or that a person wants to settle. */
export function rowConflict(rows: readonly ToldRow[], why: string): Failure {
  const tables = [...new Set(rows.map(({ table }) => table))];
  return new Failure('conflict', `${rows.length} row(s) of ${plain(tables.join(', '))} are in conflict: ${why}`);
}
