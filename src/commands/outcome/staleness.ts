import { durationText } from '../../contract/duration.ts';
import { ERRORS } from '../../contract/error-codes.ts';
import type { PeerResult, RunResult, Stale } from '../../contract/result.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { minute } from '../../report/figures.ts';
import { needsDecision } from '../../report/unresolved.ts';

/** The facts that decide whether a failure of a peer counts. */
type Judging = Pick<RunResult, 'command' | 'staleAfterMs' | 'dryRun'>;

/**
 * Whether a failure may pass and the peer is not stale yet. Then it neither fails the run nor raises an alarm. A backup
 * has to be made now, so every failure of one counts. So does a failure after a merge that left rows to a person, because
 * no later run reports them.
 */
export function isWithinStaleAfter(
  peer: Pick<PeerResult, 'status' | 'error' | 'stale' | 'conflicts'>,
  run: Judging,
): boolean {
  const { status, error, stale } = peer;
  if (run.command === 'backup' || run.staleAfterMs === undefined || needsDecision(peer, run)) return false;
  return status === 'failed' && error?.retryable === true && stale === undefined;
}

/** The error of a peer that has no other. */
export function staleError(name: string, stale: Stale): NonNullable<PeerResult['error']> {
  return { code: 'stale', message: staleText(name, stale), hint: ERRORS.stale.hint, retryable: false };
}

/** That a peer with another error is stale as well, or that its failure does not count yet. */
export function stalenessProblems(peer: PeerResult, run: Judging): Diagnostic[] {
  const { name, error, stale, lastVerifiedAt } = peer;
  if (stale !== undefined) {
    if (error?.code === 'stale') return [];
    return [{ severity: 'error', code: 'stale', message: staleText(name, stale), peer: name }];
  }
  if (!isWithinStaleAfter(peer, run)) return [];
  const verified = lastVerifiedAt === null ? '' : `, because ${name} was last verified ${minute(lastVerifiedAt)}`;
  const message = `the failure does not count yet${verified}; \`--stale-after\` is ${durationText(run.staleAfterMs ?? 0)}`;
  const hint = 'No action is needed if a later run succeeds.';
  return [{ severity: 'notice', code: 'stale', message, hint, peer: name }];
}

function staleText(name: string, { since, because }: Stale): string {
  switch (because) {
    case 'unsent':
      return `${name} lacks a commit of ours that was made ${minute(since)}`;
    case 'delivered':
      return `a commit of ours that was made ${minute(since)} still waits in the inbox at ${name}`;
    case 'unread':
      return `${name} was not verified since ${minute(since)}`;
    case 'never-verified':
      return `${name} was not verified, and this machine does not know when it last was`;
  }
}
