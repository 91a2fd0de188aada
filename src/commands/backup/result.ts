import { backupStatus, isCopy } from '../../backup/verdict.ts';
import type { Drill, PeerResult, Problem, RunResult } from '../../contract/result.ts';
import { counted } from '../../core/text.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { toProblem } from '../outcome/problems.ts';
import type { Copied } from './backup.ts';
import type { BackupRequest } from './request.ts';
import type { Measured } from './sizes.ts';

/** A run's result with what is known about each backup. The primary, of which only the tag was read, is left out. */
export function withBackup(
  result: RunResult,
  { backup }: BackupRequest,
  { copied, sizes }: { readonly copied: Copied; readonly sizes: ReadonlyMap<PeerProgress, Measured> },
): RunResult {
  const { targets, release } = copied;
  const byName = new Map(targets.map((progress) => [progress.peer.name, progress]));
  const peers = result.peers.flatMap((peer): PeerResult[] => {
    const progress = byName.get(peer.name);
    if (progress === undefined) {
      const isOnlyRead = peer.role === 'primary' && peer.status !== 'failed' && peer.notContacted === undefined;
      return isOnlyRead ? [] : [peer];
    }
    if (result.dryRun === true) return [peer];
    const drill = drillOf(progress, copied, sizes.get(progress) ?? null);
    const status = peer.status === 'unchanged' && drill.tag === 'pushed' ? 'pushed' : peer.status;
    return [{ ...peer, status, drill }];
  });
  const copies = peers.filter(
    ({ status, verified, drill }) =>
      drill !== undefined &&
      isCopy({ failed: status === 'failed' || status === 'conflict', verified, drill: drill.kind }),
  ).length;
  const { required, drill, tag } = backup;
  const changed =
    result.status === 'success' || release?.isNew === true || peers.some(({ status }) => status === 'pushed');
  const status = result.dryRun === true ? result.status : backupStatus(result.status, { copies, required, changed });
  const missing = result.dryRun === true ? null : tooFew(copies, required);
  return {
    ...result,
    status,
    peers,
    problems: [...(missing === null ? [] : [missing]), ...result.problems],
    backup: { tag, commit: release?.commit ?? null, drill, copies, required, proof: null },
  };
}

function drillOf(progress: PeerProgress, { drills, tags }: Copied, size: Measured | null): Drill {
  const found = drills.get(progress);
  const proven = found?.kind === 'proven' ? found : null;
  return {
    kind: found?.kind ?? 'skipped',
    tag: tags.get(progress) ?? null,
    databaseHash: proven?.databaseHash ?? null,
    tables: proven?.tables === undefined || proven.tables === null ? null : [...proven.tables],
    bytes: size?.bytes ?? proven?.bytes ?? null,
    growth: size?.growth ?? null,
    durationMs: found === undefined ? null : Math.round(found.durationMs),
  };
}

function tooFew(copies: number, required: number | null): Problem | null {
  if (required === null || copies >= required) return null;
  const message = `${counted(copies, 'peer')} of the required ${required} ${copies === 1 ? 'has' : 'have'} the proven commit`;
  return toProblem({ severity: 'error', code: 'too-few-copies', message });
}
