import type { ErrorCode } from '../contract/error-codes.ts';
import type { Conflict } from '../contract/result.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { groupBy } from '../core/lists.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engines } from '../dolt/server/engines.ts';
import { checkout, createBranch } from '../dolt/sql/heads.ts';
import { isAncestor } from '../dolt/sql/history.ts';
import { undoMerge } from '../dolt/sql/merge.ts';
import type { Database } from '../dolt/sql/sql.ts';
import type { DatabaseRules } from '../rows/table-policy.ts';
import { isUnresolved } from '../sync/merge/is-unresolved.ts';
import { isLimit, mergeLimit } from '../sync/merge/limits.ts';
import { scratchName } from '../sync/merge/scratch.ts';
import type { PeerProgress } from '../sync/peer-progress.ts';
import type { LostRow, UnresolvedMerge, UnresolvedRow } from './conflicts-file.ts';
import { lostRows } from './lost-rows.ts';
import { type Heads, type Stopped, withMerge } from './open-merge.ts';

/** The unresolved rows of a run, and the peers whose rows could not be read. */
interface FoundUnresolved {
  readonly merges: readonly UnresolvedMerge[];
  readonly lost: readonly LostRow[];
  readonly unread: ReadonlyMap<PeerProgress, Failure>;
}

/**
 * Finds the unresolved rows of a run at its final heads, so that the file also matches if other peers were merged
 * meanwhile. Each peer has its own limits and cannot keep others out of the file.
 * @param at our head after the run, the time limit per peer, in milliseconds, and what the program of the database
 * expects
 */
export async function findUnresolved(
  engines: Engines,
  allProgress: readonly PeerProgress[],
  at: { readonly head: string; readonly mergeTimeoutMs: number; readonly rules: DatabaseRules },
): Promise<FoundUnresolved> {
  const merges: UnresolvedMerge[] = [];
  const lost: LostRow[] = [];
  const unread = new Map<PeerProgress, Failure>();
  const attempt = async (progress: PeerProgress, read: () => Promise<unknown>): Promise<void> => {
    try {
      await read();
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (!isLimit(failure) && failure.code !== 'interrupted') throw thrown;
      unread.set(progress, failure);
    }
  };
  const limit = mergeLimit('reporting', at.mergeTimeoutMs);
  // Our branch has moved, and no later run finds the rows that gave way, so an interruption does not stop this at once.
  for (const progress of allProgress.filter(mayHaveLost)) {
    const read = () =>
      engines.finish(({ database, allWithin }) => allWithin(limit, () => lostOf(database, progress, at)));
    await attempt(progress, async () => lost.push(...(await read())));
  }
  for (const progress of allProgress.filter(isUnresolved)) {
    const read = () =>
      engines.use(NO_CREDENTIALS, ({ database, allWithin }) =>
        allWithin(limit, () => openMerge(database, progress, at)),
      );
    await attempt(progress, async () => merges.push(...(await read())));
  }
  return { merges, lost, unread };
}

/** The merge with a peer that waits for decisions; none if no choice would help. */
async function openMerge(
  database: Database,
  { head, peer }: PeerProgress,
  { head: ours, rules }: { readonly head: string; readonly rules: DatabaseRules },
): Promise<UnresolvedMerge[]> {
  if (head === null) return [];
  const rows = await unresolvedRows(database, { ours, theirs: head, rules });
  return rows === null ? [] : [{ peer: peer.name, ours, theirs: head, rows }];
}

/** Whether rows of the merges with a peer may need a person. */
export function needsPerson(progress: PeerProgress): boolean {
  return isUnresolved(progress) || mayHaveLost(progress);
}

/** Whether rows of the merges with a peer may have given way, also if the peer failed afterwards, as in a push. */
function mayHaveLost({ conflicts }: PeerProgress): boolean {
  return conflicts.some(hasLost);
}

function hasLost({ left, lost }: Conflict): boolean {
  return left && lost !== undefined;
}

/** The conflicts of merges that our branch has. A merge that was refused or not reached has removed no row. */
async function mergedConflicts(
  database: Database,
  { conflicts }: PeerProgress,
  head: string,
): Promise<readonly Conflict[]> {
  const merged: Conflict[] = [];
  const byHeads = groupBy(conflicts.filter(hasLost), ({ heads }) => JSON.stringify([heads.ours, heads.theirs]));
  for (const group of byHeads.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { ours, theirs } = first.heads;
    if ((await isAncestor(database, ours, head)) && (await isAncestor(database, theirs, head))) merged.push(...group);
  }
  return merged;
}

/** The rows of the merges with one peer that need a person; adds the restoring statements to its conflicts. */
async function lostOf(
  database: Database,
  progress: PeerProgress,
  { head, rules }: { readonly head: string; readonly rules: DatabaseRules },
): Promise<LostRow[]> {
  const merged = await mergedConflicts(database, progress, head);
  if (merged.length === 0) return [];
  const branch = scratchName();
  await createBranch(database, { name: branch, at: head });
  const found = await database.session(async (sql) => {
    await checkout(sql, branch);
    return await lostRows(sql, progress.peer.name, merged, rules);
  });
  const statements = new Map(found.map(({ conflict, lost }) => [conflict, lost.sql ?? null]));
  progress.reportConflicts(
    progress.conflicts.map((conflict) =>
      conflict.lost === undefined
        ? conflict
        : { ...conflict, lost: { ...conflict.lost, sql: statements.get(conflict) ?? null } },
    ),
  );
  return found.map(({ lost }) => lost);
}

/** Failures before any row can be chosen. */
const BEYOND_CHOICE: ReadonlySet<ErrorCode> = new Set([
  'schema-conflict',
  'conflict',
  'constraint-violation',
  'dolt-defect',
  'unrelated',
]);

/**
 * Everything to decide before two heads can be merged, in the order of tables and keys. No local branch moves.
 * @returns null if no choice would help
 */
export async function unresolvedRows(database: Database, heads: Heads): Promise<readonly UnresolvedRow[] | null> {
  try {
    return await withMerge(database, heads, async (sql, stopped) => {
      await undoMerge(sql);
      return isEmpty(stopped) ? null : rowsOf(stopped);
    });
  } catch (thrown) {
    if (thrown instanceof Failure && BEYOND_CHOICE.has(thrown.code)) return null;
    throw thrown;
  }
}

function isEmpty({ tables, duplicates }: Stopped): boolean {
  return duplicates.length === 0 && tables.every(({ rows }) => rows.length === 0);
}

/** The rows of a stopped merge, without those that only look like a conflict and have no choice. */
export function rowsOf({ tables, duplicates }: Stopped): UnresolvedRow[] {
  const rows = tables.flatMap((table) => table.rows.map(({ unresolved }) => unresolved));
  const open = rows.filter(({ kind, cells }) => kind !== 'changed' || Object.keys(cells).length > 0);
  return [...open, ...duplicates.map(({ unresolved }) => unresolved)];
}
