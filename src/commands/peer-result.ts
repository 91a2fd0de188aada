import type { ErrorCode } from '../contract/error-codes.ts';
import { ERRORS } from '../contract/error-codes.ts';
import type { PeerResult, Problem } from '../contract/result.ts';
import { Failure } from '../core/failure.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { peerStatus } from './run-status.ts';

/** One peer's run as the JSON shows it. */
export function peerResult(run: PeerRun): PeerResult {
  return {
    name: run.peer.name,
    endpoint: run.peer.endpoint.written,
    role: run.peer.role,
    tier: run.peer.tier,
    state: run.state,
    status: peerStatus(run),
    ahead: run.ahead,
    behind: run.behind,
    pulledCommits: run.pulledCommits,
    pushedCommits: run.pushedCommits,
    remoteHead: run.head,
    verified: run.verified,
    lastVerifiedAt: run.lastVerifiedAt,
    oldestUnsyncedAt: run.oldestUnsyncedAt,
    conflicts: run.conflicts,
    ...(run.held.length === 0 ? {} : { held: [...run.held] }),
    error: errorOf(run.failure ?? collision(run)),
    attempts: run.attempts,
    durationMs: run.durationMs,
    ...(run.plan === null ? {} : { plan: run.plan }),
    ...(run.replaced === null ? {} : { replaced: run.replaced }),
    ...(run.adopted === null ? {} : { adopted: run.adopted }),
    ...(run.rewritten === null ? {} : { rewritten: run.rewritten }),
    ...(run.part === null || run.remembered !== null || run.inbox !== null ? {} : { memory: 'none' as const }),
  };
}

/** Rows of a merge that went through and yet has to be looked at; null where there are none. */
function collision({ peer, conflicts }: PeerRun): Failure | null {
  const left = conflicts.filter((conflict) => conflict.left);
  if (left.length === 0) return null;
  const tables = [...new Set(left.map(({ table }) => table))].join(', ');
  return new Failure(
    'id-collision',
    `${left.length} row(s) of ${tables} were added here and at ${peer.name} under one key; the rest was merged`,
  );
}

function errorOf(failure: Failure | null): PeerResult['error'] {
  if (failure === null) return null;
  return { code: failure.code, message: failure.message, hint: failure.hint, retryable: failure.retryable };
}

/** Something to tell besides the peers' own results. */
export function problem(
  severity: Problem['severity'],
  code: ErrorCode,
  told: { readonly message: string; readonly hint?: string; readonly peer?: string },
): Problem {
  return {
    severity,
    code,
    message: told.message,
    hint: told.hint ?? ERRORS[code].hint,
    peer: told.peer ?? null,
    file: null,
    line: null,
    column: null,
  };
}
