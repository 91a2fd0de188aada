import { readEnv } from '../../src/core/env.ts';

/** The real Dolt that the tests run with. */
export function testDolt(): string {
  return fromEnvironment('DOLT_FEDERATION_TEST_DOLT');
}

/** A short process collects no garbage: that takes a quarter of its time. Go still keeps below the limit. */
export const UNCOLLECTED = { GOGC: 'off', GOMEMLIMIT: '512MiB' } as const;

function fromEnvironment(variable: string): string {
  const path = readEnv()[variable];
  if (path === undefined) throw new Error(`${variable} is not set: run the tests with \`npm test\`, which sets it`);
  return path;
}
