import { readEnv } from '../../../src/core/env.ts';

/** The programs that scripts/setup.mjs provides. */
type Program =
  | 'REMOTESRV'
  | 'VERSITYGW'
  | 'FAKE_GCS_SERVER'
  | 'TOXIPROXY'
  | 'ACT'
  | 'ACTIONLINT'
  | 'ZIZMOR'
  | 'BD'
  | 'SSHD'
  | 'SSH'
  | 'NGINX'
  | 'GIT'
  | 'OPENSSL'
  | 'STRACE'
  | 'ZSH'
  | 'FISH'
  | 'NODE_20'
  | 'NODE_24';

/** The absolute path of a program that the tests start. */
export function serverProgram(program: Program): string {
  const variable = `DOLT_FEDERATION_TEST_${program}`;
  const path = readEnv()[variable];
  if (path === undefined) throw new Error(`${variable} is not set: \`npm test\` sets it, or says what is missing`);
  return path;
}
