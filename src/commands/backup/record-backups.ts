import { Failure } from '../../core/failure.ts';
import { minute } from '../../report/figures.ts';
import { changeState } from '../../sync/history/change-state.ts';
import {
  addBackups,
  type BackupRecord,
  type BackupSize,
  type DrillHistory,
  EMPTY_STATE,
  findBackup,
  type KnownState,
  type StateFile,
  type StateKey,
} from '../../sync/history/last-verified.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { placeOf } from '../prepare/last-verified.ts';
import type { LocalDatabase } from '../prepare/local-database.ts';
import type { PreparedSync } from '../prepare/prepare-sync.ts';
import type { Copied } from './backup.ts';
import { sizeOf } from './sizes.ts';

/** Facts about the backup at one peer after a run. */
export interface Known {
  /** null: unknown. */
  readonly bytes: number | null;
  /** How much it grew since it was last measured; null: unknown. */
  readonly growth: number | null;
  /** When a drill last proved it, and how many runs with drills did not since then; null: nothing is recorded. */
  readonly drills: DrillHistory | null;
}

/**
 * Measures the backups, and records sizes and proofs for the next run. The backups are made already, so an error of
 * measuring or writing fails nothing.
 */
export async function recordBackups(
  { state }: Pick<LocalDatabase, 'state'>,
  { branch, lastVerified: { root } }: Pick<PreparedSync, 'branch' | 'lastVerified'>,
  { targets, drills }: Pick<Copied, 'targets' | 'drills'>,
  now: Date,
): Promise<ReadonlyMap<PeerProgress, Known>> {
  const sizes = new Map<PeerProgress, BackupSize | null>();
  for (const progress of targets)
    sizes.set(progress, progress.verified ? await sizeOf(progress, drills.get(progress) ?? null) : null);
  const learn = (stateFile: StateFile): readonly Learned[] =>
    [...sizes].map(([progress, size]) => {
      const place = root === null ? null : placeOf(progress, branch, root);
      const before = place === null ? null : findBackup(stateFile, place);
      const growth = size !== null && before?.size?.of === size.of ? size.bytes - before.size.bytes : null;
      const proven = drills.get(progress)?.kind === 'proven';
      const history = historyAfter(before?.drills ?? null, { drilled: drills.size > 0, proven, now });
      const known = { bytes: size?.bytes ?? null, growth, drills: history };
      return { progress, place, known, record: { size: size ?? before?.size, drills: history ?? undefined } };
    });
  let learned = learn(EMPTY_STATE);
  if (root !== null) {
    const add = ({ stateFile }: KnownState): StateFile => {
      learned = learn(stateFile);
      return withBackups(stateFile, learned);
    };
    // A failed write was reported by the one before.
    await changeState(state, branch, add).catch(() => undefined);
  }
  return new Map(learned.map(({ progress, known }) => [progress, known]));
}

/** The facts about the backup at one peer, and their record. */
interface Learned {
  readonly progress: PeerProgress;
  /** null: our first commit is unknown. */
  readonly place: StateKey | null;
  readonly known: Known;
  readonly record: BackupRecord;
}

function withBackups(stateFile: StateFile, learned: readonly Learned[]): StateFile {
  const records = learned.flatMap(({ place, record }) => (place === null ? [] : [{ place, record }]));
  return addBackups(stateFile, records);
}

/**
 * A backup that may not be read fails nothing at first. If an earlier run proved it, it fails once that proof is older
 * than `stale-after`.
 */
export function failLongUnproven(
  { drills, notDrilled }: Pick<Copied, 'drills' | 'notDrilled'>,
  known: ReadonlyMap<PeerProgress, Known>,
  staleAfterMs: number | undefined,
  now: Date,
): void {
  if (staleAfterMs === undefined || notDrilled !== null) return;
  for (const [progress, { kind }] of drills) {
    const provenAt = known.get(progress)?.drills?.provenAt ?? null;
    if (kind !== 'unproven' || progress.failure !== null || provenAt === null) continue;
    if (now.getTime() - Date.parse(provenAt) <= staleAfterMs) continue;
    const { name } = progress.peer;
    const message = `the backup at ${name} could not be read, and was last proven ${minute(provenAt)}`;
    progress.fail(new Failure('drill-unproven', message));
  }
}

/** The history of a peer after a run. @param run.drilled whether the run drilled any peer */
export function historyAfter(
  before: DrillHistory | null,
  { drilled, proven, now }: { readonly drilled: boolean; readonly proven: boolean; readonly now: Date },
): DrillHistory | null {
  if (proven) return { provenAt: now.toISOString(), since: 0 };
  if (!drilled) return before;
  return { provenAt: before?.provenAt ?? null, since: (before?.since ?? 0) + 1 };
}
