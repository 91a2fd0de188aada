import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { DirtyPolicy } from '../../contract/vocabulary.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';
import { listed } from '../../core/text.ts';
import type { Identity } from '../../dolt/identity.ts';
import { ORPHANED_HINT, type Orphaned, orphanedBy } from '../../dolt/rows/orphaned-rows.ts';
import { STAGED } from '../../dolt/schema/table-changes.ts';
import { columnNamesAt } from '../../dolt/schema/table-shape.ts';
import { keysLostAt, keysOfTables } from '../../dolt/schema/uncommitted-keys.ts';
import { checkout } from '../../dolt/sql/heads.ts';
import { isAncestor, mergeBases, recentCommits } from '../../dolt/sql/history.ts';
import { isAmong } from '../../dolt/sql/identifier.ts';
import { whyBranchStays } from '../../dolt/sql/merge.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import {
  cannotBeCommitted,
  changedTables,
  commitIfAny,
  dirtyTables,
  stagedOf,
  tableStates,
  uncommittedTables,
} from '../../dolt/sql/working-set.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';
import type { RejectedHead } from './fold.ts';
import { findOverlap, findUnfitTable, findUnlisted, readUncommitted, type UncommittedRows } from './kept-changes.ts';

const dateRow = z.object({ date: z.string().nullable() });

const COMMIT_MESSAGE = 'federation: commit uncommitted changes';

interface Policy {
  readonly branch: string;
  readonly policy: DirtyPolicy;
  /** Who commits under `commit`; null: the run may not write. */
  readonly author: (() => Promise<Identity>) | null;
}

/** The uncommitted changes of a branch once the policy was applied. */
interface Applied {
  /** Tables that still have some; they are neither pushed nor changed. */
  readonly dirty: readonly string[];
  /** A notice about committed changes, if any. */
  readonly notices: readonly Diagnostic[];
}

/**
 * Applies the policy for uncommitted changes before anything else.
 * @throws Failure `uncommitted-changes` under `fail`; under `commit` also of `author`
 */
export async function applyDirtyPolicy(database: Database, { branch, policy, author }: Policy): Promise<Applied> {
  return database.session(async (sql) => {
    await checkout(sql, branch);
    const tables = await dirtyTables(sql);
    if (tables.length === 0) return { dirty: [], notices: [] };
    switch (policy) {
      case 'allow':
        return { dirty: tables, notices: [] };
      case 'fail':
        throw new Failure('uncommitted-changes', `tables have uncommitted changes: ${tables.join(', ')}`, {
          hint: 'Commit them, or set `federation.dirty` to `allow` or `commit`.',
        });
      case 'commit': {
        if (author === null) return { dirty: tables, notices: [] };
        const states = await tableStates(sql);
        if (cannotBeCommitted(states)) return { dirty: tables, notices: [] };
        await refuseStale(sql, stagedOf(states));
        return committed(tables, await commitIfAny(sql, COMMIT_MESSAGE, await author()));
      }
    }
  });
}

/** @param commit null if nothing was committed */
function committed(tables: readonly string[], commit: string | null): Applied {
  if (commit === null) return { dirty: tables, notices: [] };
  const message = `committed the uncommitted changes of ${listed('table', tables)} in ${commit}`;
  return { dirty: [], notices: [{ severity: 'notice', code: 'uncommitted-changes', message, hint: '' }] };
}

/** Which heads wait, and which rows are set aside for the others. */
export interface TouchedTables {
  /** Heads that cannot be merged: they change rows that are uncommitted here, or tables that cannot be set aside. */
  readonly waiting: ReadonlyMap<string, RejectedHead>;
  /** Heads that change other rows of such a table. */
  readonly otherRows: ReadonlyMap<string, RejectedHead>;
}

/**
 * Decides which heads wait because of uncommitted changes that a fast-forward would overwrite, or beside which the branch
 * cannot move. A head that changes other rows of a table with uncommitted changes need not wait: these are set aside
 * meanwhile.
 */
