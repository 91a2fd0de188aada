import type { IncomingHttpHeaders } from 'node:http';
import { HttpClient } from '@actions/http-client';
import { z } from 'zod';
import type { Env } from '../core/env.ts';
import { errorMessage } from '../core/failure.ts';

/** One repository at the API of the server that runs the job. */
export interface Repository {
  /** `https://api.github.com`, or the API of an Enterprise server. */
  readonly api: string;
  /** `owner/name`. */
  readonly name: string;
  readonly token: string;
}

/** What the API answered. `refused`: the token may not do this · `failed`: anything else that did not work. */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'missing' | 'refused' | 'failed'; readonly reason: string };

/** What was not written: the token may not, or the API failed. */
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
}

const USER_AGENT = 'dolt-federation';
const TIMEOUT_MS = 20_000;
/** Answers of GitHub are smaller. The limit protects the memory from another server. */
const MAX_BYTES = 32 * 1024 * 1024;
const VERSION = '2022-11-28';

const INSECURE_HOSTS: readonly string[] = ['127.0.0.1', '[::1]', 'localhost'];
const REPOSITORY = /^[A-Za-z0-9][\w.-]*\/[\w.-]+$/;

/**
 * The repository of the job, at the API that the runner names. So a token of an Enterprise server only goes there.
 * @returns null outside a job, without a token, or if the token would travel over plain http
 */
export function repositoryOfJob(env: Env, token: string | undefined): Repository | null {
  const name = env['GITHUB_REPOSITORY'] ?? '';
  const api = (env['GITHUB_API_URL'] ?? '').replace(/(?<!\/)\/+$/, '');
  if (token === undefined || token === '' || !REPOSITORY.test(name) || !URL.canParse(api)) return null;
  const { protocol, hostname } = new URL(api);
  return protocol === 'https:' || INSECURE_HOSTS.includes(hostname) ? { api, name, token } : null;
}

/**
 * One call of the API. Redirects are not followed, because the token must not go elsewhere, and nothing is retried: a
 * call that seemed to fail may have had its effect.
 */
export async function call<T>(
  repository: Repository,
  { method, path, ofServer, body, schema }: Call<T>,
): Promise<Answer<T>> {
  const { api, name, token } = repository;
  const client = new HttpClient(USER_AGENT, [], {
    allowRetries: false,
    allowRedirects: false,
    socketTimeout: TIMEOUT_MS,
  });
  const resource = ofServer === true ? path : `/repos/${name}${path}`;
  const subject = `${method} ${resource}`;
  try {
    const headers = {
      accept: 'application/vnd.github+json',
      'content-type': 'application/json',
      'x-github-api-version': VERSION,
      authorization: `Bearer ${token}`,
    };
    const text = body === undefined ? null : JSON.stringify(body);
    const { message } = await client.request(method, `${api}${resource}`, text, headers);
    const status = message.statusCode ?? 0;
    const answer = await readBody(message);
    if (status === 404) return { kind: 'missing', reason: `${subject} answered 404` };
    if (status === 410) return { kind: 'failed', reason: `${subject} answered 410: the repository has it disabled` };
    if (isLimited(status, message.headers))
      return { kind: 'failed', reason: `${subject} answered ${status}: the rate limit is reached` };
    if (status === 401 || status === 403) return { kind: 'refused', reason: `${subject} answered ${status}` };
    if (status < 200 || status > 299) return { kind: 'failed', reason: `${subject} answered ${status}` };
    const parsed = schema.safeParse(answer === '' ? null : JSON.parse(answer));
    if (parsed.success) return { kind: 'ok', value: parsed.data };
    return { kind: 'failed', reason: `${subject} answered something unexpected: ${z.prettifyError(parsed.error)}` };
  } catch (thrown) {
    return { kind: 'failed', reason: `${subject} failed: ${errorMessage(thrown)}` };
  } finally {
    client.dispose();
  }
}

/** GitHub limits rates with 403 as well, and then says so in a header. */
function isLimited(status: number, headers: IncomingHttpHeaders): boolean {
  if (status === 429) return true;
  return status === 403 && (headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined);
}

async function readBody(message: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
