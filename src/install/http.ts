import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { readEnv } from '../core/env.ts';
import { errorMessage, Failure } from '../core/failure.ts';
import { endsWithin, monotonicMs } from '../core/time.ts';
import { NotReached } from '../egress/dial.ts';
import { sendRequest } from '../egress/https-request.ts';

/** A server's response; `body` must be read or destroyed. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Absolute address of a redirect, null if there is none. */
  readonly location: string | null;
  readonly body: IncomingMessage;
}

interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** How long to wait before each retry; absent: what suits a busy host. */
  readonly pausesMs?: readonly number[] | undefined;
  /** How long one answer may take, with its body; absent: two minutes. */
  readonly answerMs?: number;
}

const SILENCE_MS = 60_000;
/** A host that sends a byte now and then is not silent. */
const ANSWER_MS = 120_000;
const PAUSES_MS = [500, 2_000];
const MAX_REDIRECTS = 5;

/**
 * One request through the proxy of the environment, by the same rules as every other connection of a run. Redirects are not
 * followed. A silent or busy server is retried twice.
 * @throws Failure `interrupted`, or `dolt-download-failed` if the connection fails although the host is reachable, such
 * as for a certificate
 */
export async function ask(request: HttpRequest): Promise<Answer | Unreachable> {
  for (const milliseconds of request.pausesMs ?? PAUSES_MS) {
    const answer = await attempt(request);
    const passing = answer.kind === 'answer' ? answer.status >= 500 || answer.status === 429 : answer.passing;
    if (!passing) return answer;
    if (answer.kind === 'answer') answer.body.destroy();
    await orInterrupted(delay(milliseconds), request.signal);
  }
  return await attempt(request);
}

/** Like `ask`, but follows redirects; the headers are only sent to the first host, and https never becomes http. */
export async function askFollowing(request: HttpRequest): Promise<Answer | Unreachable> {
  let current = request;
  for (let followed = 0; followed <= MAX_REDIRECTS; followed += 1) {
    const answer = await ask(current);
    if (answer.kind === 'unreachable' || answer.location === null) return answer;
    answer.body.destroy();
    current = { ...request, headers: {}, url: redirectTarget(current.url, answer.location) };
  }
  throw new Failure('dolt-download-failed', `${request.url} redirects more than ${MAX_REDIRECTS} times`);
}

async function attempt(request: HttpRequest): Promise<Answer | (Unreachable & { readonly passing: boolean })> {
  const { url, method = 'GET', headers = {}, signal, answerMs = ANSWER_MS } = request;
  const began = monotonicMs();
  const ending = new AbortController();
  const ends = AbortSignal.any([signal, ending.signal]);
  try {
    const context = { env: readEnv(), signal: ends, answerMs: SILENCE_MS, mayBePlain: true };
    const asking = sendRequest(context, { url, method, headers });
    const late = new Error(`the answer takes longer than ${answerMs / 1000} s`);
    if (!(await orInterrupted(endsWithin(asking, answerMs), signal))) throw late;
    const message = await asking;
    message.setTimeout(SILENCE_MS, () => message.destroy(new Error(`no data for ${SILENCE_MS / 1000} s`)));
    const timer = setTimeout(() => message.destroy(late), answerMs - (monotonicMs() - began));
    timer.unref();
    message.once('close', () => clearTimeout(timer));
    const status = message.statusCode ?? 0;
    const target = status >= 300 && status < 400 ? message.headers.location : undefined;
    return { kind: 'answer', status, location: target === undefined ? null : new URL(target, url).href, body: message };
  } catch (thrown) {
    // A connection would keep the process running.
    ending.abort();
    if (thrown instanceof Failure) throw thrown;
    const kind = reachability(thrown);
    if (kind !== 'other') return { kind: 'unreachable', reason: errorMessage(thrown), passing: kind === 'passing' };
    throw new Failure('dolt-download-failed', `${url} could not be reached: ${errorMessage(thrown)}`, {
      hint: UNKNOWN_AUTHORITY.includes(errorCode(thrown) ?? '') ? AUTHORITY_HINT : undefined,
      cause: thrown,
    });
  }
}

function orInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Failure('interrupted', 'The installation of Dolt was interrupted'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** A host that did not answer, in contrast to a refusal. */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly reason: string;
}

/** Error codes of Node for an unreachable host. */
const PERMANENT = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'];
const PASSING = ['EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET', 'ECONNABORTED', 'EPIPE'];

/** Error codes of Node for a certificate that no known authority has signed. */
const UNKNOWN_AUTHORITY: readonly string[] = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
];
const AUTHORITY_HINT =
  'If this network has a certificate authority of its own, name its PEM file in NODE_EXTRA_CA_CERTS, and for peers in SSL_CERT_FILE.';

const withCode = z.object({ code: z.string() });
const withErrors = z.object({ errors: z.array(withCode) });

/**
 * Whether an error means that the host is unreachable, and whether that may be temporary. A bad certificate or a
 * refused redirect is neither: the host answered.
 */
export function reachability(thrown: unknown): 'passing' | 'permanent' | 'other' {
  if (thrown instanceof NotReached) return 'passing';
  const code = errorCode(thrown);
  if (code === null) return 'other';
  if (PERMANENT.includes(code)) return 'permanent';
  return PASSING.includes(code) ? 'passing' : 'other';
}

/** Node puts the errors of several addresses of one host into an AggregateError; all have the same cause. */
function errorCode(thrown: unknown): string | null {
  const own = withCode.safeParse(thrown);
  if (own.success) return own.data.code;
  return withErrors.safeParse(thrown).data?.errors[0]?.code ?? null;
}

/**
 * The target of a redirect: any, but never from https to an insecure URL.
 * @throws Failure `dolt-download-failed`
 */
export function redirectTarget(from: string, location: string): string {
  if (from.startsWith('https:') && !location.startsWith('https:')) {
    throw new Failure('dolt-download-failed', `${from} redirects from https to "${location}"`);
  }
  return location;
}
