import type { ReportedLeg, ReportResult } from '../../contract/result.ts';
import { counted } from '../../core/text.ts';
import { duration } from '../figures.ts';

export type CombinedRun = ReportResult['runs'][number];

/**
 * Whether the legs of a run need a table of their own: a result that is not a leg of a fan-out says everything itself.
 */
export function hasLegs({ legs }: CombinedRun): boolean {
  return legs.length > 1 || legs.some(({ shard }) => shard !== null);
}

export const LEG_COLUMNS = ['Leg', 'Result', 'Head', 'Time', 'File', 'Rows that need a decision'];

/** @param quote escapes a text for the format of the table */
export function legCells(run: CombinedRun, quote: (text: string) => string): string[][] {
  return [
    ...run.legs.map((leg) => foundCells(leg, quote)),
    ...run.missing.map((shard) => [shard, 'missing', '', '', '', '']),
  ];
}

function foundCells(leg: ReportedLeg, quote: (text: string) => string): string[] {
  const { shard, status, head, durationMs, file, conflictsPath } = leg;
  return [shard ?? '-', status, quote(head ?? ''), duration(durationMs), quote(file), quote(conflictsPath ?? '')];
}

/** How many results there are, and of how many runs. */
export function countsText({ runs }: ReportResult): string {
  const results = runs.reduce((sum, { legs }) => sum + legs.length, 0);
  const missing = runs.reduce((sum, run) => sum + run.missing.length, 0);
  return [
    counted(results, 'result'),
    ...(runs.length > 1 ? [counted(runs.length, 'run')] : []),
    ...(missing > 0 ? [`${counted(missing, 'leg')} missing`] : []),
  ].join(', ');
}

/** The subject of a run, in words: the same for the next run of it, also on another machine. */
export function runTitle({ result: { command, dryRun, branch, database, folder, peers } }: CombinedRun): string {
  const primary = peers.find(({ role }) => role === 'primary')?.endpoint;
  const subject = primary === undefined ? (folder ?? database) : `primary ${primary}`;
  const kind = dryRun === true ? `${command} (dry run)` : command;
  return [kind, ...(subject === null ? [] : [subject]), ...(branch === null ? [] : [`branch ${branch}`])].join(', ');
}
