import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { programFile } from '../core/env.ts';
import { errorMessage, Failure } from '../core/failure.ts';
import { throwIfInterrupted } from '../core/interruption.ts';
import { inPrivateFolder } from '../core/private-folder.ts';
import { doltVersion } from '../dolt/version.ts';
import { type Build, keepBuild, restoreBuild } from './actions-cache.ts';
import type { InstallContext, InstalledDolt } from './dolt-request.ts';
import { goInstall } from './go.ts';
import { storeInToolCache } from './tool-cache.ts';
import { describeWanted, newestFitting, type WantedVersion } from './version.ts';

/** Dolt's tags do not match its Go module, so Go identifies each release by a pseudo-version of its commit. */
export const BUILDABLE: Readonly<Record<string, string>> = {
  '2.3.0': 'v0.40.5-0.20260818190141-0c8421b85560',
};

interface BuildOptions {
  /** Why the release was not used, if it was wanted: a missing Go is then a missing Dolt with two fixes. */
  readonly instead?: string | undefined;
  readonly heartbeatMs?: number | undefined;
}

/**
 * Builds Dolt from source, or restores an earlier build from the Actions cache, and stores it in the tool cache.
 * @throws Failure `dolt-version-unknown` (no buildable version fits), `dolt-not-found` (no usable Go),
 * `dolt-build-failed` with the end of the log, or `interrupted`
 */
export async function buildDolt(
  wanted: WantedVersion,
  context: InstallContext,
  { instead, heartbeatMs }: BuildOptions = {},
): Promise<InstalledDolt> {
  const because = instead === undefined ? '' : ` (its release cannot be reached: ${instead})`;
  const version = newestFitting(Object.keys(BUILDABLE), wanted);
  const pseudoVersion = version === null ? undefined : BUILDABLE[version];
  if (version === null || pseudoVersion === undefined) {
    throw new Failure('dolt-version-unknown', `Dolt ${describeWanted(wanted)} cannot be built from source${because}`, {
      hint: `These versions can be built: ${Object.keys(BUILDABLE).join(', ')}. Other versions are only available as a release.`,
    });
  }
  const program = { package: 'github.com/dolthub/dolt/go/cmd/dolt', version: pseudoVersion, label: `Dolt ${version}` };
  const build = { version, module: pseudoVersion };
  return await inPrivateFolder(context, 'install', async (folder) => {
    const kept = await usableBuild(build, join(folder, 'kept'), context);
    if (kept !== null) {
      const path = await storeInToolCache(kept, { version }, context.toolCacheDir);
      return { version, path, source: 'actions-cache' };
    }
    const bin = await goInstall(program, { folder, heartbeatMs }, context);
    if (typeof bin !== 'string') {
      const message = `Dolt ${version} cannot be built from source: ${bin.reason}${because}`;
      const hint = instead === undefined ? 'Install Go 1.26 or newer and a C compiler, or use the release.' : undefined;
      throw new Failure('dolt-not-found', message, { hint });
    }
    const executable = join(bin, programFile('dolt'));
    const reported = await doltVersion(executable, context);
    if (reported !== version) {
      throw new Failure('dolt-build-failed', `The source of Dolt ${version} built a Dolt that reports ${reported}`);
    }
    const path = await storeInToolCache(executable, { version }, context.toolCacheDir);
    await keepBuild(build, bin, context);
    return { version, path, source: 'build' };
  });
}

/** The build of the Actions cache, if it runs here; null: there is none. */
async function usableBuild(build: Build, folder: string, context: InstallContext): Promise<string | null> {
  const kept = await restoreBuild(build, folder, context);
  if (kept === null) return null;
  await chmod(kept.executable, 0o755);
  const reported = await doltVersion(kept.executable, context).catch((thrown: unknown) => {
    throwIfInterrupted(context.signal);
    return errorMessage(thrown);
  });
  if (reported === build.version) return kept.executable;
  kept.cache.refuse(kept.key, `it is no Dolt ${build.version} that runs here (${reported})`);
  return null;
}
