/**
 * Whether a host is this machine. Only the plain spellings count: `127.1` or `0x7f000001` are read differently by
 * different programs.
 */
export function isLoopback(host: string): boolean {
  const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
  const name = host.toLowerCase();
  return name === 'localhost' || name === '[::1]' || new RegExp(`^127(\\.${octet}){3}$`).test(name);
}
