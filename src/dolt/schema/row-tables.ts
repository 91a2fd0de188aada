import { folded } from '../sql/identifier.ts';
import { holdsWords } from './full-text.ts';

const WITHOUT_ROWS_OF_USERS: readonly string[] = [
  'dolt_schemas',
  'dolt_procedures',
  'dolt_ignore',
  'dolt_nonlocal_tables',
];

/**
 * Whether rows of a table are rows of users: in every table of theirs, and in tables of Dolt that hold documents, saved
 * queries and tests. The other tables of Dolt hold code or settings, or follow from other rows; each has a check of its own.
 */
export function holdsRowsOfUsers(table: string): boolean {
  return !(WITHOUT_ROWS_OF_USERS.includes(folded(table)) || holdsWords(table));
}
