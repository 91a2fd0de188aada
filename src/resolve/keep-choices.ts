import {
  type ConflictsFile,
  type LeftCell,
  type LeftMerge,
  type LeftRow,
  type LostRow,
  rowName,
} from './conflicts-file.ts';

/** What a run found out, in terms of a conflicts file. */
export interface Found {
  readonly branch: string;
  /** Merges that were left, of any peers. */
  readonly merges: readonly LeftMerge[];
  readonly lost: readonly LostRow[];
  /** Peers about which this run says something; the others stay as the last run left them. */
  readonly heard: readonly string[];
  /** All peers that are configured. */
  readonly configured: readonly string[];
}

/**
 * The next conflicts file. Of the last one stay the merges with peers that this run did not hear of, the rows that gave
 * way and that nobody took out yet, and the choices for rows that are still as they were.
 * @param last null where there is none
 */
export function nextFile(last: ConflictsFile | null, found: Found): ConflictsFile {
  const before = last?.branch === found.branch ? last.merges : [];
  const silent = before.filter(({ peer }) => found.configured.includes(peer) && !found.heard.includes(peer));
  const kept = found.merges.map((merge) =>
    withChoices(
      merge,
      before.find(({ peer }) => peer === merge.peer),
    ),
  );
  const merges = [...silent, ...kept].toSorted((a, b) => (a.peer < b.peer ? -1 : 1));
  const lost = new Map([...(last?.lost ?? []), ...found.lost].map((row) => [lostName(row), row]));
  return { branch: found.branch, merges, lost: [...lost.values()] };
}

/** A row that two runs found is one; `sql` may differ, since it depends on the keys that are free. */
function lostName({ kind, table, row }: LostRow): string {
  return JSON.stringify([kind, table, Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

function withChoices(merge: LeftMerge, last: LeftMerge | undefined): LeftMerge {
  const rows = new Map(last?.rows.map((row) => [rowName(row), row]));
  return { ...merge, rows: merge.rows.map((row) => chosenBefore(row, rows.get(rowName(row)))) };
}

function chosenBefore(row: LeftRow, last: LeftRow | undefined): LeftRow {
  if (last === undefined || contents(row) !== contents(last)) return row;
  const cells = Object.entries(row.cells).map(([name, cell]) => {
    return [name, { ...cell, choose: last.cells[name]?.choose ?? null }] as const;
  });
  return { ...row, choose: last.choose, cells: Object.fromEntries(cells) };
}

function contents({ kind, deletedBy, otherKey, cells }: LeftRow): string {
  const versions = (cell: LeftCell) => (['base', 'ours', 'theirs'] as const).map((side) => [side, cell[side]]);
  const all = Object.entries(cells).map(([name, cell]) => [name, versions(cell)] as const);
  return JSON.stringify([kind, deletedBy, otherKey, all.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Whether a file has anything for a person in it. */
export function isEmptyFile({ merges, lost }: ConflictsFile): boolean {
  return merges.length === 0 && lost.length === 0;
}
