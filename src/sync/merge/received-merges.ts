import { z } from 'zod';
import type { Conflict } from '../../contract/result.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { toFailure } from '../../core/failure.ts';
import { groupBy, inParts } from '../../core/lists.ts';
import { counted, listed } from '../../core/text.ts';
import { monotonicMs } from '../../core/time.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKey, rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { columnNamesAt, tableShape } from '../../dolt/schema/table-shape.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import { MERGE_EMAIL } from '../../dolt/signature.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import { checkout, createBranch } from '../../dolt/sql/heads.ts';
import { containsCommit, isAncestor } from '../../dolt/sql/history.ts';
import { beginMerging, PROTOCOL_LINE } from '../../dolt/sql/merge.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import { mergeHead } from '../../rows/merge.ts';
import type { Side } from '../../rows/merging.ts';
import { reportShare } from '../../rows/merging.ts';
import { conflictOf, lostSide, type ResolvedRow } from '../../rows/resolved-row.ts';
import type { DatabaseRules } from '../../rows/table-policy.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { SyncContext } from '../sync-context.ts';
import { isLimit } from './limits.ts';
import { scratchName } from './scratch.ts';

interface Move {
  /** Our head after which the merges are not reported yet: that before the run, or before an earlier one. */
  readonly from: string;
  /** Our head before and after the run. */
  readonly begin: string;
  readonly to: string;
  /** Merges that this run made itself. */
  readonly made: ReadonlySet<string>;
}

export const MAX_REPLAYS = 20;
export const REPLAYS_MS = 60_000;

const commitRow = z.object({
  hash: z.string(),
  parents: z.string().nullable(),
  is_merge: z.coerce.number().transform((value) => value !== 0),
});

/**
 * Lists in each `PeerProgress` which of our rows lost in merges that other databases made and our branch fast-forwarded
 * over, and in those of an earlier run that ended before it reported them. A merge is a function of its parents, so it is
 * repeated on a temporary branch. Our branch has already moved, so an error here does not fail the run.
 * @param incoming the head that each peer had before anything was pushed to it
 * @returns whether everything is reported
 */
export async function reportReceivedMerges(
  context: SyncContext,
  move: Move,
  incoming: ReadonlyMap<PeerProgress, string>,
): Promise<boolean> {
  if (move.from === move.to) return true;
  try {
    return await context.engines.use(NO_CREDENTIALS, (engine) => reportReceived(context, move, engine, incoming));
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    if (code === 'interrupted') return false;
    const reported = `merges of other databases could not be read: ${message}`;
    context.notify({ severity: 'warning', code, message: reported });
    return false;
  }
}

async function reportReceived(
  context: SyncContext,
  given: Move,
  engine: Engine,
  incoming: ReadonlyMap<PeerProgress, string>,
): Promise<boolean> {
  const { database } = engine;
  // Our branch can have been replaced since.
  const move = (await containsCommit(database, given.begin, given.from)) ? given : { ...given, from: given.begin };
  const own = await passedCommits(database, { from: move.from, to: move.begin });
  const ofEarlierRun = new Set(own.map(({ hash }) => hash));
  // Without a peer to report them for, they stay for a later run.
  if (ofEarlierRun.size > 0 && incoming.size === 0) return false;
  const until = monotonicMs() + REPLAYS_MS;
  const merges = receivedMerges(await passedCommits(database, move), move);
  let replayed = 0;
  const differing: string[] = [];
  for (const merge of merges) {
    if (replayed === MAX_REPLAYS || monotonicMs() > until || context.signal.aborted) break;
    const conflicts = await replayWithin(context, engine, merge, move);
    if (conflicts === 'late') break;
    if (conflicts === null) differing.push(merge.hash);
    else await report(database, incoming, { merge, conflicts, isElsewhere: !ofEarlierRun.has(merge.hash) });
    replayed += 1;
  }
  for (const notice of [...incoming.keys()].flatMap(decidedElsewhere)) context.notify(notice);
  if (differing.length > 0) context.notify(differs(differing));
  if (replayed < merges.length) context.notify(unread(merges.length - replayed));
  return !context.signal.aborted;
}

/** Under `manual` a person expects to be asked, but only the database that merges can ask. */
function decidedElsewhere({ peer, conflicts }: PeerProgress): Diagnostic[] {
  const rows = conflicts.filter(({ elsewhere }) => elsewhere === true);
  if (peer.strategy !== 'manual' || rows.length === 0) return [];
  const message = `${counted(rows.length, 'row')} of this database lost in a merge by another database, received from ${peer.name}: \`manual\` here did not apply to it`;
  return [{ severity: 'warning', code: 'merged-elsewhere', message, peer: peer.name }];
}

