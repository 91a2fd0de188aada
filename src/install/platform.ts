import { programFile } from '../core/env.ts';
import { Failure } from '../core/failure.ts';

/** The names in Dolt's releases for one kind of machine. */
export interface ReleasePlatform {
  /** File of the release. */
  readonly asset: string;
  /** Path of the executable in the archive. */
  readonly executable: readonly string[];
  /** A notice about this choice. */
  readonly notice: string | null;
}

const SYSTEMS = new Map([
  ['linux', 'linux'],
  ['darwin', 'darwin'],
  ['win32', 'windows'],
]);
const MACHINES = new Map([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
]);

/**
 * Names of the release for a system and a machine as Node spells them (`process.platform`, `process.arch`). Dolt has no
 * release for Windows on ARM, which can run amd64 programs.
 * @throws Failure `dolt-not-found` if Dolt has no release for it
 */
export function releasePlatform(platform: string, arch: string): ReleasePlatform {
  const system = SYSTEMS.get(platform);
  const machine = MACHINES.get(arch);
  if (system === undefined || machine === undefined) {
    throw new Failure('dolt-not-found', `Dolt has no release for ${platform} on ${arch}`, {
      hint: 'Give an executable with `--dolt-path`, or use `--dolt-source build`.',
    });
  }
  const emulated = system === 'windows' && machine === 'arm64';
  const name = `dolt-${system}-${emulated ? 'amd64' : machine}`;
  return {
    asset: system === 'windows' ? `${name}.zip` : `${name}.tar.gz`,
    executable: [name, 'bin', programFile('dolt', platform)],
    notice: emulated ? 'Dolt has no release for Windows on ARM: the amd64 one is used, emulated by Windows.' : null,
  };
}
