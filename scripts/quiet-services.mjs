// @ts-check
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';

/** Debian's packages ask this program before they start a service; 101 means: leave it alone. */
const POLICY = '/usr/sbin/policy-rc.d';
const REFUSES = '#!/bin/sh\nexit 101\n';

/**
 * Does some work during which an installed package starts no service of the system: the tests want the programs and start
 * servers of their own. An existing policy, as in every container of Debian, has another owner and stays.
 * @param {() => unknown} work
 */
export async function startsNoServices(work) {
  if (existsSync(POLICY)) {
    work();
    return;
  }
  await writeFile(POLICY, REFUSES, { mode: 0o755, flag: 'wx' });
  try {
    work();
  } finally {
    await rm(POLICY, { force: true });
  }
}