function unread(count: number): Diagnostic {
  return {
    severity: 'notice',
    code: 'merges-unread',
    message: `${counted(count, 'older merge')} of other databases were not checked`,
  };
}

async function passedCommits(sql: Sql, { from, to }: Pick<Move, 'from' | 'to'>): Promise<PassedCommit[]> {
  if (from === to) return [];
  const rows = await sql.rows(
    commitRow,
    "SELECT commit_hash AS hash, parents, (email = ? AND (message = ? OR message LIKE ?)) AS is_merge FROM dolt_log(?, '--parents')",
    [MERGE_EMAIL, PROTOCOL_LINE, `${PROTOCOL_LINE}\n%`, `${from}..${to}`],
  );
  return rows.map(({ hash, parents, is_merge }) => ({
    hash,
    parents: (parents ?? '').split(', ').filter((parent) => parent !== ''),
    isMerge: is_merge,
  }));
}

async function report(
  sql: Sql,
  incoming: ReadonlyMap<PeerProgress, string>,
  { merge, conflicts, isElsewhere }: Replayed,
): Promise<void> {
  const { hash, onto, head, ours } = merge;
  if (conflicts.length === 0) return;
  // A peer that nothing is pushed to has the other parent only.
  const commits = isElsewhere ? [hash] : [hash, ours === head ? onto : head];
  const progress = await sourcePeer(sql, incoming, commits);
  const found = isElsewhere ? conflicts.map((conflict) => ({ ...conflict, elsewhere: true as const })) : conflicts;
  progress?.reportConflicts([...progress.conflicts, ...found]);
}

/** The rows of a merge, and whether another database made it. */
interface Replayed {
  readonly merge: ReceivedMerge;
  readonly conflicts: readonly Conflict[];
  readonly isElsewhere: boolean;
}

/** The peer whose head contains the first of these commits that any has: by name, one that did not fail before others. */
async function sourcePeer(
  sql: Sql,
  incoming: ReadonlyMap<PeerProgress, string>,
  commits: readonly string[],
): Promise<PeerProgress | null> {
  const sorted = [...incoming].toSorted(([a], [b]) => (a.peer.name < b.peer.name ? -1 : 1));
  const read = sorted.filter(([{ failure }]) => failure === null);
  const failed = sorted.filter(([{ failure }]) => failure !== null);
  for (const commit of commits)
    for (const [progress, head] of [...read, ...failed]) if (await isAncestor(sql, commit, head)) return progress;
  return commits.length > 1 ? (read[0]?.[0] ?? null) : null;
}

/** Our branch has already moved, so a merge that passes a limit counts as not checked. */
async function replayWithin(
  { limits, rules }: SyncContext,
  engine: Engine,
  merge: ReceivedMerge,
  move: Move,
): Promise<Conflict[] | null | 'late'> {
  try {
    return await engine.allWithin(limits.of('reporting'), () => replay(engine.database, rules, merge, move));
  } catch (thrown) {
    if (isLimit(toFailure(thrown))) return 'late';
    throw thrown;
  }
}

/** @returns the rows where our side lost and the unresolved ones; null if the merge cannot be repeated */
async function replay(
  database: Database,
  rules: DatabaseRules,
  merge: ReceivedMerge,
  { from, to }: Move,
): Promise<Conflict[] | null> {
  const { hash, onto, head, ours } = merge;
  const branch = scratchName();
  await createBranch(database, { name: branch, at: onto });
  return database.session(async (sql) => {
    await beginMerging(sql);
    await checkout(sql, branch);
    const swapped = ours === head;
    const merged = await mergeHead(sql, {
      database: database.name,
      onto,
      head,
      strategy: 'newest',
      swapped,
      reportBytes: reportShare(MAX_REPLAYS),
      rules,
    });
    if (merged.kind === 'refused' && isLimit(merged.mergeFailure.failure)) throw merged.mergeFailure.failure;
    if (merged.kind === 'refused' || merged.commit !== hash) return null;
    const side = swapped ? 'theirs' : 'ours';
    const conflicts: Conflict[] = [];
    const decided = await decidedRows(sql, merged.rows, { merge: hash, now: to });
    for (const reported of merged.rows) {
      const row = decided.has(reported) ? { ...reported, left: false } : reported;
      if (!(await concerns(sql, row, { merge, from, side }))) continue;
      conflicts.push(conflictOf(row, { heads: { ours: onto, theirs: head }, swapped }));
    }
    return conflicts;
  });
}

function differs(hashes: readonly string[]): Diagnostic {
  return {
    severity: 'notice',
    code: 'protocol',
    message: `rows that lost in ${listed('merge', hashes)} of other databases are not listed: merging their parents here makes another commit`,
    hint: 'Another strategy, a person, or another version of dolt-federation or Dolt made such a merge. The database that made it has the list.',
  };
}

const ROWS_AT_ONCE = 500;

