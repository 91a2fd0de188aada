import { readEnv } from '../../../src/core/env.ts';

/** The number of random attempts: that of the environment, otherwise as many as a run of all tests has time for. */
export function chosenMoments(usual: number): number {
  const given = readEnv()['DOLT_FEDERATION_FAULT_MOMENTS'];
  if (given === undefined || given === '') return usual;
  if (!/^[1-9]\d{0,4}$/.test(given)) throw new Error(`DOLT_FEDERATION_FAULT_MOMENTS is not a number: "${given}"`);
  return Number(given);
}

/** True if all cases are to be tried, not only those that a run of all tests has time for. */
export function wantsAll(): boolean {
  return readEnv()['DOLT_FEDERATION_FAULTS'] === 'all';
}
