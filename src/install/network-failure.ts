import { z } from 'zod';
import { errorMessage } from '../core/failure.ts';

/** A host that did not answer at all, as opposed to one that answered no. */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly reason: string;
}

/** Error codes of Node for "nobody is there". A proxy that refuses a tunnel is ECONNRESET (npm `tunnel`, measured). */
const PERMANENT = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'];
const PASSING = ['EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET', 'ECONNABORTED', 'EPIPE'];

const withCode = z.object({ code: z.string() });
const withErrors = z.object({ errors: z.array(withCode) });

/**
 * Whether an error of a request says that the host cannot be reached, and whether that may pass by itself.
 * A bad certificate or a refused redirect is neither: somebody did answer.
 */
export function reachability(thrown: unknown): 'passing' | 'permanent' | 'other' {
  const code = errorCode(thrown);
  if (code === null) return isTimeout(thrown) ? 'passing' : 'other';
  if (PERMANENT.includes(code)) return 'permanent';
  return PASSING.includes(code) ? 'passing' : 'other';
}

/** Node puts the errors of several addresses of one host into an AggregateError; all tell the same story. */
function errorCode(thrown: unknown): string | null {
  const own = withCode.safeParse(thrown);
  if (own.success) return own.data.code;
  return withErrors.safeParse(thrown).data?.errors[0]?.code ?? null;
}

/** The timeout of @actions/http-client 4 carries no code. */
function isTimeout(thrown: unknown): boolean {
  return errorMessage(thrown).startsWith('Request timeout');
}
