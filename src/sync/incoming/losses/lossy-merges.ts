import { z } from 'zod';
import type { BlockedRow } from '../../../contract/result.ts';
import { counted } from '../../../core/text.ts';
import { SHOWN_ROWS } from '../../../dolt/rows/differing-rows.ts';
import { listedChanges } from '../../../dolt/schema/listed-changes.ts';
import { holdsRowsOfUsers } from '../../../dolt/schema/row-tables.ts';
import { tableHashes } from '../../../dolt/schema/table-changes.ts';
import { mergeBase } from '../../../dolt/sql/history.ts';
import { isDoltTable } from '../../../dolt/sql/identifier.ts';
import { MERGE_SUBJECT } from '../../../dolt/sql/merge.ts';
import type { Sql } from '../../../dolt/sql/sql.ts';
import { lostRows, type Sides } from './lost-rows.ts';

/**
 * A merge without rows that a parent added. An example: bd 1.3.0 in embedded mode commits only the tables in which it
 * resolved a conflict, and leaves the other merged tables uncommitted (measured).
 */
export interface LossyMerge {
  readonly commit: string;
  /** The parent whose rows it lacks, and the other one. */
  readonly lost: string;
  readonly kept: string;
  readonly table: string;
  readonly count: number;
  /** Whether it may lack more rows than were counted. */
  readonly isMore: boolean;
  readonly rows: readonly BlockedRow[];
}

/** bd commits what a merge left uncommitted with its next writes. */
const RECENT_COMMITS = 20;

const mergeRow = z
  .object({ hash: z.string(), parents: z.string().nullable(), named: z.coerce.number() })
  .transform(({ hash, parents, named }) => ({
    hash,
    parents: (parents ?? '').split(', '),
    /** Whether its message is that of a federation merge. */
    isOurs: named === 1,
  }));

export type MergeCommit = z.output<typeof mergeRow>;

const MERGES = "SELECT commit_hash AS hash, parents, message LIKE ? AS named FROM dolt_log(?, '--parents')";

/** The merges among the given commits, newest first. */
export async function mergesOf(sql: Sql, commits: string): Promise<MergeCommit[]> {
  return await sql.rows(mergeRow, `${MERGES} WHERE parents LIKE '%, %'`, [`${MERGE_SUBJECT}%`, commits]);
}

/** Merges of other tools among the given commits that lack rows of a parent which a head still lacks. */
export async function lossyMerges(
  sql: Sql,
  range: { readonly commits: string; readonly head: string },
): Promise<LossyMerge[]> {
  return await lossesOfTools(sql, await mergesOf(sql, range.commits), range.head);
}

/** The same for the newest merges of a whole history. An empty peer gets it, and has no rows to lose. */
export async function newestLossyMerges(sql: Sql, head: string): Promise<LossyMerge[]> {
  const statement = `${MERGES} WHERE parents LIKE '%, %' LIMIT ${RECENT_COMMITS}`;
  return await lossesOfTools(sql, await sql.rows(mergeRow, statement, [`${MERGE_SUBJECT}%`, head]), head);
}

async function lossesOfTools(sql: Sql, commits: readonly MergeCommit[], head: string): Promise<LossyMerge[]> {
  return await lossesOf(
    sql,
    commits.filter(({ isOurs }) => !isOurs),
    head,
  );
}

/**
 * The same for a head itself, and for merges below it whose rows may still be uncommitted: bd commits its
 * `recompute is_blocked after pull` onto such a merge (measured).
 * @param uncommitted the tables with uncommitted changes
 */
export async function lossyHead(sql: Sql, head: string, uncommitted: readonly string[]): Promise<LossyMerge[]> {
  const count = uncommitted.length === 0 ? 1 : RECENT_COMMITS;
  const commits = await sql.rows(mergeRow, `${MERGES} LIMIT ${count}`, [`${MERGE_SUBJECT}%`, head]);
  const found = await lossesOfTools(sql, commits, head);
  return found.filter(({ commit, table }) => commit === head || uncommitted.includes(table));
}

/** The parts of a parent that merges lack and that a head still lacks. */
export async function lossesOf(sql: Sql, merges: readonly MergeCommit[], head: string): Promise<LossyMerge[]> {
  const found: LossyMerge[] = [];
  for (const { hash: commit, parents } of merges) {
    for (const lost of parents) {
      for (const kept of parents) {
        if (kept !== lost) found.push(...(await losses(sql, { commit, kept, lost, head })));
      }
    }
  }
  return found;
}

/** The hashes are remembered, so both directions of a merge and merges with one parent read them once. */
async function losses(sql: Sql, sides: Sides): Promise<LossyMerge[]> {
  const { commit, kept, lost } = sides;
  // In one order for both directions, so that it is read once.
  const [one = kept, two = lost] = [kept, lost].sort();
  const base = await mergeBase(sql, one, two);
  if (base === lost) return [];
  const before = base === null ? new Map<string, string>() : await tableHashes(sql, base);
  const [other, merged] = [await tableHashes(sql, lost), await tableHashes(sql, commit)];
  const ofUsers = [...other].flatMap(([table, hash]) =>
    hash === before.get(table) || hash === merged.get(table) ? [] : [table],
  );
  // Tables of Dolt have no such hashes.
  const ofDolt = (await listedChanges(sql, lost, commit)).flatMap(({ from }) =>
    from !== null && isDoltTable(from) && holdsRowsOfUsers(from) ? [from] : [],
  );
  const found: LossyMerge[] = [];
  for (const table of [...ofUsers, ...ofDolt]) {
    const { rows, isMore } = await lostRows(sql, sides, table);
    if (rows.length === 0) continue;
    const shown = rows.slice(0, SHOWN_ROWS).map((key) => ({ table, key, column: null, value: null }));
    found.push({ commit, kept, lost, table, count: rows.length, isMore, rows: shown });
  }
  return found;
}

/** The parts that a merge lacks, as the end of a sentence. */
export function mergeLossText({ commit, table, count, isMore, lost }: LossyMerge): string {
  const rows = `${isMore ? 'at least ' : ''}${counted(count, 'row')}`;
  return `${commit}, which lacks ${rows} that ${lost} added to ${table}`;
}
