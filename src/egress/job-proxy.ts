import ipaddr from 'ipaddr.js';
import type { Env } from '../core/env.ts';
import type { Target } from './host-rule.ts';

/** `direct`: the job has no proxy for the target · `unusable`: it has one that we cannot forward to. */
export type JobProxy =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxy'; readonly url: URL }
  | { readonly kind: 'unusable'; readonly why: string };

const DIRECT = { kind: 'direct' } as const;

/**
 * The job's proxy for a target, by the rules of Dolt's libraries (golang.org/x/net, http/httpproxy): upper-case
 * variables first, HTTP_PROXY for plain requests and HTTPS_PROXY for tunnels.
 */
export function jobProxyFor(env: Env, scheme: 'http' | 'https', target: Target): JobProxy {
  const written = scheme === 'http' ? either(env, 'HTTP_PROXY') : either(env, 'HTTPS_PROXY');
  if (written === '' || isExempt(target, either(env, 'NO_PROXY'))) return DIRECT;
  const text = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(written) ? written : `http://${written}`;
  // The value may contain a password, so no message repeats it.
  const variable = `${scheme.toUpperCase()}_PROXY`;
  if (!URL.canParse(text)) return { kind: 'unusable', why: `${variable} is not the address of a proxy` };
  const url = new URL(text);
  if (!isDecodable(`${url.username}${url.password}`)) {
    const why = `the user or password in ${variable} has a "%" that begins no percent-encoded character: write it as %25`;
    return { kind: 'unusable', why };
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return { kind: 'proxy', url };
  return {
    kind: 'unusable',
    why: `${variable} names a ${url.protocol}// proxy, but only http proxies are supported`,
  };
}

/** Go refuses such an address as well, and the HTTP client of the installer connects without the proxy. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function either(env: Env, name: string): string {
  return env[name] || env[name.toLowerCase()] || '';
}

/** Whether a target bypasses the proxy: by NO_PROXY, or because it is this machine. */
function isExempt(target: Target, noProxy: string): boolean {
  const { host } = target;
  const address = ipaddr.isValid(host) ? ipaddr.process(host) : null;
  if (host === 'localhost' || address?.range() === 'loopback') return true;
  return noProxy.split(',').some((entry) => matches(entry.trim().toLowerCase(), target, address));
}

type Address = ReturnType<typeof ipaddr.process>;

function matches(entry: string, { host, port }: Target, address: Address | null): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (ipaddr.isValidCIDR(entry)) return address !== null && isWithin(address, entry);
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]+))?$/.exec(entry) ?? [];
  const name = bracketed ?? plain ?? entry;
  if (name === '' || (digits !== undefined && Number(digits) !== port)) return false;
  if (ipaddr.isValid(name)) return address !== null && ipaddr.process(name).toString() === address.toString();
  const suffix = name.replace(/^\*(?=\.)/, '');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function isWithin(address: Address, range: string): boolean {
  const [network, bits] = ipaddr.parseCIDR(range);
  return network.kind() === address.kind() && address.match(network, bits);
}
