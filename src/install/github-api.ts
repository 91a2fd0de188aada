import { limitedText } from '../core/budget.ts';
import type { Env } from '../core/env.ts';
import { errorMessage } from '../core/failure.ts';
import { limitedJson } from '../core/json.ts';
import { isSafeAddress } from '../core/secrets.ts';
import type { InstallContext } from './dolt-request.ts';
import type { Unreachable } from './http.ts';
import { type Answer, ask, askFollowing } from './http.ts';

/** Address of GitHub's API, and the token for it. */
export interface GithubApi {
  readonly base: string;
  readonly token: string | null;
}

/** JSON to parse, or why there is none. */
export type ApiAnswer =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly reason: string }
  | Unreachable;

/** A hundred releases of Dolt take about 3 MB. */
const MAX_BYTES = 16 * 1024 * 1024;
const PUBLIC_API = 'https://api.github.com';

/**
 * Dolt's releases are on github.com. The job's GITHUB_API_URL is used only if its server is github.com or not set: the
 * API of an Enterprise server does not have Dolt, and its token must not be sent to github.com, which would also answer
 * "Bad credentials". A token is only sent over https or to this machine.
 */
export function githubApi(env: Env, token: string | undefined): GithubApi {
  if (!isGithubCom(env['GITHUB_SERVER_URL'])) return { base: PUBLIC_API, token: null };
  const base = (env['GITHUB_API_URL'] ?? PUBLIC_API).replace(/(?<!\/)\/+$/, '');
  return { base, token: token !== undefined && token !== '' && isSafeAddress(base) ? token : null };
}

/**
 * Requests one path of the API. After a 401 it retries without the token, and follows redirects without it.
 * @throws Failure `interrupted` and `dolt-download-failed` as http.ts does
 */
export async function askGithub(path: string, api: GithubApi, context: InstallContext): Promise<ApiAnswer> {
  const request = {
    url: `${api.base}${path}`,
    headers: headers(null),
    signal: context.signal,
    pausesMs: context.pausesMs,
  };
  if (api.token !== null) {
    const answer = await ask({ ...request, headers: headers(api.token) });
    if (answer.kind === 'unreachable') return answer;
    if (answer.status !== 401 && answer.location === null) return await read(answer);
    answer.body.destroy();
    if (answer.status === 401) context.log.debug(`${api.base} does not accept the token: asking without it`);
  }
  const answer = await askFollowing(request);
  return answer.kind === 'unreachable' ? answer : await read(answer);
}

function headers(token: string | null): Record<string, string> {
  const common = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };
  return token === null ? common : { ...common, authorization: `Bearer ${token}` };
}

async function read(answer: Answer): Promise<ApiAnswer> {
  if (answer.status !== 200) answer.body.destroy();
  if (answer.status === 404) return { kind: 'missing' };
  if (answer.status === 403 || answer.status === 429) {
    return { kind: 'refused', reason: `GitHub's API answered ${answer.status}, probably its rate limit` };
  }
  if (answer.status !== 200) return { kind: 'refused', reason: `GitHub's API answered ${answer.status}` };
  try {
    return { kind: 'json', value: limitedJson(await limitedText(answer.body, MAX_BYTES)) };
  } catch (thrown) {
    return { kind: 'refused', reason: `GitHub's API answered without JSON: ${errorMessage(thrown)}` };
  }
}

function isGithubCom(serverUrl: string | undefined): boolean {
  if (serverUrl === undefined) return true;
  return URL.canParse(serverUrl) && new URL(serverUrl).hostname === 'github.com';
}
