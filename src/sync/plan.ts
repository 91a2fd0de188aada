import type { Plan } from '../contract/result.ts';
import { countCommits, countReachable, isAncestor } from '../dolt/history.ts';
import type { Sql } from '../dolt/sql.ts';
import { plannedDelivery } from './deliver.ts';
import type { PeerRun } from './peer-run.ts';
import { planReplacement } from './plan-replacement.ts';

/** What a real run would do for one peer, had it found what this one found. */
export async function planFor(
  sql: Sql,
  run: PeerRun,
  town: {
    readonly ours: string;
    readonly target: string;
    readonly initEmpty: boolean;
    /** Whether our branch is to become its head. */
    readonly adopts: boolean;
  },
): Promise<Plan> {
  const nothing: Plan = { pull: 'nothing', push: 'nothing', pullCommits: 0, pushCommits: 0, head: run.head };
  if (run.failure !== null && run.failure.code !== 'live-unknown') return nothing;
  if (run.lease !== null) {
    const replacement = await planReplacement(sql, { run, expected: run.lease, target: town.target });
    if (replacement !== null) return { ...nothing, ...replacement };
  }
  const merges = run.part?.merge === true && run.head !== null && (run.behind ?? 0) > 0;
  const pull = town.adopts ? 'adopt' : !merges ? 'nothing' : town.target === run.head ? 'fast-forward' : 'merge';
  const pulled = { pull, pullCommits: merges ? (run.behind ?? 0) : 0 } as const;
  if (run.failure !== null) return { ...nothing, ...pulled };
  if (run.delivery !== null) {
    const commits = run.part?.push === true ? await plannedDelivery(sql, run, town.target) : null;
    return { ...nothing, ...pulled, ...(commits === null ? {} : { push: 'deliver', pushCommits: commits }) };
  }
  const pushes =
    run.part?.push === true && (run.head === null ? town.initEmpty : !(await isAncestor(sql, town.target, run.head)));
  const pushCommits = !pushes
    ? 0
    : run.head === null
      ? await countReachable(sql, town.target)
      : await countCommits(sql, run.head, town.target);
  return {
    ...pulled,
    push: !pushes ? 'nothing' : run.head === null ? 'first-push' : 'fast-forward',
    pushCommits,
    head: pushes ? town.target : run.head,
  };
}
