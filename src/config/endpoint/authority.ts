import { isIPv6 } from 'node:net';
import { Failure } from '../../core/failure.ts';
import { decodePart, invalidEndpoint, looksLikeToken, secretInEndpoint } from './text.ts';

/** Letters without a meaning for a shell or ssh's option parser. */
const PLAIN = /^[A-Za-z0-9._-]+$/;

export interface Authority {
  readonly user: string | null;
  /** As written; an IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port: number | null;
}

/**
 * Parses the part between `//` and the first `/`. Only the user may be percent-encoded.
 * @throws Failure `secret-in-config` for a password or an access token, `invalid-endpoint` for anything malformed.
 */
export function parseAuthority(written: string, authority: string): Authority {
  const at = authority.lastIndexOf('@');
  const user = at === -1 ? null : parseUser(written, authority.slice(0, at));
  const { host, port } = splitPort(authority.slice(at + 1));
  return { user, host: checkHost(written, host), port: port === null ? null : parsePort(written, port) };
}

/** The user in an address for Dolt, as written there; null: none. */
export function userIn(dolt: string): string | null {
  return /^[^:]+:\/\/([^/@]*)@/.exec(dolt)?.[1] ?? null;
}

/** Whether a text is only a host that URLs may contain, with or without a port. */
export function isHost(text: string): boolean {
  try {
    const { user, host } = parseAuthority(text, text);
    return user === null && isWebHost(host);
  } catch (thrown) {
    if (thrown instanceof Failure) return false;
    throw thrown;
  }
}

/** Whether URLs may contain a host. They may not if its last part is a number, as in an IP address, or is bad Punycode. */
export function isWebHost(host: string): boolean {
  return URL.canParse(`https://${host}`);
}

/** @throws Failure as `parseAuthority`. */
export function parseUser(written: string, userinfo: string): string {
  const user = decodePart(written, userinfo);
  if (user.includes(':')) throw secretInEndpoint(written, 'a password');
  if (looksLikeToken(user)) throw secretInEndpoint(written, 'an access token');
  if (!PLAIN.test(user)) throw invalidEndpoint(written, 'its user may contain only letters, digits, ".", "_" and "-"');
  return user;
}

/**
 * Checks a host, organization or bucket name.
 * @throws Failure `invalid-endpoint`.
 */
export function checkHost(written: string, host: string): string {
  if (/^\[.*\]$/.test(host)) {
    if (!isIPv6(host.slice(1, -1)) || host.includes('%'))
      throw invalidEndpoint(written, 'its IPv6 address is malformed');
    return host;
  }
  decodePart(written, host);
  if (!PLAIN.test(host)) throw invalidEndpoint(written, 'its host may contain only letters, digits, ".", "_" and "-"');
  if (host.split('.').includes('')) throw invalidEndpoint(written, 'its host has an empty part');
  return host;
}

function splitPort(hostAndPort: string): { readonly host: string; readonly port: string | null } {
  const match = /^(\[[^\]]*\]|[^:[]*):(.*)$/s.exec(hostAndPort);
  return match === null ? { host: hostAndPort, port: null } : { host: match[1] ?? '', port: match[2] ?? '' };
}

function parsePort(written: string, port: string): number {
  const number = /^[1-9][0-9]{0,4}$/.test(port) ? Number(port) : Number.NaN;
  if (!(number <= 65_535)) throw invalidEndpoint(written, 'its port is not a number from 1 to 65535');
  return number;
}

/**
 * Whether a host is this machine. Only the plain spellings count: programs read `127.1` or `0x7f000001` differently.
 */
export function isLoopback(host: string): boolean {
  const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
  const name = host.toLowerCase();
  return name === 'localhost' || name === '[::1]' || new RegExp(`^127(\\.${octet}){3}$`).test(name);
}
