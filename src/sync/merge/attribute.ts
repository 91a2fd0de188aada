import type { Conflict } from '../../contract/result.ts';
import { type Failure, toFailure } from '../../core/failure.ts';
import { groupBy, inParts } from '../../core/lists.ts';
import { mayHoldLarge } from '../../dolt/rows/conflict-rows.ts';
import { keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { tableHashes } from '../../dolt/schema/table-changes.ts';
import { tableShape } from '../../dolt/schema/table-shape.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { mergeBases } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { shortened } from '../../rows/resolved-row.ts';
import type { FoldStep } from './fold.ts';
import { isLimit, type MergeLimits } from './limits.ts';

/**
 * A conflict, the head of the peer that it is reported for, and the heads of other peers with the value that is ours
 * here.
 */
export interface Attributed {
  readonly head: string;
  readonly between: readonly string[];
  readonly conflict: Conflict;
}

/** Rows per statement, for tables without large rows. */
const BATCH = 200;

/** The peers of all conflicts, or a head whose rows cannot be read within the limits of this machine. */
export type Attribution =
  | { readonly kind: 'attributed'; readonly conflicts: readonly Attributed[] }
  | { readonly kind: 'unreportable'; readonly head: string; readonly failure: Failure };

interface Merges {
  readonly steps: readonly FoldStep[];
  readonly ours: string;
  /** For commits of this run that were merged like heads: the heads of peers in them, in the order of their names. */
  readonly parts: ReadonlyMap<string, readonly string[]>;
  readonly limits: Pick<MergeLimits, 'of' | 'unreportable'>;
}

/** Finds the peer of each conflict of several merges. Each reading of a head has a time limit of its own. */
export async function attributeAll(engine: Engine, { steps, ours, parts, limits }: Merges): Promise<Attribution> {
  const conflicts: Attributed[] = [];
  let reading = ours;
  const owned: ReadOwned = (head, open) => {
    // It is left out of the merge, unless it is a part of a published commit.
    if (limits.unreportable.has(head)) return Promise.resolve([]);
    reading = head;
    return engine.operation(limits.of('reporting'), NOWHERE, (sql) => readOwned(sql, { ours, head }, open));
  };
  for (const step of steps) {
    try {
      conflicts.push(...(await attribute(step, { ours, parts }, owned)));
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (!isLimit(failure) || failure.code === 'engine-lost') throw thrown;
      return { kind: 'unreportable', head: reading, failure };
    }
  }
  return { kind: 'attributed', conflicts };
}

/** Those of the conflicts whose row a head has as the report shows it. */
type ReadOwned = (head: string, conflicts: readonly Conflict[]) => Promise<readonly Conflict[]>;

/**
 * Finds the peer of each conflict of a merge. If our head was merged onto several others, or a commit with the heads of
 * several peers was merged, that is the first one with the row as the report shows it, else the last.
 */
async function attribute(
  { head, onto, conflicts }: FoldStep,
  { ours, parts }: Pick<Merges, 'ours' | 'parts'>,
  owned: ReadOwned,
): Promise<Attributed[]> {
  const partsOf = (heads: readonly string[]) => heads.flatMap((one) => parts.get(one) ?? [one]);
  const others = partsOf(head === ours ? onto : [head]);
  const between = head === ours || onto.includes(ours) ? [] : partsOf(onto);
  const owners = new Map<Conflict, string>();
  for (const other of others.slice(0, -1)) {
    const open = conflicts.filter((conflict) => !owners.has(conflict));
    if (open.length === 0) break;
    for (const conflict of await owned(other, open)) owners.set(conflict, other);
  }
  const last = others.at(-1) ?? '';
  return conflicts.map((conflict) => ({ head: owners.get(conflict) ?? last, between, conflict }));
}

/** A table that the head did not change has none of the rows. */
async function readOwned(
  sql: Sql,
  heads: { readonly ours: string; readonly head: string },
  conflicts: readonly Conflict[],
): Promise<readonly Conflict[]> {
  const { ours, head } = heads;
  const before: ReadonlyMap<string, string>[] = [];
  for (const base of await mergeBases(sql, ours, head)) before.push(await tableHashes(sql, base));
  const now = await tableHashes(sql, head);
  const found: Conflict[] = [];
  for (const [table, all] of groupBy(conflicts, (conflict) => conflict.table)) {
    if (before.length > 0 && before.every((tables) => tables.get(table) === now.get(table))) continue;
    // The session can be on any branch, and the run may federate another one.
    const shape = now.has(table) ? await tableShape(sql, table, head) : null;
    if (shape === null) {
      found.push(...all.filter((conflict) => isOf(conflict, undefined)));
      continue;
    }
    for (const part of inParts(all, mayHoldLarge(shape.columns) ? 1 : BATCH)) {
      const byKey = await rowsByKeyText(sql, shape, { keys: part.map(({ key }) => key), commit: head });
      found.push(...part.filter((conflict) => isOf(conflict, byKey.get(keyText(shape, conflict.key)))));
    }
  }
  return found;
}

/** Whether a row equals the `theirs` of a conflict. */
function isOf({ theirs, columns }: Conflict, row: Cells | undefined): boolean {
  if (theirs === null) return row === undefined;
  return columns.every((name) => shortened(row?.[name] ?? null) === theirs[name]);
}
