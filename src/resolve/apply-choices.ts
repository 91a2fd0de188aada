import type { PendingRows } from '../dolt/rows/pending-rows.ts';
import {
  byCommit,
  clearConflicts,
  keepOurs,
  type RowResolution,
  resolveByCommit,
  resolveConflicts,
  takeTheirs,
} from '../dolt/rows/resolve-conflicts.ts';
import { removeRows } from '../dolt/rows/stored-rows.ts';
import { hasTriggers, ordinaryColumns, type TableShape } from '../dolt/schema/table-shape.ts';
import type { Cells, CellValue } from '../dolt/sql/cell.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { firesTriggers } from '../rows/constraints/restore.ts';
import { checkLiterals, checkStored, refusedLiteral } from './chosen-value.ts';
import { rowName } from './conflicts-file.ts';
import type { Decided, DecidedCell, Decision } from './decide.ts';
import type { OpenRow, OpenTable } from './open-rows.ts';

/** A side of the merge, or another result for a row. */
type Outcome =
  | { readonly kind: 'resolve'; readonly resolution: Omit<RowResolution, 'id'> }
  /** They deleted it: resolved together with all remaining conflicts of the table. */
  | { readonly kind: 'their-deletion' }
  /** Both sides have it, and it is removed. */
  | { readonly kind: 'remove' };

/**
 * Applies the decisions to the rows of one table, and resolves all of its conflicts.
 * @param chosen.swapped whether `theirs` of the merge is our side
 * @throws Failure `conflicts-file-invalid` for a value that the column cannot hold, `constraint-violation` if removing
 * a row would fire a trigger or a row would break a unique key
 */
export async function applyChoices(
  sql: Sql,
  table: OpenTable,
  chosen: { readonly decided: Decided; readonly swapped: boolean; readonly pending: PendingRows },
): Promise<void> {
  const { shape, rows, isReadByCommit } = table;
  const { pending } = chosen;
  const decided = rows.flatMap((row) => {
    const decision = chosen.decided.decisions.get(rowName(row.unresolved));
    return decision === undefined ? [] : [{ row, decision: decision }];
  });
  if (shape.key.length === 0) return resolveKeyless(sql, table, { ...chosen, decision: decided[0]?.decision });
  const isByCommit = ({ conflict }: OpenRow): boolean => isReadByCommit || conflict.isAmbiguous === true;
  const resolve = async (resolved: readonly Resolved[]): Promise<void> => {
    const [apart, listed] = [
      resolved.filter(({ row }) => isByCommit(row)),
      resolved.filter(({ row }) => !isByCommit(row)),
    ];
    const rowsApart = apart.map(({ row, resolution }) => byCommit(row.conflict, resolution));
    await resolveByCommit(sql, shape, rowsApart, pending);
    const rowsListed = listed.map(({ row, resolution }) => ({ id: row.conflict.id, ...resolution }));
    if (rowsListed.length > 0) await resolveConflicts(sql, shape, rowsListed, pending);
  };
  for (const { row, decision } of decided) checkLiterals(shape, row.unresolved, decision);
  const outcomes = decided.map(({ row, decision }) => ({
    row,
    decision,
    outcome: outcomeOf(shape, row, { decision, swapped: chosen.swapped }),
  }));
  const removed = outcomes.flatMap(({ row, outcome }) => (outcome.kind === 'remove' ? [row] : []));
  if (removed.length > 0 && (await hasTriggers(sql, shape.name))) throw firesTriggers(shape.name, 'removing');
  const resolutions = outcomes.flatMap(({ row, decision, outcome }) => {
    if (outcome.kind === 'resolve') return [{ row, decision, resolution: outcome.resolution }];
    // Its conflict is resolved like one that keeps our row, which is removed at the end.
    return outcome.kind === 'remove' && !isByCommit(row) ? [{ row, decision, resolution: { take: [] } }] : [];
  });
  await resolve(resolutions.filter(({ resolution }) => !hasValue(resolution)));
  for (const { row, decision, resolution } of resolutions) {
    if (!hasValue(resolution)) continue;
    await resolve([{ row, resolution }]).catch((thrown: unknown) => {
      throw refusedLiteral(row.unresolved, decision, thrown);
    });
    checkStored(shape, row.unresolved, { decision, stored: (await pending.row(shape.name, row.unresolved.key)) ?? {} });
  }
  const deleted = outcomes.flatMap(({ row, outcome }) => (outcome.kind === 'their-deletion' ? [row] : []));
  const apart = deleted.filter(isByCommit).map(({ conflict }) => ({ id: conflict.id, take: 'deletion' }) as const);
  await resolveByCommit(sql, shape, apart, pending);
  if (isReadByCommit) await clearConflicts(sql, shape.name);
  else if (deleted.length > apart.length) await takeTheirs(sql, shape, pending);
  if (removed.length > 0) {
    await removeRows(
      sql,
      shape,
      removed.map(({ unresolved }) => unresolved.key),
    );
  }
}

/** A row, and its outcome. */
interface Resolved {
  readonly row: OpenRow;
  readonly resolution: Omit<RowResolution, 'id'>;
}

function hasValue({ set = [] }: Resolved['resolution']): boolean {
  return set.some(({ value }) => value !== 'base');
}

async function resolveKeyless(
  sql: Sql,
  { shape, rows }: OpenTable,
  chosen: { readonly decision: Decision | undefined; readonly swapped: boolean; readonly pending: PendingRows },
): Promise<void> {
  if (rows.length === 0 || chosen.decision?.kind !== 'row') return;
  const side = chosen.decision.take === 'theirs' ? 'theirs' : 'ours';
  if ((side === 'theirs') !== chosen.swapped) await takeTheirs(sql, shape, chosen.pending);
  else await keepOurs(sql, shape.name);
}

function outcomeOf(
  shape: TableShape,
  { conflict, rowConflict }: OpenRow,
  chosen: { readonly decision: Decision; readonly swapped: boolean },
): Outcome {
  const { decision, swapped } = chosen;
  if (decision.kind === 'cells')
    return { kind: 'resolve', resolution: byCells(rowConflict.theirs, decision.cells, swapped) };
  const before = ordinaryColumns(shape).map((column): CellValue => ({ column, value: 'base' }));
  switch (decision.take) {
    case 'ours':
    case 'theirs':
      return takeSide((decision.take === 'ours') === swapped ? conflict.theirs : conflict.ours, conflict);
    case 'base':
      return { kind: 'resolve', resolution: { take: [], set: before } };
    case 'delete':
      return takeSide(null, conflict);
  }
}

function takeSide(row: Cells | null, { ours, theirs }: OpenRow['conflict']): Outcome {
  if (row === null) {
    if (ours === null) return { kind: 'resolve', resolution: { take: [] } };
    return theirs === null ? { kind: 'their-deletion' } : { kind: 'remove' };
  }
  return { kind: 'resolve', resolution: { take: row === theirs ? 'row' : [] } };
}

function byCells(
  onlyTheirs: readonly string[],
  cells: ReadonlyMap<string, DecidedCell>,
  swapped: boolean,
): Omit<RowResolution, 'id'> {
  const take = [...onlyTheirs];
  const set: CellValue[] = [];
  for (const [column, { choice }] of cells) {
    if (choice === 'base' || typeof choice !== 'string') set.push({ column, value: choice });
    else if ((choice === 'theirs') !== swapped) take.push(column);
  }
  return { take, set };
}
