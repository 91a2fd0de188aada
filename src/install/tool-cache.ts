import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rcompare, valid } from 'semver';
import { errorMessage, Failure } from '../core/failure.ts';
import type { InstallContext, InstalledDolt } from './dolt-request.ts';
import { fileDigest, SHA256 } from './file-digest.ts';
import { executableName } from './platform.ts';
import { fits, type WantedVersion } from './wanted-version.ts';

/** The layout of @actions/tool-cache 4: <root>/<tool>/<version>/<arch>, and beside it a marker that it is complete. */
const TOOL = 'dolt';
const EXECUTABLE = executableName(process.platform);
const DIGEST = 'dolt.sha256';
const ARCHIVE_DIGEST = 'release.sha256';

/** What an entry is made from: the digest of a release's archive; null for a build from source. */
export type Made = { readonly from: string | null };

interface Wish {
  readonly wanted: WantedVersion;
  /** What it must be made from; absent: that does not matter. */
  readonly made?: Made | undefined;
}

/**
 * The newest fitting Dolt of the tool cache, or null. An entry whose executable is not what was stored is not used: it
 * is removed with a warning.
 */
export async function findInToolCache({ wanted, made }: Wish, context: InstallContext): Promise<InstalledDolt | null> {
  const root = join(context.toolCacheDir, TOOL);
  const versions = (await namesIn(root)).filter((name) => valid(name) === name && fits(name, wanted));
  for (const version of versions.sort(rcompare)) {
    const entry = join(root, version, process.arch);
    if (!(await isFile(`${entry}.complete`))) continue;
    if (made !== undefined && (await madeFrom(entry)) !== made.from) continue;
    if (await isIntact(entry)) return { version, path: join(entry, EXECUTABLE), source: 'tool-cache' };
    context.log.warning(`Dolt ${version} in the tool cache is not what was stored there: ${entry} is removed`);
    await removeEntry(entry).catch((thrown) => context.log.warning(errorMessage(thrown)));
  }
  return null;
}

/**
 * Stores an executable and its digest. The entry appears whole or not at all, also when several processes store it at
 * the same time.
 * @returns the path of the stored executable
 * @throws Failure `dolt-not-found` when the cache cannot be written
 */
export async function storeInToolCache(
  executable: string,
  { version, from }: Made & { readonly version: string },
  toolCacheDir: string,
): Promise<string> {
  const entry = join(toolCacheDir, TOOL, version, process.arch);
  try {
    await mkdir(dirname(entry), { recursive: true });
    const staging = await mkdtemp(join(dirname(entry), '.new-'));
    try {
      await copyFile(executable, join(staging, EXECUTABLE));
      await chmod(join(staging, EXECUTABLE), 0o755);
      await writeFile(join(staging, DIGEST), `${await fileDigest(executable)}\n`);
      if (from !== null) await writeFile(join(staging, ARCHIVE_DIGEST), `${from}\n`);
      await chmod(staging, 0o755);
      await place(staging, entry, from);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
    await writeFile(`${entry}.complete`, '');
  } catch (thrown) {
    throw new Failure('dolt-not-found', `Dolt could not be stored in the tool cache: ${errorMessage(thrown)}`, {
      hint: `Make ${toolCacheDir} writable, or name an executable with \`dolt-path\`.`,
      cause: thrown,
    });
  }
  return join(entry, EXECUTABLE);
}

/** Gives the staged folder its name. An intact one that was made from the same is as good; any other goes. */
async function place(staging: string, entry: string, from: Made['from']): Promise<void> {
  try {
    await rename(staging, entry);
  } catch {
    if ((await isIntact(entry)) && (await madeFrom(entry)) === from) return;
    await removeEntry(entry);
    await rename(staging, entry);
  }
}

async function isIntact(entry: string): Promise<boolean> {
  try {
    const stored = (await readFile(join(entry, DIGEST), 'utf8')).trim();
    return SHA256.test(stored) && stored === (await fileDigest(join(entry, EXECUTABLE)));
  } catch {
    return false;
  }
}

async function madeFrom(entry: string): Promise<Made['from']> {
  try {
    return (await readFile(join(entry, ARCHIVE_DIGEST), 'utf8')).trim();
  } catch {
    return null;
  }
}

/** The marker goes first, so that nobody takes a half removed entry for a complete one. */
async function removeEntry(entry: string): Promise<void> {
  await rm(`${entry}.complete`, { force: true });
  await rm(entry, { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
