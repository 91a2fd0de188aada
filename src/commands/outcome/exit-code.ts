import { ERRORS } from '../../contract/error-codes.ts';
import { EXIT, type ExitCode } from '../../contract/exit-codes.ts';
import type { PeerResult, RunResult } from '../../contract/result.ts';
import type { FailOn, RunStatus } from '../../contract/vocabulary.ts';
import type { Failure } from '../../core/failure.ts';

const BY_STATUS: Readonly<Record<RunStatus, ExitCode>> = {
  unchanged: EXIT.ok,
  success: EXIT.ok,
  skipped: EXIT.ok,
  partial: EXIT.partial,
  conflict: EXIT.conflict,
  failed: EXIT.failed,
};

/** The exit code of a run that got as far as a result. */
export function exitCodeOf(result: RunResult, failOn: FailOn): ExitCode {
  // What is about to be lost is no peer's failure.
  if ((result.unsaved ?? 0) > 0) return EXIT.failed;
  if (result.status === 'skipped') return EXIT.ok;
  switch (failOn) {
    case 'none':
      return EXIT.ok;
    case 'any':
      return BY_STATUS[result.status];
    case 'primary':
      return ofPrimary(result.peers.find((peer) => peer.role === 'primary'));
  }
}

function ofPrimary(primary: PeerResult | undefined): ExitCode {
  if (primary?.status === 'failed') return EXIT.failed;
  return primary?.status === 'conflict' ? EXIT.conflict : EXIT.ok;
}

/** The exit code of a command that a failure stopped. */
export function exitCodeOfFailure(failure: Failure): ExitCode {
  return ERRORS[failure.code].exit;
}
