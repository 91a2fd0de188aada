const MAX_SHOWN = 200;
const HIDDEN = '***';

/**
 * An endpoint as messages may show it: in quotes, cut at 200 characters, invisible characters escaped, and without
 * what may be secret (a password or encoded part before an `@`, the values of a query, a fragment).
 */
export function quoteEndpoint(written: string): string {
  const open = hideTail(hideUserinfo(written), /[?#]/u);
  const cut = open.length > MAX_SHOWN ? `${open.slice(0, MAX_SHOWN)}…` : open;
  return `"${cut.replace(/[\p{C}\p{Z}"\\]/gu, visible)}"`;
}

/** Cuts at the last `@`: a password may itself hold `@` or `/`. */
function hideUserinfo(written: string): string {
  const slashes = written.indexOf('//');
  const start = slashes === -1 ? 0 : slashes + 2;
  const end = written.lastIndexOf('@');
  if (end < start) return written;
  const userinfo = written.slice(start, end);
  const plainUser = /^[A-Za-z0-9._-]*(?=:|$)/.exec(userinfo)?.[0] ?? '';
  if (plainUser === userinfo && !looksLikeToken(userinfo)) return written;
  const user = looksLikeToken(plainUser) ? HIDDEN : plainUser;
  return `${written.slice(0, start)}${user}:${HIDDEN}${written.slice(end)}`;
}

function hideTail(written: string, from: RegExp): string {
  const index = written.search(from);
  return index === -1 ? written : `${written.slice(0, index + 1)}${HIDDEN}`;
}

function visible(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return character === ' ' ? ' ' : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/**
 * Whether a user name is in truth an access token, by the prefixes that GitHub and GitLab give theirs
 * (https://docs.github.com/authentication "GitHub's token formats", https://docs.gitlab.com/security/tokens).
 */
export function looksLikeToken(user: string): boolean {
  return /^(gh[a-z]_|github_pat_|gl[a-z]{2,6}-)/.test(user);
}