export async function headsThatTouch(
  { branch, dirty, served }: Pick<SyncContext, 'branch' | 'dirty' | 'served'>,
  { ours }: Pick<LocalHead, 'ours'>,
  database: Database,
  heads: readonly string[],
): Promise<TouchedTables> {
  const waiting = new Map<string, RejectedHead>();
  const otherRows = new Map<string, RejectedHead>();
  await database.session(async (sql) => {
    await checkout(sql, branch);
    const ignored = (await uncommittedTables(sql)).filter((table) => !dirty.includes(table));
    const away = served?.uncommitted ?? [];
    const stays = served?.stays ?? (await whyBranchStays(sql, branch));
    if (dirty.length === 0 && ignored.length === 0 && away.length === 0 && stays === null) return;
    const tables = [...dirty, ...ignored];
    const keys = await keysOfTables(sql, tables);
    for (const head of new Set(heads)) {
      if (await isAncestor(sql, head, ours)) continue;
      const bases = await mergeBases(sql, ours, head);
      if (bases.length === 0) continue;
      if (stays !== null) {
        const since = await firstDate(sql, { from: ours, to: head });
        waiting.set(head, { failure: waits([stays.message], since, stays.hint), conflicts: [] });
        continue;
      }
      // The move does not touch a table that both sides changed in the same way: both may have dropped it.
      const toOurs = new Set(await changedTables(sql, ours, head));
      const sinceBases = new Set<string>();
      for (const base of bases) for (const table of await changedTables(sql, base, head)) sinceBases.add(table);
      const changed = [...sinceBases].filter((table) => toOurs.has(table)).sort();
      const touched = dirty.filter((table) => isAmong(changed, table));
      const covered = ignored.filter((table) => isAmong(changed, table));
      const atServer = away.filter((table) => isAmong(changed, table));
      const orphaned = await orphanedSince(sql, tables, { bases, ours, head });
      const lost = [...(await keysLostAt(sql, { keys, tables }, head)), ...orphaned];
      if (touched.length + covered.length + atServer.length + lost.length === 0) continue;
      const since = await firstDate(sql, { from: ours, to: head });
      const reasonsByTable: string[] = [];
      for (const table of touched) {
        const why = await whyWait(sql, table, { bases, ours, head });
        if (why !== null) reasonsByTable.push(`${table} (${why})`);
      }
      reasonsByTable.push(...covered.map((table) => `${table} (ignored here)`));
      reasonsByTable.push(...atServer.map((table) => `${table} (at the running server)`));
      reasonsByTable.push(...lost.map(({ table, why }) => `${table} (${why})`));
      const hint = orphaned.length === 0 ? undefined : ORPHANED_HINT;
      const reasons = changesHere(reasonsByTable);
      if (reasons.length > 0) waiting.set(head, { failure: waits(reasons, since, hint), conflicts: [] });
      else otherRows.set(head, { failure: waits(changesHere(touched), since), conflicts: [] });
    }
  });
  return { waiting, otherRows };
}

/**
 * The tables whose uncommitted rows would lose a parent through what a head changed since a merge base, unless our head has
 * changed it as well.
 */
async function orphanedSince(
  sql: Sql,
  tables: readonly string[],
  { bases, ours, head }: { readonly bases: readonly string[]; readonly ours: string; readonly head: string },
): Promise<Orphaned[]> {
  const sinceOurs = await orphanedBy(sql, tables, { from: ours, to: head });
  if (sinceOurs.length === 0) return [];
  const sinceBases: Orphaned[] = [];
  for (const base of bases) sinceBases.push(...(await orphanedBy(sql, tables, { from: base, to: head })));
  return sinceOurs.filter((one) => sinceBases.some((other) => isDeepStrictEqual(one, other)));
}

