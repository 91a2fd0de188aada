import ipaddr from 'ipaddr.js';

/** Public by its number, but answered by the machine's own host on Azure and so on GitHub's runners (WireServer). */
const AZURE_HOST = '168.63.129.16';
/** All addresses that are assigned for use on the internet (IANA, IPv6 Global Unicast Address Assignments). */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');
/** What a resolver makes of an IPv4 address where there is only IPv6 (RFC 6052). */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

/**
 * Whether an address is one of the internet: not loopback, private, shared, link-local, unique-local, reserved or
 * multicast. An IPv4 address inside an IPv6 one counts as itself.
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
