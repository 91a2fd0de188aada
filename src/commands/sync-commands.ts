import type { RunResult } from '../contract/result.ts';
import { counted } from '../core/text.ts';
import { runAlarms } from '../report/alarm/alarms.ts';
import { annotations } from '../report/annotations.ts';
import { runOutputs } from '../report/outputs.ts';
import { COMMENT_BUDGET_BYTES, summary } from '../report/summary.ts';
import { text } from '../report/text/run-report.ts';
import { withValues } from '../report/values.ts';
import { type Command, defineCommand, type RawRequest, type Rendered } from './command.ts';
import { offerDatabase, requestedSave } from './editing/save-database.ts';
import { requestedShard } from './fan-out/shard.ts';
import type { SyncOutcome } from './on-database.ts';
import { exitCodeOf } from './outcome/exit-code.ts';
import { labelOf } from './outcome/pull-request-label.ts';
import { isWithinStaleAfter } from './outcome/staleness.ts';
import { requestedLeases, requestedRewrites } from './prepare/leases.ts';
import {
  requestedBranch,
  requestedConfig,
  requestedDolt,
  requestedJsonl,
  requestedPeers,
  requestedRoles,
} from './prepare/options.ts';
import { mayWrite, type SyncRequest } from './request.ts';
import { sync } from './sync.ts';

/** `sync`, `pull`, `push`, `status` and `plan` share one request and one result; each carries out a part. */
export function syncCommand(command: SyncRequest['command']): Command {
  return defineCommand({
    parse: (raw) => syncRequest(command, raw),
    run: async (request, context) => {
      const outcome = await sync(request, context);
      if (mayWrite(request)) await offerDatabase(request, context);
      return outcome;
    },
    render: (outcome, request) => renderRun(outcome, request),
    exitCode: ({ result }, { failOn }) => exitCodeOf(result, failOn),
  });
}

/** The result of a run in every form. */
export function renderRun(
  { result, doltPath, doltSource, locations }: SyncOutcome,
  { reportValues }: Pick<SyncRequest, 'reportValues'>,
): Rendered {
  const shown = withValues(result, reportValues);
  return {
    json: shown,
    text: (shownAs) => text(shown, reportValues, shownAs),
    outputs: () => runOutputs(shown, { doltPath, doltSource }),
    summary: () => summary(shown),
    pullRequest: (budget = COMMENT_BUDGET_BYTES) => ({ text: summary(shown, budget), label: labelOf(shown) }),
    alarm: () => runAlarms(shown, (peer) => isWithinStaleAfter(peer, shown)),
    annotations: (failing) => annotations(shown, { failing, locations }),
    verdict: verdict(shown),
  };
}

/** An event that may not write causes a dry run that opens no local endpoint. */
export function syncRequest(command: SyncRequest['command'], raw: RawRequest): SyncRequest {
  const { read, untrusted } = raw;
  const dryRun = untrusted || command === 'plan' || read('dry-run');
  return {
    command,
    only: requestedPeers(raw.operands),
    onlyRoles: requestedRoles(read('only-role')),
    shard: requestedShard(read('shard')),
    leases: requestedLeases('force-with-lease', read('force-with-lease')),
    rewrites: requestedRewrites(read),
    dryRun,
    fixRemotes: read('fix-remotes'),
    stopBd: read('stop-bd'),
    failOn: read('fail-on'),
    // A dry run sends nothing, and `pull` never does.
    staleAfter: dryRun || command === 'pull' ? undefined : read('stale-after'),
    retries: read('retries'),
    timeout: read('timeout'),
    fetchWait: read('fetch-wait'),
    mergeTimeout: read('merge-timeout'),
    credentials: raw.credentials,
    parallel: read('parallel'),
    bootstrap: read('bootstrap'),
    initEmpty: read('init-empty'),
    maxDelete: read('max-delete'),
    database: read('database'),
    save: requestedSave(read),
    branch: requestedBranch(read('branch')),
    jsonl: requestedJsonl(raw),
    reportValues: read('report-values') ?? raw.reportValues,
    untrusted,
    allowNoPeers: raw.allowNoPeers || command === 'status' || command === 'plan',
    cacheDatabase: read('cache-database') ? { visibility: raw.visibility } : undefined,
    overrides: requestedConfig(read),
    dolt: requestedDolt(raw),
  };
}

function verdict({ command, status, peers, unsaved = 0 }: RunResult): string {
  const named = peers.filter((peer) => peer.status === 'failed' || peer.status === 'conflict');
  const why = named.map((peer) => `${peer.name} ${peer.status}`);
  if (unsaved > 0) why.push(`${counted(unsaved, 'commit')} reached no peer`);
  return `${command}: ${status} (${why.join(', ')})`;
}
