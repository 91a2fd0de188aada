import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileCache } from '../caches/file-cache.ts';
import { programFile } from '../core/env.ts';
import { fileDigest } from './digests.ts';
import type { InstallContext } from './dolt-request.ts';

/** An asset of a release, and the digest that it must have. */
interface KnownAsset {
  readonly version: string;
  readonly name: string;
  readonly sha256: string;
}

/** Releases and builds of Dolt take about 50 MB. */
export const MAX_DOLT_BYTES = 256 * 1024 * 1024;

/**
 * Restores an asset of a release from the Actions cache. It needs no trust in the cache: its digest is checked as that of
 * a download is.
 * @returns whether the file is now there
 */
export async function restoreAsset(asset: KnownAsset, file: string, { cache }: InstallContext): Promise<boolean> {
  if (cache === undefined) return false;
  const wanted = { what: `Dolt ${asset.version}`, key: assetKey(asset), maxBytes: MAX_DOLT_BYTES };
  const found = await cache.restoreFile(wanted, file);
  if (found === null) return false;
  const digest = await fileDigest(file);
  if (digest === asset.sha256) return true;
  cache.refuse(found, `it has the SHA-256 ${digest}, not ${asset.sha256}`);
  await rm(file, { force: true });
  return false;
}

/** Stores a verified asset. */
export async function keepAsset(asset: KnownAsset, file: string, { cache }: InstallContext): Promise<void> {
  await cache?.saveFile({ what: `Dolt ${asset.version}`, key: assetKey(asset) }, file);
}

function assetKey({ version, name, sha256 }: KnownAsset): string {
  return `dolt-federation-dolt-${version}-${name}-${sha256}`;
}

/** A build from source. */
export interface Build {
  readonly version: string;
  /** The version of its Go module, which Go verifies. */
  readonly module: string;
}

/**
 * Restores a build from the Actions cache. The digest of a build is not known, so it is as trustworthy as the writers of
 * this cache: GitHub keeps the entries of pull requests apart from those of the default branch.
 * @param folder is created
 * @returns the executable and the key of the entry; null: there is none
 */
export async function restoreBuild(
  build: Build,
  folder: string,
  context: InstallContext,
): Promise<{ readonly executable: string; readonly key: string; readonly cache: FileCache } | null> {
  const { cache } = context;
  if (cache === undefined) return null;
  const name = programFile('dolt');
  const wanted = { what: `Dolt ${build.version}`, key: buildKey(build, context), maxBytes: MAX_DOLT_BYTES };
  const key = await cache.restoreFolder(wanted, folder, (one) => one === name);
  return key === null ? null : { executable: join(folder, name), key, cache };
}

/** Stores a build. A run that may not write stores none: its build may depend on a pull request. */
export async function keepBuild(build: Build, folder: string, context: InstallContext): Promise<void> {
  if (context.untrusted === true) return;
  const stored = { what: `Dolt ${build.version}`, key: buildKey(build, context) };
  await context.cache?.saveFolder(stored, folder, [programFile('dolt')]);
}

/** A build is linked to libraries of the machine, so it belongs to one image of runners. */
function buildKey({ module }: Build, { env }: InstallContext): string {
  return `dolt-federation-build-${process.platform}-${process.arch}-${env['ImageOS'] ?? 'own'}-${module}-`;
}
