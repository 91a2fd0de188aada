import { isDamage } from '../../backup/drill-errors.ts';
import { backupStatus, isCopy, isRefuted } from '../../backup/verdict.ts';
import type { Drill, PeerResult, RunResult } from '../../contract/result.ts';
import { asError, type Diagnostic } from '../../core/diagnostic.ts';
import type { Failure } from '../../core/failure.ts';
import { counted } from '../../core/text.ts';
import { minute } from '../../report/figures.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { toProblem } from '../outcome/problems.ts';
import type { Copied } from './backup.ts';
import type { Known } from './record-backups.ts';
import type { BackupRequest } from './request.ts';

/**
 * A run's result with the facts about each backup. It omits the primary if it was only read.
 * @param facts.stores the place of the data of each peer, by its name: peers at one place have one copy
 */
export function withBackup(
  result: RunResult,
  { backup }: BackupRequest,
  {
    copied,
    known,
    stores,
  }: {
    readonly copied: Copied;
    readonly known: ReadonlyMap<PeerProgress, Known>;
    readonly stores: ReadonlyMap<string, string>;
  },
): RunResult {
  const { targets, release, notDrilled } = copied;
  const byName = new Map(targets.map((progress) => [progress.peer.name, progress]));
  const peers = result.peers.flatMap((peer): PeerResult[] => {
    const progress = byName.get(peer.name);
    if (progress === undefined) {
      const isOnlyRead = peer.role === 'primary' && peer.status !== 'failed' && peer.notContacted === undefined;
      return isOnlyRead ? [] : [peer];
    }
    if (result.dryRun === true) return [peer];
    const drill = drillOf(progress, copied, known.get(progress) ?? null);
    const status = peer.status === 'unchanged' && drill.tag === 'pushed' ? 'pushed' : peer.status;
    return [{ ...peer, status, drill }];
  });
  const copy = new Map<string, string>();
  for (const { name } of peers.filter(hasCopy)) {
    const store = stores.get(name) ?? name;
    if (!copy.has(store)) copy.set(store, name);
  }
  const copies = copy.size;
  const twinOf = (name: string) => copy.get(stores.get(name) ?? name);
  const { required, drill, tag } = backup;
  const changed =
    result.status === 'success' || release?.isNew === true || peers.some(({ status }) => status === 'pushed');
  const refuted = peers.filter((peer) => peer.drill !== undefined && isRefuted(knownOf(peer, peer.drill), drill));
  const counts = { copies, required, changed, refuted: refuted.length > 0 || notDrilled !== null };
  const made: RunResult = {
    ...result,
    peers,
    backup: { tag, commit: release?.commit ?? null, drill, copies, required, proof: null, ...wouldTagOf(copied) },
  };
  if (result.dryRun === true) return made;
  const problems = [
    ...(notDrilled === null ? [] : [notDrilledProblem(notDrilled)]),
    ...countProblems(peers, { copies, required, refuted, twinOf }),
    ...(drill === 'rotate' ? targets.flatMap((one) => turnProblems(one, targets.length, known.get(one) ?? null)) : []),
  ];
  return {
    ...made,
    status: backupStatus(result.status, counts),
    problems: [...problems.map(toProblem), ...result.problems],
  };
}

function wouldTagOf({ wouldTag }: Copied): { readonly wouldTag?: string[] } {
  return wouldTag === undefined ? {} : { wouldTag: [...wouldTag] };
}

function knownOf({ status, verified }: PeerResult, { kind }: Drill) {
  return { failed: status === 'failed' || status === 'conflict', verified, drill: kind };
}

function hasCopy(peer: PeerResult): boolean {
  return peer.drill !== undefined && isCopy(knownOf(peer, peer.drill));
}

/** Damage that a fetch or push found needs no drill. */
function drillOf(progress: PeerProgress, { drills, tags }: Copied, about: Known | null): Drill {
  const { failure, pushFailure } = progress;
  const found = drills.get(progress);
  const proven = found?.kind === 'proven' ? found : null;
  return {
    kind: failure !== null && isDamage(failure, pushFailure === 'failed') ? 'differs' : (found?.kind ?? 'skipped'),
    tag: tags.get(progress) ?? null,
    databaseHash: proven?.databaseHash ?? null,
    tables: proven?.tables?.map(({ name, rows }) => ({ name, rows })) ?? null,
    bytes: about?.bytes ?? proven?.bytes ?? null,
    growth: about?.growth ?? null,
    durationMs: found === undefined ? null : Math.round(found.durationMs),
    lastProvenAt: about?.drills?.provenAt ?? null,
  };
}

function notDrilledProblem(failure: Failure): Diagnostic {
  return {
    ...asError(failure),
    message: `the backups are made, but not all could be drilled: ${failure.withoutValues}`,
  };
}

/** Why the number of copies fails the run, or is not enough for a success; both name the peers. */
function countProblems(
  peers: readonly PeerResult[],
  {
    copies,
    required,
    refuted,
    twinOf,
  }: {
    readonly copies: number;
    readonly required: number | null;
    readonly refuted: readonly PeerResult[];
    /** The first peer with a copy at the place of a peer. */
    readonly twinOf: (name: string) => string | undefined;
  },
): Diagnostic[] {
  if (required === null) return [];
  if (copies < required) {
    const named = peers
      .flatMap((peer) => {
        const { name, error, drill } = peer;
        if (drill === undefined) return [];
        if (!hasCopy(peer)) return `${name} (${error?.code ?? drill.kind})`;
        const twin = twinOf(name);
        return twin === undefined || twin === name ? [] : `${name} (at the place of ${twin})`;
      })
      .join(', ');
    const has = copies === 1 ? 'has' : 'have';
    const message = `${counted(copies, 'peer')} of the required ${required} ${has} the proven commit`;
    return [
      { severity: 'error', code: 'too-few-copies', message: named === '' ? message : `${message}; not ${named}` },
    ];
  }
  return refuted.map(({ name, error, drill }) => ({
    severity: 'error',
    code: error?.code ?? 'drill-failed',
    message: `${counted(copies, 'peer')} of the required ${required} have the commit, but the backup at ${name} ${drill?.kind === 'differs' ? 'is damaged, cannot be restored or has other data' : 'could not be drilled'}`,
    peer: name,
  }));
}

/** A rotation by days can miss a peer for ever, such as one of seven in runs once a week. */
function turnProblems({ peer: { name: peer } }: PeerProgress, peers: number, known: Known | null): Diagnostic[] {
  const { since = 0, provenAt = null } = known?.drills ?? {};
  if (since <= peers) return [];
  const last = provenAt === null ? 'never, as far as this machine knows' : minute(provenAt);
  const message = `the last ${since} runs with drills did not prove ${peer}; it was last proven ${last}`;
  const hint =
    'Drill it with `--drill full`, or change the schedule: the number of days between two runs should have no divisor in common with the number of backups.';
  return [{ severity: 'notice', code: 'drill-unproven', message, hint, peer }];
}
