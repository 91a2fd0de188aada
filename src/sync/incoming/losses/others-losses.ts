import { sameNames } from '../../../core/lists.ts';
import { countRows } from '../../../dolt/rows/rows-by-name.ts';
import { columnsAt, keyNames } from '../../../dolt/schema/columns.ts';
import { hasShadowedDiff } from '../../../dolt/schema/readability.ts';
import { tableChanges, tableHashes } from '../../../dolt/schema/table-changes.ts';
import { differences } from '../../../dolt/sql/differences.ts';
import { mergeBase } from '../../../dolt/sql/history.ts';
import { quoted } from '../../../dolt/sql/identifier.ts';
import type { Sql } from '../../../dolt/sql/sql.ts';
import type { DatabaseRules } from '../../../rows/table-policy.ts';
import { isMassDeletion } from '../findings.ts';
import { type Deletion, type OthersLoss, tableNamed } from '../incoming-changes.ts';
import { massLosses } from '../rows.ts';
import { readVersions, withoutUpgrade } from '../upgrades.ts';
import type { SharedCommit } from './shared-commits.ts';

interface SharingHeads {
  readonly ours: string;
  readonly theirs: string;
  readonly rules: DatabaseRules;
  /** The commits that the head shares with heads of other peers and that we lack. */
  readonly shared: readonly SharedCommit[];
  /** Percent of a table's rows. */
  readonly maxDelete: number;
}

/**
 * The tables of which a head removes too many rows since a commit of other peers. Our branch has none of these rows, so
 * nothing else counts them, and the merge would go to those peers.
 */
export async function readOthersLosses(sql: Sql, heads: SharingHeads): Promise<OthersLoss[]> {
  const { ours, theirs, maxDelete } = heads;
  const found: OthersLoss[] = [];
  for (const { commit, peers } of heads.shared) {
    const range = { from: commit, to: theirs };
    const all = await massLosses(sql, range, maxDelete);
    const losses = all.length === 0 ? [] : await unexplained(sql, heads, range, all);
    for (const loss of losses) {
      const own = await removedByUs(sql, range, loss, ours);
      // The table as it would be after a merge of that commit with ours.
      const [before, deleted] = [loss.before - own.all, loss.deleted - own.lost];
      const left = { ...loss, before, deleted, peers };
      if (deleted > 0 && isMassDeletion(left, maxDelete)) found.push(left);
    }
  }
  return found;
}

interface Range {
  readonly from: string;
  readonly to: string;
}

/** The losses that no upgrade of the head explains. */
async function unexplained(
  sql: Sql,
  { rules }: SharingHeads,
  { from, to }: Range,
  losses: readonly Deletion[],
): Promise<readonly Deletion[]> {
  const [before, after] = [await tableHashes(sql, from), await tableHashes(sql, to)];
  if (!rules.recognises([...before.keys()])) return losses;
  const tables = { base: before, ours: before, theirs: after };
  const versions = await readVersions(sql, { ours: from, theirs: to, rules }, tables);
  const isDropped = ({ table }: Deletion): boolean => tableNamed(after, table) === null;
  const dropped = losses.filter(isDropped).map(({ table }) => table);
  const deletions = losses.filter((loss) => !isDropped(loss));
  const left = withoutUpgrade({ dropped, deletions, lostColumns: [] }, versions, rules);
  return losses.filter((loss) => left.deletions.includes(loss) || left.dropped.includes(loss.table));
}

/** Rows of a commit of other peers that our own side removed. */
interface RemovedRows {
  readonly all: number;
  /** Those that the head lacks, too. */
  readonly lost: number;
}

const NONE: RemovedRows = { all: 0, lost: 0 };

/**
 * The rows of a table that our own side removed: a peer that has merged that loses them, too. None if that cannot be
 * read.
 */
async function removedByUs(sql: Sql, range: Range, loss: Deletion, ours: string): Promise<RemovedRows> {
  const { table } = loss;
  const base = await mergeBase(sql, ours, range.from);
  if (base === null || base === ours) return NONE;
  const own = (await tableChanges(sql, base, ours)).find(({ from }) => from === table);
  if (own === undefined) return NONE;
  if (own.to === null) return { all: loss.before, lost: loss.deleted };
  if (own.to !== table || !own.comparable || !own.dataChanged) return NONE;
  const keys = keyNames(await columnsAt(sql, table, ours));
  if (keys.length === 0 || hasShadowedDiff(keys)) return NONE;
  const after = tableNamed(await tableHashes(sql, range.to), table);
  const others = [[table, range.from] as const, ...(after === null ? [] : [[after, range.to] as const])];
  for (const [name, commit] of others) {
    if (!sameNames(keys, keyNames(await columnsAt(sql, name, commit)))) return NONE;
  }
  const names = keys.map((name, index) => `${quoted(`from_${name}`)} AS k${index}`).join(', ');
  const same = (alias: string): string =>
    keys.map((name, index) => `d.k${index} = ${alias}.${quoted(name)}`).join(' AND ');
  const differing = await differences(sql, { from: base, to: ours }, table);
  const removed = {
    text:
      `FROM (SELECT ${names} FROM ${differing.text} WHERE diff_type = 'removed') AS d ` +
      `JOIN ${quoted(table)} AS OF ? AS f ON ${same('f')}`,
    values: [...differing.values, range.from],
  };
  const all = await countRows(sql, removed);
  if (after === null) return { all, lost: all };
  const kept = `JOIN ${quoted(after)} AS OF ? AS t ON ${same('t')}`;
  const inBoth = { text: `${removed.text} ${kept}`, values: [...removed.values, range.to] };
  return { all, lost: all - (await countRows(sql, inBoth)) };
}
