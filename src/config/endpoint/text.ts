import { Failure } from '../../core/failure.ts';
import { REDACTED, redact } from '../../core/secrets.ts';
import { shorten } from '../../core/text.ts';
import { ENDPOINT_FORMS, formOf } from './kinds.ts';

/**
 * Refuses characters that no part of an endpoint may contain, encoded or decoded. Format characters count as control
 * characters: they make two different endpoints look the same.
 * @throws Failure `invalid-endpoint`.
 */
export function refuseUnsafeText(written: string, part: string): void {
  if (part === '') throw invalidEndpoint(written, 'it has an empty part (a doubled or trailing separator counts)');
  if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(part)) throw invalidEndpoint(written, 'it contains a control character');
  if (/[\s\p{Z}]/u.test(part)) throw invalidEndpoint(written, 'it contains whitespace');
  if (part.includes('\\')) throw invalidEndpoint(written, 'it contains a backslash');
  if (part.startsWith('-')) throw invalidEndpoint(written, 'a part starts with "-" and would be read as an option');
}

/**
 * The text of one part after percent-decoding, checked again. Dolt decodes some parts twice (Dolt 2.3.0,
 * dbfactory/file.go and url.Parse), so a part that still holds `%` after decoding is refused.
 * @throws Failure `invalid-endpoint`, `secret-in-config` for a text with the form of a secret.
 */
export function decodePart(written: string, part: string): string {
  const decoded = percentDecode(written, part);
  refuseUnsafeText(written, decoded);
  const ascii = inAscii(decoded);
  if (redact(ascii) !== ascii) throw secretInEndpoint(written.replaceAll(part, REDACTED), 'a secret');
  if (decoded.includes('%')) throw invalidEndpoint(written, 'it contains a "%" that is encoded twice');
  if (/[?#]/.test(decoded)) throw invalidEndpoint(written, 'a part contains an encoded "?" or "#"');
  return decoded;
}

/**
 * The decoded segments of a path given without its leading slash.
 * @throws Failure `invalid-endpoint` for empty, `.`, `..`, option-like and undecodable segments and encoded slashes.
 */
export function decodePath(written: string, path: string): readonly string[] {
  return path.split('/').map((segment) => {
    const decoded = decodePart(written, segment);
    if (decoded.includes('/')) throw invalidEndpoint(written, 'a part of the path contains an encoded "/"');
    if (decoded === '.' || decoded === '..') throw invalidEndpoint(written, 'the path contains a "." or ".." segment');
    return decoded;
  });
}

function percentDecode(written: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) throw invalidEndpoint(written, 'its percent-encoding is not valid UTF-8');
    throw error;
  }
}

const MAX_SHOWN = 200;

/**
 * An endpoint for messages: quoted, cut at 200 characters, invisible characters escaped, and without possible secrets
 * (a password with its user or an encoded part before an `@`, the values of a query, a fragment).
 */
export function quoteEndpoint(written: string): string {
  const open = hiddenEndpoint(written);
  const cut = open.length > MAX_SHOWN ? `${open.slice(0, MAX_SHOWN)}…` : open;
  return `"${cut.replace(/[\p{C}\p{Z}"\\]/gu, visible)}"`;
}

/** An endpoint without possible secrets. */
export function hiddenEndpoint(written: string): string {
  return redact(hideTail(hideUserinfo(written)));
}

/**
 * Cuts at the last `@`: a password may contain `@` or `/`. The user before a password is hidden as well, because it is
 * the token in `TOKEN:x-oauth-basic@`. An `@` that is encoded by mistake ends a password, too: in the authority, or
 * anywhere without a scheme, because no such endpoint may contain `%`. Without any `@`, everything after a colon that
 * begins no port may be a password.
 */
export function hideUserinfo(written: string): string {
  const text = inAscii(written);
  const [start = '', scheme] = /^([a-z][a-z0-9+.-]*:\/\/)?\/*/i.exec(text) ?? [];
  const rest = text.slice(start.length);
  const [authority = ''] = rest.split('/');
  // A password may contain a `/`; a port is a number, or any in a pattern.
  const noPort = withoutBrackets(authority).search(/:(?![\d*]*$)/);
  const mayGoOn = scheme === undefined || noPort !== -1;
  const encoded = /^.*(?=%(?:25)*40)/s.exec(mayGoOn ? rest : authority)?.[0].length ?? -1;
  const end = Math.max(rest.lastIndexOf('@'), encoded);
  if (end === -1 && noPort !== -1 && hasAuthority(scheme))
    return `${written.slice(0, start.length + noPort + 1)}${REDACTED}`;
  const userinfo = rest.slice(0, Math.max(end, 0));
  if (/^[A-Za-z0-9._-]*$/.test(userinfo) && !looksLikeToken(userinfo)) return written;
  return `${written.slice(0, start.length)}${REDACTED}${written.slice(start.length + end)}`;
}

/** Names in brackets may contain colons: an IPv6 address, or the table and bucket of `aws://`. */
function withoutBrackets(authority: string): string {
  return authority.replace(/^\[[^\]]*\]?/, (names) => '_'.repeat(names.length));
}

function hasAuthority(scheme: string | undefined): boolean {
  return scheme !== undefined && !/^(?:git\+)?file:/i.test(scheme);
}

/**
 * A text in which signs that look like ASCII, such as a full-width `＠`, are replaced by ASCII at the same positions, as
 * programs read them that normalize names (Unicode NFKC).
 */
export function inAscii(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, (sign) => {
    const plain = sign.normalize('NFKC');
    return plain.length === sign.length && /^[!-~]$/.test(plain) ? plain : sign;
  });
}

/** A pattern for messages: cut, and without a password, which no endpoint that it is compared with has. */
export function quotePattern(pattern: string): string {
  return `"${shorten(redact(hideUserinfo(pattern)), MAX_SHOWN)}"`;
}

/** Hides a query or a fragment. */
function hideTail(written: string): string {
  const index = inAscii(written).search(/[?#]/);
  return index === -1 ? written : `${written.slice(0, index + 1)}${REDACTED}`;
}

function visible(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return character === ' ' ? ' ' : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/**
 * Whether a user name is actually an access token, by the prefixes of GitHub and GitLab
 * (https://docs.github.com/authentication "GitHub's token formats", https://docs.gitlab.com/security/tokens).
 */
export function looksLikeToken(user: string): boolean {
  return /^(gh[a-z]_|github_pat_|gl[a-z]{2,6}-)/.test(user);
}

/** The refusal of an endpoint: `why` completes the sentence after a colon. The endpoint is shown without secrets. */
export function invalidEndpoint(written: string, why: string): Failure {
  return new Failure('invalid-endpoint', `invalid endpoint format ${quoteEndpoint(written)}: ${why}`, {
    hint: formHint(written),
  });
}

/** With a known scheme only a part is wrong, and the other forms do not help. */
function formHint(written: string): string {
  const form = formOf(/^([a-z0-9+]+):\/\//i.exec(written)?.[1] ?? '');
  return form === null
    ? ['Use one of these forms:', ...ENDPOINT_FORMS.map((each) => `  ${each}`)].join('\n')
    : `Correct it: the form is ${form}. \`dolt-federation help endpoints\` lists the other forms.`;
}

/** The refusal of an endpoint that holds `what`, a secret; the secret is not shown. */
export function secretInEndpoint(written: string, what: string): Failure {
  return new Failure('secret-in-config', `the endpoint ${quoteEndpoint(written)} contains ${what}`);
}
