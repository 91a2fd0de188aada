import { networkInterfaces } from 'node:os';
import { execa } from 'execa';

/** An address for documentation, which no host on the internet has (RFC 5737). */
const SPARE = '192.0.2.1';

/**
 * An address of this machine that is neither loopback nor link-local, so that a server can be reached where loopback is
 * refused. Traffic to it stays on the machine. A machine that is only on loopback gets one, as root. It needs no removal,
 * because no other machine can reach it.
 */
export async function ownAddress(): Promise<string> {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal, address }) => family === 'IPv4' && isUsable(address, internal));
  if (found !== undefined) return found.address;
  await execa('ip', ['address', 'add', `${SPARE}/32`, 'dev', 'lo']);
  return SPARE;
}

/** The spare address is on the loopback interface. */
function isUsable(address: string, internal: boolean): boolean {
  return address === SPARE || (!internal && !address.startsWith('169.254.'));
}
