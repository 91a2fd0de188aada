import ipaddr from 'ipaddr.js';

/** A public address that the host itself answers on Azure, and so on GitHub's runners (WireServer). */
const AZURE_HOST = '168.63.129.16';
/** All addresses assigned for use on the internet (IANA, IPv6 Global Unicast Address Assignments). */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');
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
