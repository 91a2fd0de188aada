import { type Cells, type Edit, NUMERIC, TABLES, type TableName } from './edits.ts';

/**
 * The expected result of a federation, computed without Dolt: of every cell, among the writes that no later commit replaced, the
 * one with the greatest time, then value. A row whose deletion no database contradicted is gone; a row that another changed
 * while another one deleted it stays, and those of its cells that only the deletion replaced may have any value that was
 * ever written to them.
 */
export type Expected = ReadonlyMap<string, Readonly<Record<string, ReadonlySet<string | null>>>>;

interface Write {
  readonly edit: Edit;
  readonly value: string | null;
  readonly time: string;
}

/** @returns for each row that has to be there, by key, the values that each of its cells may have */
export function expectedRows(table: TableName, edits: readonly Edit[]): Expected {
  const keys = new Set(edits.flatMap(({ changes }) => changes.filter((to) => to.table === table).map((to) => to.key)));
  return new Map(
    [...keys].sort().flatMap((key) => {
      const row = expectedRow(table, key, edits);
      return row === null ? [] : [[key, row] as const];
    }),
  );
}

function expectedRow(
  table: TableName,
  key: string,
  edits: readonly Edit[],
): Readonly<Record<string, ReadonlySet<string | null>>> | null {
  const of = (edit: Edit): readonly (Cells | null)[] =>
    edit.changes.filter((change) => change.table === table && change.key === key).map((change) => change.cells);
  const deletions = edits.filter((edit) => of(edit).includes(null));
  const deleted = (edit: Edit): boolean => deletions.some((deletion) => deletion.below.has(edit.id));
  const writers = edits.filter((edit) => of(edit).some((cells) => cells !== null));
  if (writers.every(deleted)) return null;
  const allowed = (column: string): ReadonlySet<string | null> => {
    const writes = edits.flatMap((edit) =>
      of(edit).flatMap((cells) =>
        cells !== null && column in cells
          ? [{ edit, value: cells[column] ?? null, time: timeOf(table, cells, edit) }]
          : [],
      ),
    );
    const standing = writes.filter(
      ({ edit }) => !deleted(edit) && !writes.some((later) => later.edit.below.has(edit.id)),
    );
    const [greatest] = standing.sort((a, b) => compareWrites(b, a, column));
    return new Set(greatest === undefined ? writes.map(({ value }) => value) : [greatest.value]);
  };
  return Object.fromEntries(TABLES[table].columns.map((column) => [column, allowed(column)]));
}

function timeOf(table: TableName, cells: Cells, edit: Edit): string {
  const column = TABLES[table].time;
  return (column === null ? null : cells[column]) ?? edit.time;
}

function compareWrites(a: Write, b: Write, column: string): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  if (a.value === null || b.value === null) return Number(a.value !== null) - Number(b.value !== null);
  return NUMERIC.has(column)
    ? Number(a.value) - Number(b.value)
    : Buffer.compare(Buffer.from(a.value), Buffer.from(b.value));
}