/**
 * Why a head waits for the uncommitted changes of a table; null if it need not. A change since any merge base counts, unless
 * our head has it as well. A table that a base lacks was added on both sides.
 */
async function whyWait(
  sql: Sql,
  table: string,
  { bases, ours, head }: { readonly bases: readonly string[]; readonly ours: string; readonly head: string },
): Promise<string | null> {
  const rows = await readUncommitted(sql, table);
  if (typeof rows === 'string') return rows;
  const sinceOurs = await findOverlap(sql, rows, { from: ours, to: head });
  if (sinceOurs === null) return null;
  for (const base of bases) {
    const isNew = (await columnNamesAt(sql, rows.shape.name, base)).size === 0;
    const why = isNew ? sinceOurs : await findOverlap(sql, rows, { from: base, to: head });
    if (why !== null) return why;
  }
  return null;
}

/**
 * The uncommitted rows to set aside before our branch moves.
 * @returns the name of a table that cannot be set aside, if any
 */
export async function rowsToSetAside(
  database: Database,
  dirty: readonly string[],
  move: { readonly branch: string; readonly from: string; readonly to: string },
): Promise<readonly UncommittedRows[] | string> {
  if (dirty.length === 0 || move.from === move.to) return [];
  const found: UncommittedRows[] = [];
  const refused = await database.session(async (sql) => {
    await checkout(sql, move.branch);
    const changed = await changedTables(sql, move.from, move.to);
    const touched = dirty.filter((table) => isAmong(changed, table));
    for (const table of touched) {
      const rows = await readUncommitted(sql, table);
      if (typeof rows === 'string' || (await findOverlap(sql, rows, move)) !== null) return table;
      found.push(rows);
    }
    return null;
  });
  if (refused !== null) return refused;
  if (found.length === 0) return [];
  return (await findUnlisted(database, found, move)) ?? (await findUnfitTable(database, found, move)) ?? found;
}

/** The reason that a peer changes these tables; none without tables. */
function changesHere(tables: readonly string[]): string[] {
  return tables.length === 0 ? [] : [`this peer changes ${tables.join(', ')}, which has uncommitted changes here`];
}

function waits(reasons: readonly string[], since: string | null, hint?: string): Failure {
  const waiting = since === null ? '' : `, which waits since ${since}`;
  const message = `${reasons.join('; ')}; nothing was merged from the peer${waiting}`;
  return new Failure('uncommitted-changes', message, { hint });
}

/** The date of the oldest commit of a range, `YYYY-MM-DD HH:MM:SS` in UTC. */
async function firstDate(sql: Sql, range: { readonly from: string; readonly to: string }): Promise<string | null> {
  const [row] = await sql.rows(dateRow, "SELECT DATE_FORMAT(MIN(date), '%Y-%m-%d %H:%i:%s') AS date FROM dolt_log(?)", [
    `${range.from}..${range.to}`,
  ]);
  return row?.date ?? null;
}

/** No push or merge leaves a working set further behind its branch than this. */
const COMMITS = 20;

/**
 * Refuses to commit a working set that is behind its branch. The index is still at an older commit, so a commit would
 * revert everything since (dolthub/dolt#10945, measured on 2.3.0).
 * @param sql a session on the branch
 * @param tables those with staged changes
 * @throws Failure `uncommitted-changes`
 */
async function refuseStale(sql: Sql, tables: readonly string[]): Promise<void> {
  if (tables.length === 0) return;
  for (const commit of (await recentCommits(sql, COMMITS)).slice(1)) {
    if ((await changedTables(sql, commit, STAGED)).length > 0) continue;
    throw new Failure(
      'uncommitted-changes',
      `the working set is behind its branch: the staged data equals ${commit}, so committing ${tables.join(', ')} would undo every later commit`,
      {
        hint: 'Run `dolt reset` and `dolt diff`. Discard changes that only undo commits with `dolt checkout <table>`. Then run again: it commits the other changes.',
      },
    );
  }
}
