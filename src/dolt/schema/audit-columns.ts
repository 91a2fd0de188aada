import { folded } from '../sql/identifier.ts';

/** Columns that only say who wrote a row and when. */
const AUDIT_COLUMNS: readonly string[] = ['created_at', 'created_by', 'updated_at', 'updated_by', 'applied_at'];

/** Whether a column is one of them; names are compared without case, as SQL does. */
export function isAuditColumn(name: string): boolean {
  return AUDIT_COLUMNS.includes(folded(name));
}
