import type { Plan } from '../contract/result.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { countCommits, countReachable, isAncestor } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { plannedDelivery } from './deliver.ts';
import { planReplacement } from './history/lease.ts';
import { refuseUnknownLive } from './incoming/live-unknown.ts';
import type { PeerProgress } from './peer-progress.ts';
import type { SyncContext } from './sync-context.ts';

/**
 * Records for each peer what a real run would do.
 * @param adopted peers whose head our branch would become
 */
export async function planAll(
  context: SyncContext,
  target: string,
  runs: readonly PeerProgress[],
  adopted: readonly PeerProgress[],
): Promise<void> {
  const { engines, initEmpty } = context;
  await engines.use(NO_CREDENTIALS, async ({ database }) => {
    await refuseUnknownLive(database, runs, target);
    for (const run of runs) {
      run.planned(await planFor(database, run, { target, initEmpty, adopts: adopted.includes(run) }));
    }
  });
}

/** What a real run would do for one peer, given what this one found. */
async function planFor(
  sql: Sql,
  run: PeerProgress,
  local: {
    readonly target: string;
    readonly initEmpty: boolean;
    /** Whether our branch would become its head. */
    readonly adopts: boolean;
  },
): Promise<Plan> {
  const nothing: Plan = { pull: 'nothing', push: 'nothing', pullCommits: 0, pushCommits: 0, head: run.head };
  if (run.failure !== null && run.failure.code !== 'live-unknown') return nothing;
  if (run.lease !== null) {
    const replacement = await planReplacement(sql, { run, expected: run.lease, target: local.target });
    if (replacement !== null) return { ...nothing, ...replacement };
  }
  const merges = run.actions?.merge === true && run.head !== null && (run.behind ?? 0) > 0;
  const pull = local.adopts ? 'adopt' : !merges ? 'nothing' : local.target === run.head ? 'fast-forward' : 'merge';
  const pulled = { pull, pullCommits: merges ? (run.behind ?? 0) : 0 } as const;
  if (run.failure !== null) return { ...nothing, ...pulled };
  if (run.delivery !== null) {
    const commits = run.actions?.push === true ? await plannedDelivery(sql, run, local.target) : null;
    return { ...nothing, ...pulled, ...(commits === null ? {} : { push: 'deliver', pushCommits: commits }) };
  }
  const pushes =
    run.actions?.push === true &&
    (run.head === null ? local.initEmpty : !(await isAncestor(sql, local.target, run.head)));
  const pushCommits = !pushes
    ? 0
    : run.head === null
      ? await countReachable(sql, local.target)
      : await countCommits(sql, run.head, local.target);
  return {
    ...pulled,
    push: !pushes ? 'nothing' : run.head === null ? 'first-push' : 'fast-forward',
    pushCommits,
    head: pushes ? local.target : run.head,
  };
}
