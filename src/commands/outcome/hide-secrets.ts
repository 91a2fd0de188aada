import { Failure, problemsOf } from '../../core/failure.ts';
import { type Hide, hideInDoctor, hideInRun } from '../../report/hide-secrets.ts';
import type { Outcome } from './outcome.ts';

/** What a command gave back, without the secrets of its run. */
export function hideInOutcome(outcome: Outcome, hide: Hide): Outcome {
  switch (outcome.command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return { ...outcome, result: hideInRun(outcome.result, hide) };
    case 'doctor':
      return { ...outcome, result: hideInDoctor(outcome.result, hide) };
    // What these give back was written by this project or by the user; nobody else had a word in it.
    case 'add-peer':
    case 'remove-peer':
    case 'resolve':
    case 'list-peers':
    case 'config':
    case 'install':
    case 'demo':
      return outcome;
  }
}

/** What stopped a command, without the secrets of its run. */
export function hideInFailure(failure: Failure, hide: Hide): Failure {
  const problems = problemsOf(failure);
  return new Failure(failure.code, hide(failure.message), {
    hint: hide(failure.hint),
    location: failure.location ?? undefined,
    cause: problems[0] === failure ? failure.cause : problems.map((problem) => hideInFailure(problem, hide)),
  });
}
