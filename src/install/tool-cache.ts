import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, copyFile, lstat, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rcompare, valid } from 'semver';
import { programFile } from '../core/env.ts';
import { errorMessage, Failure, systemCode } from '../core/failure.ts';
import { isAbandoned, makeFolders, readSmallText } from '../core/files.ts';
import { fileDigest, SHA256 } from './digests.ts';
import type { InstallContext, InstalledDolt } from './dolt-request.ts';
import { fits, type WantedVersion } from './version.ts';

/** The layout of @actions/tool-cache 4: <root>/<tool>/<version>/<arch>, and a marker beside it for a complete entry. */
const TOOL = 'dolt';
const EXECUTABLE = programFile('dolt');
const DIGEST = 'dolt.sha256';
const PLACE_ATTEMPTS = 5;
/** The beginnings of the names of folders that exist while an entry is stored or removed. */
const NEW = '.new-';
const OLD = '.old-';

/** The wanted Dolt. */
export interface WantedDolt {
  readonly wanted: WantedVersion;
  /** The digest of its release; absent: any. */
  readonly sha256?: string | undefined;
}

/**
 * The newest fitting Dolt of the tool cache, or null. An entry with a changed executable is removed with a warning. One that
 * another action has stored stays: a later step, or a job at the same time, may use it.
 */
export async function findInToolCache(
  { wanted, sha256 }: WantedDolt,
  context: InstallContext,
): Promise<InstalledDolt | null> {
  const root = join(context.toolCacheDir, TOOL);
  const versions = (await namesIn(root)).filter((name) => valid(name) === name && fits(name, wanted));
  const entries = versions
    .sort(rcompare)
    .flatMap((version) => entryNames(sha256).map((name) => ({ version, entry: join(root, version, name) })));
  for (const { version, entry } of entries) {
    if (!(await isOwnFile(markerOf(entry)))) continue;
    if (await isForeign(entry)) {
      context.log.debug(`${entry} was not stored by dolt-federation, so nothing shows whether it was changed`);
      continue;
    }
    if (await isIntact(entry)) return { version, path: join(entry, EXECUTABLE), source: 'tool-cache' };
    context.log.warning(`Dolt ${version} in the tool cache was changed after it was stored: ${entry} is removed`);
    await removeEntry(entry).catch((thrown) => context.log.warning(errorMessage(thrown)));
  }
  return null;
}

/**
 * Stores an executable and its digest. The entry appears atomically, also if several processes store it at the same
 * time.
 * @returns the path of the stored executable
 * @throws Failure `dolt-not-found` if the cache cannot be written
 */
export async function storeInToolCache(
  executable: string,
  { version, sha256 }: { readonly version: string; readonly sha256?: string | undefined },
  toolCacheDir: string,
): Promise<string> {
  try {
    const entry = await freeEntry(join(toolCacheDir, TOOL, version), sha256);
    await makeFolders(dirname(entry));
    await removeLeft(dirname(entry));
    const staging = await mkdtemp(join(dirname(entry), NEW));
    try {
      await copyFile(executable, join(staging, EXECUTABLE));
      await chmod(join(staging, EXECUTABLE), 0o755);
      await writeFile(join(staging, DIGEST), `${await fileDigest(executable)}\n`);
      await chmod(staging, 0o755);
      await place(staging, entry);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
    await markComplete(entry);
    return join(entry, EXECUTABLE);
  } catch (thrown) {
    throw new Failure('dolt-not-found', `Dolt could not be stored in the tool cache: ${errorMessage(thrown)}`, {
      hint: `Make ${toolCacheDir} writable, or give an executable with \`--dolt-path\`.`,
      cause: thrown,
    });
  }
}

/**
 * The names that an entry can have, the first one first. A release with a given digest has its own, so that no run replaces what
 * another one uses.
 */
function entryNames(sha256: string | undefined): readonly string[] {
  return sha256 === undefined ? [process.arch, `${process.arch}-dolt-federation`] : [`${process.arch}-${sha256}`];
}

/** The first place that no other action has taken, else the last. */
async function freeEntry(folder: string, sha256: string | undefined): Promise<string> {
  let entry = folder;
  for (const name of entryNames(sha256)) {
    entry = join(folder, name);
    if (!(await isForeign(entry))) break;
  }
  return entry;
}

/** Whether another program made an entry, or makes it at this moment: one of ours appears with its digest. */
async function isForeign(entry: string): Promise<boolean> {
  const found = await lstat(entry).catch(() => null);
  const names = found?.isDirectory() === true ? await namesIn(entry) : [];
  return names.length > 0 && !names.includes(DIGEST);
}

/** Removes what killed runs left: each copy has about 100 MB. A failure to do so stops no installation. */
async function removeLeft(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const found = name.startsWith(NEW) || name.startsWith(OLD) ? await lstat(path).catch(() => null) : null;
    if (found === null || !isAbandoned(found)) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Renames the staged folder. An intact entry of a faster process is kept; a damaged one is replaced. */
async function place(staging: string, entry: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rename(staging, entry);
    } catch (thrown) {
      if (await isIntact(entry)) return;
      if (attempt === PLACE_ATTEMPTS) throw thrown;
      await removeEntry(entry);
    }
  }
}

async function isIntact(entry: string): Promise<boolean> {
  try {
    if (!(await isPlain(entry))) return false;
    // A copy of the cache may have lost the permission.
    await access(join(entry, EXECUTABLE), constants.X_OK);
    const stored = (await readSmallText(join(entry, DIGEST))).trim();
    return SHA256.test(stored) && stored === (await fileDigest(join(entry, EXECUTABLE)));
  } catch {
    return false;
  }
}

/** Only a file of its own counts: a FIFO would block the write, and a link would lead it elsewhere. */
async function markComplete(entry: string): Promise<void> {
  const marker = markerOf(entry);
  if (await isOwnFile(marker)) return;
  await rm(marker, { recursive: true, force: true });
  try {
    await writeFile(marker, '', { flag: 'wx' });
  } catch (thrown) {
    // Another process has written it meanwhile.
    if (!(await isOwnFile(marker))) throw thrown;
  }
}

async function isOwnFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isFile() ?? false;
}

function markerOf(entry: string): string {
  return `${entry}.complete`;
}

/** An executable behind a link could be replaced after it was verified. */
async function isPlain(entry: string): Promise<boolean> {
  const [folder, executable] = await Promise.all([lstat(entry), lstat(join(entry, EXECUTABLE))]);
  return folder.isDirectory() && executable.isFile();
}

/**
 * The marker is removed first, so that a partly removed entry is never considered complete. The entry is renamed at
 * once, so that two processes that remove it do not affect the next entry.
 */
async function removeEntry(entry: string): Promise<void> {
  await rm(markerOf(entry), { recursive: true, force: true });
  const aside = join(dirname(entry), `${OLD}${randomUUID()}`);
  try {
    await rename(entry, aside);
  } catch (thrown) {
    if (systemCode(thrown) !== 'ENOENT') throw thrown;
  }
  await rm(aside, { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
