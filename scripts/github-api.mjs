// @ts-check
/** GitHub's API for scripts of workflows: it reads GITHUB_API_URL, GITHUB_REPOSITORY and GH_TOKEN. */

/** @param {string} name of a variable */
export function required(name) {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: the workflow of this script sets it`);
  return value;
}

/**
 * One answer of the API as JSON.
 * @param {string} path below the repository
 * @param {{ method?: 'GET' | 'POST' | 'PATCH', body?: object, mayBeAbsent?: boolean }} [request] `mayBeAbsent`: the answer 404
 *   is null, and no error
 */
export async function callApi(path, { method = 'GET', body, mayBeAbsent = false } = {}) {
  const base = (process.env['GITHUB_API_URL'] ?? 'https://api.github.com').replace(/\/+$/, '');
  const url = `${base}/repos/${required('GITHUB_REPOSITORY')}/${path}`;
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${required('GH_TOKEN')}`, accept: 'application/vnd.github+json' },
    redirect: 'error',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (mayBeAbsent && answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}
