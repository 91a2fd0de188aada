import { Failure } from '../core/failure.ts';

/** Another writer moved our branch after the peers received the merged commits. */
export function movedMeanwhile(message: string): Failure {
  const hint = 'Run again. Nothing is lost: the next run merges the pushed commits.';
  return new Failure('contention', message, { hint });
}
