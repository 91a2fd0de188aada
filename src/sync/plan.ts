import type { Plan } from '../contract/result.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { countCommits, countReachable } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { plannedDelivery } from './deliver.ts';
import { planReplacement } from './history/lease.ts';
import { refuseUnknownLive } from './incoming/live-unknown.ts';
import type { PeerProgress } from './peer-progress.ts';
import { divergedBranch, pushVerdict, refusedFirstPush } from './push.ts';
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
  if (run.actions?.push !== true) return { ...nothing, ...pulled };
  const verdict = await pushVerdict(sql, run.head, local.target);
  switch (verdict) {
    case 'up-to-date':
      return { ...nothing, ...pulled };
    case 'diverged':
      run.fail(divergedBranch(run));
      return { ...nothing, ...pulled };
    case 'first-push': {
      if (!local.initEmpty) {
        run.fail(refusedFirstPush(run));
        return { ...nothing, ...pulled };
      }
      const pushCommits = await countReachable(sql, local.target);
      return { ...pulled, push: verdict, pushCommits, head: local.target };
    }
    case 'fast-forward': {
      const pushCommits = run.head === null ? 0 : await countCommits(sql, run.head, local.target);
      return { ...pulled, push: verdict, pushCommits, head: local.target };
    }
  }
}
