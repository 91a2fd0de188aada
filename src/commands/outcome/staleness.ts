import { durationText } from '../../contract/duration.ts';
import { ERRORS } from '../../contract/error-codes.ts';
import type { PeerResult, Stale } from '../../contract/result.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { minute } from '../../report/figures.ts';

type Judged = Pick<PeerResult, 'name' | 'status' | 'error' | 'stale' | 'lastVerifiedAt'>;

/**
 * Whether a failure may pass and the peer is not stale yet. Then it fails neither the run nor raises an alarm.
 * @param staleAfter undefined: every failure counts at once
 */
export function isWithinStaleAfter(
  { status, error, stale }: Pick<Judged, 'status' | 'error' | 'stale'>,
  staleAfter: number | undefined,
): boolean {
  return staleAfter !== undefined && status === 'failed' && error?.retryable === true && stale === undefined;
}

/** The error of a peer that has no other. */
export function staleError(name: string, stale: Stale): NonNullable<PeerResult['error']> {
  return { code: 'stale', message: staleText(name, stale), hint: ERRORS.stale.hint, retryable: false };
}

/** That a peer with another error is stale as well, or that its failure does not count yet. */
export function stalenessProblems(peer: Judged, staleAfter: number | undefined): Diagnostic[] {
  const { name, error, stale, lastVerifiedAt } = peer;
  if (stale !== undefined) {
    if (error?.code === 'stale') return [];
    return [{ severity: 'error', code: 'stale', message: staleText(name, stale), peer: name }];
  }
  if (!isWithinStaleAfter(peer, staleAfter)) return [];
  const verified = lastVerifiedAt === null ? '' : `, because ${name} was last verified ${minute(lastVerifiedAt)}`;
  const message = `the failure does not count yet${verified}; \`--stale-after\` is ${durationText(staleAfter ?? 0)}`;
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
      return `${name} could not be read, and was last verified ${minute(since)}`;
    case 'never-verified':
      return `${name} could not be read, and this machine does not know when it was last verified`;
  }
}
