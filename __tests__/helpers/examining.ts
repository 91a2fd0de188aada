import { type DoctorRequest, doctor } from '../../src/commands/doctor/index.ts';
import type { DoctorResult } from '../../src/contract/doctor-result.ts';
import { type Env, readEnv } from '../../src/core/env.ts';
import { commandContext } from './configuring.ts';
import { testDolt } from './dolt-binary.ts';
import { validated } from './json-schema.ts';
import type { TempFolder } from './temp-folder.ts';

/** Only the programs of this machine. */
export const ENV: Env = { PATH: readEnv()['PATH'] ?? '' };

interface Asked extends Partial<DoctorRequest> {
  readonly env?: Env;
  readonly userHome?: boolean;
  /** The folder for copies of served databases; absent: none. */
  readonly stateDir?: string;
}

/** The findings of doctor in a folder, checked against the published schema. */
export async function examine(folder: TempFolder, peers: string, asked: Asked = {}): Promise<DoctorResult> {
  const { env = {}, userHome = false, stateDir, overrides, ...more } = asked;
  const context = {
    ...commandContext(folder.path, { env: { ...ENV, ...env } }),
    tempDir: folder.file('tmp'),
    userHome,
    ...(stateDir === undefined ? {} : { stateDir }),
  };
  const request: DoctorRequest = {
    only: [],
    database: 'local',
    branch: undefined,
    untrusted: false,
    dolt: { source: 'release', path: testDolt() },
    ...more,
    overrides: { peers, ...overrides },
  };
  const result = await doctor(request, context);
  validated('doctor', JSON.stringify(result));
  return result;
}

/** The result of one check, as `status: message`. */
export const linesOf = ({ checks }: DoctorResult, check: string, peer: string | null = null) =>
  checks
    .filter((one) => one.check === check && one.peer === peer)
    .map(({ status, message }) => `${status}: ${message}`);
