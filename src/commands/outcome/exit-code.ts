import { ERRORS } from '../../contract/error-codes.ts';
import { EXIT, type ExitCode } from '../../contract/exit-codes.ts';
import type { PeerResult, RunResult } from '../../contract/result.ts';
import type { FailOn, RunStatus } from '../../contract/vocabulary.ts';
import type { Failure } from '../../core/failure.ts';
import { isWithinStaleAfter } from './staleness.ts';

/** The exit code of each status if every failure counts. */
export const BY_STATUS: Readonly<Record<RunStatus, ExitCode>> = {
  unchanged: EXIT.ok,
  success: EXIT.ok,
  skipped: EXIT.ok,
  partial: EXIT.partial,
  conflict: EXIT.conflict,
  failed: EXIT.failed,
};

/** The exit code of a run that got as far as a result. */
export function exitCodeOf(result: RunResult, failOn: FailOn): ExitCode {
  // The coming loss is not the failure of a peer.
  if ((result.unsaved ?? 0) > 0) return EXIT.failed;
  if (result.status === 'skipped') return EXIT.ok;
  switch (failOn) {
    case 'none':
      return EXIT.ok;
    case 'any':
      return ofAll(result);
    case 'primary':
      return ofPrimary(
        result.peers.find((peer) => peer.role === 'primary'),
        result,
      );
  }
}

/** Failures that do not count yet do not change the exit code. */
function ofAll(result: RunResult): ExitCode {
  const { status, peers, problems } = result;
  const failed = peers.filter((peer) => peer.status === 'failed');
  const waiting = failed.filter((peer) => isWithinStaleAfter(peer, result));
  if (waiting.length === 0 || waiting.length < failed.length) return BY_STATUS[status];
  if (peers.some((peer) => peer.status === 'conflict')) return EXIT.conflict;
  const isRunFailed = problems.some(({ severity, peer }) => severity === 'error' && peer === null);
  return isRunFailed ? EXIT.partial : EXIT.ok;
}

function ofPrimary(primary: PeerResult | undefined, result: RunResult): ExitCode {
  if (primary?.status === 'failed') return isWithinStaleAfter(primary, result) ? EXIT.ok : EXIT.failed;
  return primary?.status === 'conflict' ? EXIT.conflict : EXIT.ok;
}

/** The exit code of a command that a failure stopped. */
export function exitCodeOfFailure(failure: Failure): ExitCode {
  return ERRORS[failure.code].exit;
}
