import { Failure, toFailure } from '../core/failure.ts';
import { shownValue } from '../core/text.ts';
import { isBytes } from '../dolt/rows/row-key.ts';
import type { TableShape } from '../dolt/schema/table-shape.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { isSameValue } from '../rows/same-value.ts';
import { rowText, type UnresolvedRow } from './conflicts-file.ts';
import type { DecidedCell, Decision } from './decide.ts';

const HEX = /^0x(?:[0-9a-f]{2})*$/i;

/** The custom values of a decision, by column. */
function literals(decision: Decision): (readonly [column: string, value: string | null, cell: DecidedCell])[] {
  if (decision.kind === 'row') return [];
  return [...decision.cells].flatMap(([column, cell]) =>
    typeof cell.choice === 'string' ? [] : [[column, cell.choice.value, cell] as const],
  );
}

/**
 * Validates values before they are written.
 * @throws Failure `conflicts-file-invalid` for malformed bytes
 */
export function checkLiterals(shape: TableShape, row: UnresolvedRow, decision: Decision): void {
  for (const [column, value, cell] of literals(decision)) {
    if (value === null || !isBytes(shape, column) || HEX.test(value)) continue;
    throw invalid(row, { column, cell }, 'contains bytes: write them as 0x and two hexadecimal digits for each byte');
  }
}

/** Why a row with custom values could not be stored. */
export function refusedLiteral(row: UnresolvedRow, decision: Decision, thrown: unknown): Failure {
  const failure = toFailure(thrown);
  const [first] = literals(decision);
  const isOfValue = failure.code === 'unknown' || failure.code === 'constraint-violation';
  if (first === undefined || !isOfValue) return failure;
  const [column, , cell] = first;
  const columns = literals(decision).map(([name]) => name);
  return invalid(row, { column, cell }, `cannot store the value (${columns.join(', ')}): ${failure.message}`);
}

/**
 * Compares the stored values with the chosen ones: Dolt may round, truncate or limit a value silently.
 * @throws Failure `conflicts-file-invalid`
 */
export function checkStored(
  shape: TableShape,
  row: UnresolvedRow,
  written: { readonly decision: Decision; readonly stored: Cells },
): void {
  for (const [column, value, cell] of literals(written.decision)) {
    const stored = written.stored[column] ?? null;
    const type = shape.columns.find(({ name }) => name === column)?.type ?? '';
    if (isSameValue(value, stored, type)) continue;
    throw invalid(row, { column, cell }, `cannot store the value: it would become ${shownValue(stored)}`);
  }
}

function invalid(row: UnresolvedRow, { column, cell }: { column: string; cell: DecidedCell }, why: string): Failure {
  return new Failure('conflicts-file-invalid', `${rowText(row)}: the column ${column} ${why}`, { location: cell.at });
}
