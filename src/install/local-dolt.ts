import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Env, programFile, searchPath } from '../core/env.ts';
import { errorMessage, Failure, toFailure } from '../core/failure.ts';
import { doltVersion } from '../dolt/version.ts';
import type { InstallContext, InstalledDolt } from './dolt-request.ts';
import { describeWanted, fits, type WantedVersion } from './version.ts';

/**
 * The executable that the user named, if it runs and has the wanted version.
 * @param wanted null if any version is accepted
 * @throws Failure `dolt-not-found` if it does not run or has another version
 */
export async function namedDolt(
  path: string,
  wanted: WantedVersion | null,
  context: InstallContext,
): Promise<InstalledDolt> {
  const absolute = resolve(context.cwd, path);
  const version = await versionOf(absolute, context);
  if (wanted === null || fits(version, wanted)) return { version, path: absolute, source: 'path' };
  throw new Failure('dolt-not-found', `"${absolute}" is Dolt ${version}, not ${describeWanted(wanted)}`, {
    hint: 'Remove `--dolt-version`, or give a Dolt of that version with `--dolt-path`.',
  });
}

async function versionOf(path: string, context: InstallContext): Promise<string> {
  try {
    return await doltVersion(path, context);
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    if (code !== 'dolt-not-found') throw thrown;
    throw new Failure(code, message, {
      hint: 'Correct `--dolt-path`, or remove it to use a Dolt on PATH, in the tool cache, or from a download.',
      cause: thrown,
    });
  }
}

/**
 * The first Dolt on PATH that fits, or null. Skips others; warns about those that do not run.
 * @param unfit gets a sentence about each one of another version
 * @throws Failure `interrupted`, or if the temporary folder cannot be used
 */
export async function findOnPath(
  wanted: WantedVersion,
  context: InstallContext,
  unfit: string[] = [],
): Promise<InstalledDolt | null> {
  for (const path of await executablesOnPath('dolt', context.env)) {
    try {
      const version = await doltVersion(path, context);
      if (fits(version, wanted)) return { version, path, source: 'path' };
      const other = `${path} is Dolt ${version}, not ${describeWanted(wanted)}`;
      unfit.push(other);
      context.log.info(`${other}: it is not used`);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== 'dolt-not-found') throw thrown;
      context.log.warning(`A Dolt on PATH is not used: ${errorMessage(thrown)}`);
    }
  }
  return null;
}

/** Every executable file of a program on PATH, in the order of PATH. */
export async function executablesOnPath(program: string, env: Env): Promise<readonly string[]> {
  const candidates = [...new Set(searchPath(env))].map((folder) => join(folder, programFile(program)));
  const found = await Promise.all(candidates.map(isExecutable));
  return candidates.filter((_, index) => found[index]);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
