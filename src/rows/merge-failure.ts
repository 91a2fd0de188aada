import { Failure } from '../core/failure.ts';
import { groupBy } from '../core/lists.ts';
import { counted, plain } from '../core/text.ts';
import { type Item, tableItems } from '../dolt/schema/create-table.ts';
import type { SchemaConflict } from '../dolt/sql/require-mergeable.ts';
import type { Violation } from '../dolt/sql/violations.ts';
import type { ResolvedRow } from './resolved-row.ts';

/** Why a merge was refused, with the rows that stopped it, if any. */
export interface MergeFailure {
  readonly failure: Failure;
  readonly rows: readonly ResolvedRow[];
}

const SHOWN_VIOLATIONS = 5;

/**
 * Definitions have literals, which can be as private as a row, and so has Dolt's description: it repeats the values of an
 * ENUM or SET. Readers who may see counts only get names.
 */
export function schemaConflict(conflicts: readonly SchemaConflict[], swapped: boolean, hint: string): Failure {
  const message = (about: (conflict: SchemaConflict) => string): string => {
    const reported = conflicts.map((conflict) => `table ${plain(conflict.table_name)}: ${about(conflict)}`);
    return `the two sides define a table differently\n${reported.join('\n')}`;
  };
  const whole = message(({ our_schema, their_schema, description }) => {
    const [ours, theirs] = swapped ? [their_schema, our_schema] : [our_schema, their_schema];
    return `${plain(description ?? CHANGED)}\nours:\n${ours ?? '(none)'}\ntheirs:\n${theirs ?? '(none)'}`;
  });
  return new Failure('schema-conflict', whole, { hint, values: { least: 'keys', without: message(differingParts) } });
}

const CHANGED = 'changed on both sides';

/** The names of the parts that differ between the two definitions of a table. */
function differingParts({ our_schema, their_schema }: SchemaConflict): string {
  const [ours, theirs] = [our_schema, their_schema].map((text) => (text === null ? [] : tableItems(text)));
  if (ours === undefined || theirs === undefined || ours.length === 0 || theirs.length === 0) return CHANGED;
  const lacks = (items: readonly Item[], { kind, name, text }: Item): boolean =>
    !items.some((other) => other.kind === kind && other.name === name && other.text === text);
  const parts = [...ours.filter((item) => lacks(theirs, item)), ...theirs.filter((item) => lacks(ours, item))];
  // A part without a name has its text in place of one.
  const names = parts.map(({ kind, name, text }) => (name === '' || name === text ? kind : `${kind} ${name}`));
  return names.length === 0 ? CHANGED : `differing parts: ${plain([...new Set(names)].join(', '))}`;
}

/** The same: the description of a check has its expression. */
export function violated(violations: readonly Violation[], why: string, hint?: string): Failure {
  const message = (describe: (violation: Violation) => string): string => {
    const reported = [...groupBy(violations, ({ table }) => table)].flatMap(([table, rows]) => {
      const shown = rows.slice(0, SHOWN_VIOLATIONS).map((row) => `  ${plain(`${row.type}: ${describe(row)}`)}`);
      return [`${plain(table)}: ${counted(rows.length, 'row')}`, ...new Set(shown)];
    });
    return `${why}\n${reported.join('\n')}`;
  };
  const without = message(({ name, columns }) => [name, ...columns].filter((one) => one !== '').join(', '));
  return new Failure(
    'constraint-violation',
    message(({ info }) => info),
    { hint, values: { least: 'keys', without } },
  );
}

/** The hint if both sides changed a table of Dolt itself. */
export const SAME_OF_DOLT =
  'Make the rows of this table of Dolt equal on both sides: repeat the change of one side on the other, commit, then run again.';

/** Rows that no strategy may resolve, or that a person wants to resolve. */
export function rowConflict(rows: readonly ResolvedRow[], why: string): Failure {
  const tables = [...new Set(rows.map(({ table }) => table))];
  return new Failure('conflict', `conflict in ${counted(rows.length, 'row')} of ${plain(tables.join(', '))}: ${why}`);
}

/** The hint if a NOT NULL column would get no value. */
export const FILL_IN =
  'Give these rows a value on the side that has NULL, or allow NULL on the other side. Commit, then run again.';

/** A panic of Dolt without its stack trace; any other failure unchanged. */
export function withoutStack(failure: Failure): Failure {
  const [first = '', ...stack] = failure.message.split('\n');
  if (stack.length === 0) return failure;
  const [without = ''] = failure.withoutValues.split('\n');
  const values = { least: 'full', without } as const;
  if (failure.code === 'constraint-violation' && failure.toolText !== null)
    return new Failure('constraint-violation', first, { hint: FILL_IN, values, cause: failure });
  if (failure.code !== 'dolt-defect') return failure;
  return new Failure('dolt-defect', first, {
    values,
    hint: 'Dolt 2.3.0 cannot merge conflicts in a table with a STORED generated column unless it has a secondary index, a unique key or a check: add an index to the table on both sides. Nor can it merge changed rows of a table with a VIRTUAL column before other columns: move that column to the end on both sides. Nor can it merge deleted rows where one side added a column before others: run the same ALTER TABLE on the other side. Commit, then run again.',
    cause: failure,
  });
}
