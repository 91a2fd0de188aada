import { row } from './markdown.ts';

interface Table {
  readonly columns: readonly string[];
  /** Cells that are markdown already. */
  readonly rows: Iterable<readonly string[]>;
}

/** Room for the line that says how many rows were left out. */
const OMISSION_BYTES = 80;

/**
 * A table of at most `budget` bytes of UTF-8. It is cut between two rows and then says how many were left out; nothing
 * at all where not even its head fits.
 */
export function markdownTable(table: Table, budget: number): string {
  const head = row(table.columns) + row(table.columns.map(() => '---'));
  let left = budget - Buffer.byteLength(head) - OMISSION_BYTES;
  if (left < 0) return '';
  let body = '';
  let omitted = 0;
  for (const cells of table.rows) {
    const line = row(cells);
    left -= omitted === 0 ? Buffer.byteLength(line) : 0;
    if (omitted > 0 || left < 0) omitted += 1;
    else body += line;
  }
  const omission = omitted === 0 ? '' : `\n${omitted} more ${omitted === 1 ? 'row was' : 'rows were'} left out.\n`;
  return head + body + omission;
}
