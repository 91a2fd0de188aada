import { lookup } from 'node:dns';
import { type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type Permission, type Target, targetText } from './host-rule.ts';
import { Refusal } from './passes.ts';

/** A host or the job's proxy was silent, or the proxy opened no tunnel. Another try may succeed. */
export class NotReached extends Error {}

/** Time limit for opening a connection. */
const CONNECT_MS = 30_000;
/** Time limit per address if there are several; Node's default of 250 ms is too short for another continent. */
const EACH_ADDRESS_MS = 5_000;

/**
 * Options for a direct connection. The name is resolved once and the connection uses a checked address, so a second DNS
 * answer has no effect.
 * @throws Refusal for a host that is itself an address
 */
export function directOptions({ host, port }: Target, permission: Permission) {
  const passes = addressesOf(permission);
  if (isIP(host) !== 0 && !passes(host)) throw new Refusal({ kind: 'address', address: host });
  return {
    host,
    port,
    lookup: resolve(passes),
    // Small messages of Dolt's protocol would wait for an acknowledgement, 40 ms each.
    noDelay: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: EACH_ADDRESS_MS,
  };
}

/** The addresses that a permission allows. */
function addressesOf({ named, remoteOnly }: Permission): (address: string) => boolean {
  if (!named) return isPublicAddress;
  return remoteOnly === true ? (address) => !isLocalAddress(address) : () => true;
}

/** A resolver that only returns accepted addresses. */
function resolve(passes: (address: string) => boolean): LookupFunction {
  return (host, options, answer) => {
    lookup(host, { all: true }, (error, found) => {
      const [first, ...others] = found?.filter(({ address }) => passes(address)) ?? [];
      if (error !== null) answer(error, []);
      else if (first === undefined)
        answer(new Refusal({ kind: 'address', address: found[0]?.address ?? 'unknown' }), []);
      else if (options.all === true) answer(null, [first, ...others]);
      else answer(null, first.address, first.family);
    });
  };
}

/**
 * Opens a TCP connection.
 * @throws errors of `net`, Refusal
 */
export async function openDirectly(target: Target, permission: Permission, signal?: AbortSignal): Promise<Socket> {
  const socket = connect({ ...directOptions(target, permission), ...(signal === undefined ? {} : { signal }) });
  return await new Promise((done, fail) => {
    const timer = setTimeout(() => socket.destroy(new NotReached('the connection timed out')), CONNECT_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      done(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      fail(error);
    });
  });
}

/** Opens a tunnel through the job's own proxy, which resolves the name. @throws Error */
export async function openThrough(proxy: URL, target: Target, signal?: AbortSignal): Promise<Socket> {
  const authority = targetText(target);
  const stop = signal === undefined ? {} : { signal };
  const asking = askProxy(proxy, { method: 'CONNECT', path: authority, headers: { Host: authority }, ...stop });
  return await new Promise((done, fail) => {
    const timer = setTimeout(() => asking.destroy(new NotReached('the connection timed out')), CONNECT_MS);
    asking.once('connect', ({ statusCode }, socket, early) => {
      clearTimeout(timer);
      if (early.length > 0) socket.unshift(early);
      if (statusCode === 200) return done(socket);
      socket.destroy();
      return fail(new NotReached(`the job's own proxy answered ${statusCode}`));
    });
    asking.once('response', (response) => {
      response.resume();
      fail(new NotReached(`the job's own proxy answered ${response.statusCode}`));
    });
    asking.once('error', (error) => {
      clearTimeout(timer);
      fail(error);
    });
    asking.end();
  });
}

/** A request to the job's proxy, with the user and password of its address. */
export function askProxy(proxy: URL, options: RequestOptions & { readonly headers: object }): ClientRequest {
  const { protocol, hostname, port, username, password } = proxy;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = user === ':' ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(user).toString('base64')}` };
  const isTls = protocol === 'https:';
  return (isTls ? httpsRequest : httpRequest)({
    ...options,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (isTls ? 443 : 80) : port,
    headers: { ...options.headers, ...authorization },
    setHost: false,
    agent: false,
  });
}

/** A public address that the host itself answers on Azure, and so on GitHub's runners (WireServer). */
const AZURE_HOST = '168.63.129.16';
/** All addresses assigned for use on the internet (IANA, IPv6 Global Unicast Address Assignments). */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');
/** Private addresses (RFC 4193). */
const UNIQUE_LOCAL = ipaddr.parseCIDR('fc00::/7');
/** The IPv6 address at which Amazon's virtual machines find the keys of their role. */
const AMAZON_METADATA = ipaddr.parseCIDR('fd00:ec2::254/128');
/** How a resolver maps IPv4 addresses in IPv6-only networks (RFC 6052). */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

/**
 * Whether an address is public: not loopback, private, shared, link-local, unique-local, reserved or multicast. An IPv4
 * address inside an IPv6 one is checked as IPv4.
 * @param text an address as a resolver or `net` writes it; anything else is not public
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.kind() === 'ipv4') return address.range() === 'unicast' && address.toString() !== AZURE_HOST;
  const bytes = address.toByteArray();
  if (address.match(NAT64)) return isPublicAddress(bytes.slice(12).join('.'));
  return address.match(GLOBAL_UNICAST) && address.range() === 'unicast';
}

const LOCAL_RANGES: readonly string[] = ['loopback', 'linkLocal', 'unspecified', 'broadcast', 'multicast'];

/**
 * Whether an address is of this machine or its link: loopback, link-local, or one that only the host of a virtual
 * machine answers. Other private addresses are not. An IPv4 address inside an IPv6 one is checked as IPv4.
 * @param text an address as a resolver or `net` writes it; anything else counts as local
 */
export function isLocalAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return true;
  const address = ipaddr.process(text);
  if (address.kind() === 'ipv4') return LOCAL_RANGES.includes(address.range()) || address.toString() === AZURE_HOST;
  const bytes = address.toByteArray();
  if (address.match(NAT64)) return isLocalAddress(bytes.slice(12).join('.'));
  if (address.match(UNIQUE_LOCAL)) return address.match(AMAZON_METADATA);
  const isAssigned = address.range() === 'unicast' || address.range() === 'reserved';
  return !isAssigned || !address.match(GLOBAL_UNICAST);
}
