import type { ResolveResult } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import { type ConflictsFile, isOpen, type LostRow, rowText } from './conflicts-file.ts';
import { decisionOf } from './lost-choices.ts';

const MAX_NAMED = 50;

/** Whether there is something to do, and no row of a merge is undecided. */
export function isDecided(conflicts: ConflictsFile): boolean {
  const { merges } = conflicts;
  return !merges.some(({ rows }) => rows.some(isOpen)) && merges.length + decidedLost(conflicts).length > 0;
}

/** The lost rows of a file that it decides about. */
export function decidedLost({ lost }: ConflictsFile): LostRow[] {
  return lost.filter((row) => decisionOf(row, lost) !== null);
}

/** The decisions in a file. */
export function decidedSoFar(chosen: ConflictsFile): Pick<ResolveResult, 'peers' | 'rows' | 'restored' | 'dropped'> {
  const decided = decidedLost(chosen);
  const dropped = decided.filter((row) => decisionOf(row, chosen.lost) === 'drop').length;
  const rows = chosen.merges.flatMap((merge) => merge.rows).filter((row) => !isOpen(row)).length;
  return { peers: chosen.merges.map(({ peer }) => peer), rows, restored: decided.length - dropped, dropped };
}

/** @throws Failure `conflicts-undecided` if a file has lost rows only, and no decision about any of them */
export function requireDecision(chosen: ConflictsFile): void {
  if (chosen.merges.length > 0 || decidedLost(chosen).length > 0) return;
  const rows = chosen.lost.map(({ table, key = {} }) => `  ${rowText({ table, key })}`);
  throw new Failure(
    'conflicts-undecided',
    [`missing choices (${rows.length}):`, ...rows.slice(0, MAX_NAMED)].join('\n'),
  );
}
