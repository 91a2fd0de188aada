import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { Budget, limitedText } from '../core/budget.ts';
import type { Env } from '../core/env.ts';
import { errorMessage } from '../core/failure.ts';
import { throwIfInterrupted } from '../core/interruption.ts';
import { limitedJson } from '../core/json.ts';
import { isSafeAddress } from '../core/secrets.ts';
import { shorten } from '../core/text.ts';
import { endsWithin, monotonicMs } from '../core/time.ts';
import { sendRequest } from '../egress/https-request.ts';

/** One repository at the API of the server that runs the job. */
export interface Repository {
  /** `https://api.github.com`, or the API of an Enterprise server. */
  readonly api: string;
  /** `owner/name`. */
  readonly name: string;
  readonly token: string;
  /** Of the job: its proxy is used. */
  readonly env: Env;
  /** Aborted by a signal that ends the run. */
  readonly signal: AbortSignal;
  /** Absent: each call has only a limit of its own. */
  readonly limits?: CallLimits;
}

/** Time limits of calls: a server may keep sending a byte now and then. */
interface CallLimits {
  /** Of one call. */
  readonly callMs: number;
  /** The end of all calls, of the monotonic clock. */
  readonly until: number;
}

/** The answer of the API. `refused`: the token may not do this · `failed`: anything else that did not work. */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'missing' | 'refused' | 'failed'; readonly reason: string };

/** Nothing was written: the token may not do it, or the API failed. */
export interface Unwritten {
  readonly kind: 'unwritten';
  readonly reason: string;
}

interface Call<T> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the repository, such as `/issues/7/comments`. */
  readonly path: string;
  /** Whether the path is below the API itself, such as `/user`. */
  readonly ofServer?: true;
  readonly body?: unknown;
  readonly schema: z.ZodType<T>;
  /** Of the pages of one list. */
  readonly held?: Budget;
}

/** To accept a connection, and to answer. */
const ANSWER_MS = 20_000;
const CALL_MS = 30_000;
/** Answers of GitHub are smaller. The limit protects the memory from another server. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_REASON = 300;
const VERSION = '2022-11-28';

const REPOSITORY = /^[A-Za-z0-9][\w.-]*\/[\w.-]+$/;

/**
 * The repository of the job, at the API that the runner names. So a token of an Enterprise server only goes there.
 * @returns null outside a job, without a token, or if the token would travel over plain http
 */
export function repositoryOfJob(
  { env, signal }: Pick<Repository, 'env' | 'signal'>,
  token: string | undefined,
): Repository | null {
  const name = env['GITHUB_REPOSITORY'] ?? '';
  const api = (env['GITHUB_API_URL'] ?? '').replace(/(?<!\/)\/+$/, '');
  if (token === undefined || token === '' || !REPOSITORY.test(name) || !isSafeAddress(api)) return null;
  return { api, name, token, env, signal };
}

/** The repository for several calls that may take so long together. */
export function within(repository: Repository, allMs: number, callMs: number = CALL_MS): Repository {
  return { ...repository, limits: { callMs, until: monotonicMs() + allMs } };
}

/**
 * One call of the API. Redirects are not followed, because the token must not go elsewhere, and nothing is retried: a
 * call that seemed to fail may have had its effect.
 * @throws Failure `interrupted`
 */
export async function call<T>(
  repository: Repository,
  { method, path, ofServer, body, schema, held }: Call<T>,
): Promise<Answer<T>> {
  const resource = ofServer === true ? path : `/repos/${repository.name}${path}`;
  const subject = `${method} ${resource}`;
  const { callMs, until } = repository.limits ?? { callMs: CALL_MS, until: Number.POSITIVE_INFINITY };
  const left = Math.min(callMs, until - monotonicMs());
  if (left <= 0) return { kind: 'failed', reason: `${subject} was not tried: the time for all calls is over` };
  const ending = new AbortController();
  const signal = AbortSignal.any([repository.signal, ending.signal]);
  const asking = ask(repository, { method, resource, body }, signal);
  try {
    if (!(await endsWithin(asking, left))) return { kind: 'failed', reason: `${subject} took longer than ${left} ms` };
    const { status, headers, answer } = await asking;
    if (status === 404) return { kind: 'missing', reason: `${subject} answered 404` };
    if (status === 410) return { kind: 'failed', reason: `${subject} answered 410: the repository has it disabled` };
    if (isLimited(status, headers))
      return { kind: 'failed', reason: `${subject} answered ${status}: the rate limit is reached` };
    if (status === 401 || status === 403) return { kind: 'refused', reason: `${subject} answered ${status}` };
    if (status < 200 || status > 299) return { kind: 'failed', reason: `${subject} answered ${status}` };
    const parsed = schema.safeParse(answer === '' ? null : limitedJson(answer, held));
    if (parsed.success) return { kind: 'ok', value: parsed.data };
    const why = shorten(z.prettifyError(parsed.error), MAX_REASON);
    return { kind: 'failed', reason: `${subject} answered something unexpected: ${why}` };
  } catch (thrown) {
    throwIfInterrupted(repository.signal);
    return { kind: 'failed', reason: `${subject} failed: ${errorMessage(thrown)}` };
  } finally {
    // A connection, also one to a proxy, would keep the process running.
    ending.abort();
  }
}

const PAGE = 100;
/** The 2,500 comments that GitHub allows on one issue need about half of it. */
const LIST_BYTES = 64 * 1024 * 1024;

interface PagedList<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly maxPages: number;
  readonly keep?: (entry: T) => boolean;
}

/**
 * All entries of a list, page by page.
 * @param list.path with a query that can be continued: it ends with `?` or `&`
 * @param list.keep which entries are held in memory and returned; absent: all
 */
export async function callPages<T>(
  repository: Repository,
  { path, schema, maxPages, keep = () => true }: PagedList<T>,
): Promise<Answer<readonly T[]>> {
  const all: T[] = [];
  const held = new Budget('the pages of the list', LIST_BYTES);
  for (let page = 1; page <= maxPages; page += 1) {
    const answer = await call(repository, {
      method: 'GET',
      path: `${path}per_page=${PAGE}&page=${page}`,
      schema: z.array(schema).max(PAGE),
      held,
    });
    if (answer.kind !== 'ok') return answer;
    all.push(...answer.value.filter(keep));
    if (answer.value.length < PAGE) break;
  }
  return { kind: 'ok', value: all };
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly answer: string;
}

/** Sends a request, and reads its answer. @throws errors of the connection */
async function ask(
  { api, token, env }: Repository,
  { method, resource, body }: Pick<Call<unknown>, 'method' | 'body'> & { readonly resource: string },
  signal: AbortSignal,
): Promise<Answered> {
  const headers = {
    accept: 'application/vnd.github+json',
    'content-type': 'application/json',
    'x-github-api-version': VERSION,
    authorization: `Bearer ${token}`,
  };
  const context = { env, signal, answerMs: ANSWER_MS };
  const text = body === undefined ? undefined : { text: JSON.stringify(body) };
  const message = await sendRequest(context, { url: `${api}${resource}`, method, headers, body: text });
  return { status: message.statusCode ?? 0, headers: message.headers, answer: await limitedText(message, MAX_BYTES) };
}

/** GitHub limits rates with 403 as well, and then says so in a header. */
function isLimited(status: number, headers: IncomingHttpHeaders): boolean {
  if (status === 429) return true;
  return status === 403 && (headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined);
}