/** The rows that a merge left to a person and that changed since: what the merge said of them is no longer true. */
async function decidedRows(
  sql: Sql,
  rows: readonly ResolvedRow[],
  { merge, now }: { readonly merge: string; readonly now: string },
): Promise<ReadonlySet<ResolvedRow>> {
  const decided = new Set<ResolvedRow>();
  if (merge === now) return decided;
  for (const [table, all] of groupBy(
    rows.filter(({ left }) => left),
    (row) => row.table,
  )) {
    const known = await columnNamesAt(sql, table, now);
    const shape = await tableShape(sql, table);
    if (shape.key.length === 0 || shape.columns.some(({ name }) => !known.has(name))) continue;
    for (const part of inParts(all, ROWS_AT_ONCE)) {
      const keys = part.map(({ key }) => key);
      const before = await rowsByKeyText(sql, shape, { keys, commit: merge });
      const after = await rowsByKeyText(sql, shape, { keys, commit: now });
      for (const row of part) {
        const id = keyText(shape, row.key);
        if (isDecided(row, before.get(id), after.get(id))) decided.add(row);
      }
    }
  }
  return decided;
}

/** Whether the row of a key is another one than right after the merge, as after the correction that its hint names. */
export function isDecided(
  { kind, columns }: Pick<ResolvedRow, 'kind' | 'columns'>,
  before: Cells | undefined,
  after: Cells | undefined,
): boolean {
  const isOther = (before === undefined) !== (after === undefined);
  switch (kind) {
    case 'renamed':
    case 'duplicate':
    case 'dependant':
      return isOther;
    case 'unique-conflict':
    case 'reference':
      return isOther || columns.some((name) => (before?.[name] ?? null) !== (after?.[name] ?? null));
    // Another row has the key.
    case 'id-collision':
    case 'changed':
    case 'deleted':
    case 'restored':
    case 'keyless':
      return false;
  }
}

interface ReplayedRow {
  readonly merge: ReceivedMerge;
  /** Our head before the run. */
  readonly from: string;
  readonly side: Side;
}

/** Whether a row concerns us. If others also wrote to our parent, only rows whose lost version we had. */
async function concerns(sql: Sql, row: ResolvedRow, at: ReplayedRow): Promise<boolean> {
  if (!at.merge.isOwn) return row.left && lostSide(row) === at.side && (await isAt(sql, row, at));
  if (row.left || row.wins.some(({ side }) => side !== at.side)) return true;
  return row.kind === 'restored' && row[at.side] === null;
}

async function isAt(sql: Sql, row: ResolvedRow, at: ReplayedRow): Promise<boolean> {
  const shape = await tableShape(sql, row.table);
  const version = row[at.side];
  if (version === null || shape.key.length === 0) return false;
  const key = Object.fromEntries(shape.key.map((name) => [name, version[name] ?? row.key[name] ?? null]));
  const [own] = await rowsByKey(sql, shape, { keys: [key], commit: at.from });
  return own !== undefined && row.columns.every((name) => (own[name] ?? null) === (version[name] ?? null));
}

/** One commit that a branch moved over. */
export interface PassedCommit {
  readonly hash: string;
  readonly parents: readonly string[];
  /** Whether it is a merge of the protocol that this version speaks. */
  readonly isMerge: boolean;
}

/** A merge that another database made, and which of its parents is our side. */
interface ReceivedMerge {
  readonly hash: string;
  readonly onto: string;
  readonly head: string;
  /** The parent that our old head contains, or that contains our old head. */
  readonly ours: string;
  /** Whether everything of that parent was ours. */
  readonly isOwn: boolean;
}

/**
 * The merges among the commits a branch moved over that merged our old head with another.
 * @param passed all commits that the new head reaches and the old head does not, newest first
 * @param move.made merges that this run made itself
 */
export function receivedMerges(
  passed: readonly PassedCommit[],
  move: { readonly from: string; readonly made: ReadonlySet<string> },
): ReceivedMerge[] {
  const isPassed = new Set(passed.map(({ hash }) => hash));
  const containing = new Set([move.from]);
  // Parents come after their children.
  for (const { hash, parents } of passed.toReversed()) {
    if (parents.some((parent) => containing.has(parent))) containing.add(hash);
  }
  return passed.flatMap(({ hash, parents, isMerge }) => {
    const [onto, head, third] = parents;
    if (!isMerge || move.made.has(hash) || onto === undefined || head === undefined || third !== undefined) return [];
    for (const isOwn of [true, false]) {
      const [ours, second] = parents.filter((parent) => (isOwn ? !isPassed.has(parent) : containing.has(parent)));
      if (ours !== undefined) return second === undefined ? [{ hash, onto, head, ours, isOwn }] : [];
    }
    return [];
  });
}
