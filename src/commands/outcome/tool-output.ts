import { errorMessage, type Failure } from '../../core/failure.ts';
import type { Secrets } from '../../core/secrets.ts';

/** How many characters of a tool's output one line of the log may hold. */
const TAIL_CHARACTERS = 4_000;
const MAX_DEPTH = 10;

/**
 * The end of the tool output that is the cause of a failure, without secrets; null if the message already says
 * everything.
 */
export function toolOutput(failure: Failure, secrets: Secrets): string | null {
  let deepest: unknown = failure;
  for (let depth = 0; depth < MAX_DEPTH && deepest instanceof Error && deepest.cause != null; depth += 1) {
    deepest = deepest.cause;
  }
  const words = deepest === failure ? '' : secrets.redact(errorMessage(deepest)).trim();
  return words === '' ? null : words.slice(-TAIL_CHARACTERS);
}
