import { createHash } from 'node:crypto';
import { chmod, lstat, open, realpath, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorMessage, Failure } from '../core/failure.ts';
import { inPrivateFolder } from '../core/private-folder.ts';
import { monotonicMs } from '../core/time.ts';
import { doltVersion } from '../dolt/version.ts';
import { keepAsset, MAX_DOLT_BYTES, restoreAsset } from './actions-cache.ts';
import { releaseDigest } from './digests.ts';
import type { DoltRequest, InstallContext, InstalledDolt } from './dolt-request.ts';
import { askFollowing, type Unreachable } from './http.ts';
import { type ReleasePlatform, releasePlatform } from './platform.ts';
import { releaseUrls } from './release-urls.ts';
import { storeInToolCache } from './tool-cache.ts';
import { newestRelease, type WantedVersion } from './version.ts';

/**
 * Restores a release of Dolt from the Actions cache or downloads it, verifies its digest, runs it once, and stores it in
 * the tool cache.
 * @returns the installed Dolt, or that the releases are unreachable
 * @throws Failure with a `dolt-…` code, `bad-usage` or `interrupted`; a partial download is removed
 */
export async function installRelease(
  wanted: WantedVersion,
  request: DoltRequest,
  context: InstallContext,
): Promise<InstalledDolt | Unreachable> {
  const platform = releasePlatform(process.platform, process.arch);
  const urls = releaseUrls(request.mirror);
  const version = wanted.kind === 'exact' ? wanted.version : await newestRelease(wanted, { request }, context);
  if (typeof version !== 'string') return version;
  if (platform.notice !== null) context.log.info(platform.notice);
  const sha256 = await releaseDigest({ version, name: platform.asset }, { request }, context);
  if (typeof sha256 !== 'string') return sha256;

  const asset = { version, name: platform.asset, sha256 };
  const url = urls.asset(version, platform.asset);
  return await inPrivateFolder(context, 'install', async (folder) => {
    const archive = join(folder, platform.asset);
    const isRestored = await restoreAsset(asset, archive, context);
    if (!isRestored) {
      context.log.info(`Downloading Dolt ${version} from ${url}`);
      const { signal, pausesMs } = context;
      const unreachable = await download({ url, file: archive, sha256, signal, pausesMs });
      if (unreachable !== undefined) return unreachable;
    }
    const executable = await extractRelease(archive, join(folder, 'release'), platform);
    const reported = await doltVersion(executable, context);
    if (reported !== version) {
      throw new Failure('dolt-download-failed', `${url} contains Dolt ${reported} instead of ${version}`, {
        hint: 'Check that `--dolt-version`, `--dolt-sha256` and the mirror match.',
      });
    }
    const path = await storeInToolCache(executable, { version, sha256: request.sha256 }, context.toolCacheDir);
    if (!isRestored) await keepAsset(asset, archive, context);
    return { version, path, source: isRestored ? 'actions-cache' : 'release' } as const;
  });
}

interface Download {
  readonly url: string;
  /** Target file; must not exist. */
  readonly file: string;
  readonly sha256: string;
  readonly signal: AbortSignal;
  readonly pausesMs?: readonly number[] | undefined;
  /** The longest time for all attempts; absent: `DOWNLOAD_MS`. */
  readonly downloadMs?: number;
  /** The largest body; absent: more than a release of Dolt takes. */
  readonly maxBytes?: number;
}

const ATTEMPTS = 3;
export const DOWNLOAD_MS = 30 * 60_000;

/**
 * Downloads a file with a known digest; any other content is deleted.
 * @returns undefined on success, or that the host is unreachable
 * @throws Failure `dolt-digest-mismatch`, `dolt-version-unknown` (404), `dolt-download-failed` or `interrupted`
 */
export async function download(wanted: Download): Promise<Unreachable | undefined> {
  const { url, file, sha256 } = wanted;
  const actual = await fetchInto(wanted);
  if (typeof actual !== 'string') return actual;
  if (actual === sha256) return undefined;
  await rm(file, { force: true });
  throw new Failure('dolt-digest-mismatch', `${url} has the SHA-256 ${actual}, not ${sha256}; it was deleted`);
}

/** Writes the body to the file and returns its digest; retries a broken connection. */
async function fetchInto(wanted: Download): Promise<string | Unreachable> {
  const { url, file, signal, pausesMs, downloadMs = DOWNLOAD_MS, maxBytes = MAX_DOLT_BYTES } = wanted;
  const began = monotonicMs();
  const remaining = () => Math.max(0, downloadMs - (monotonicMs() - began));
  for (let attempt = 1; ; attempt += 1) {
    const answer = await askFollowing({ url, signal, pausesMs, answerMs: remaining() });
    if (answer.kind === 'unreachable') return answer;
    if (answer.status !== 200) {
      answer.body.destroy();
      const code = answer.status === 404 ? 'dolt-version-unknown' : 'dolt-download-failed';
      throw new Failure(code, `${url} answered ${answer.status}`);
    }
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      const hashed = async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          bytes += chunk.length;
          if (bytes > maxBytes) throw new Failure('dolt-download-failed', `${url} sends more than ${maxBytes} bytes`);
          hash.update(chunk);
          yield chunk;
        }
      };
      // A stream that opens the file later could create it after its removal below.
      const handle = await open(file, 'wx');
      await pipeline(answer.body, hashed, handle.createWriteStream(), { signal });
      return hash.digest('hex');
    } catch (thrown) {
      answer.body.destroy();
      await rm(file, { force: true });
      if (signal.aborted) throw new Failure('interrupted', 'The download of Dolt was interrupted', { cause: thrown });
      if (thrown instanceof Failure) throw thrown;
      if (attempt < ATTEMPTS && remaining() > 0) continue;
      const how = attempt === 1 ? 'broke off' : `broke off ${attempt} times`;
      throw new Failure('dolt-download-failed', `${url} ${how}: ${errorMessage(thrown)}`);
    }
  }
}

/**
 * Unpacks a verified release into a folder.
 * @returns the path of the executable in it
 * @throws Failure `dolt-download-failed` if it cannot be unpacked or holds no Dolt
 */
export async function extractRelease(archive: string, folder: string, platform: ReleasePlatform): Promise<string> {
  try {
    const { extractTar, extractZip } = await import(/* webpackMode: "eager" */ '@actions/tool-cache');
    await (platform.asset.endsWith('.zip') ? extractZip(archive, folder) : extractTar(archive, folder, 'xz'));
  } catch (thrown) {
    throw new Failure('dolt-download-failed', `${platform.asset} cannot be unpacked: ${errorMessage(thrown)}`, {
      hint: 'The file matches its digest but is not a release of Dolt. Check `--dolt-sha256` and the mirror.',
      cause: thrown,
    });
  }
  const executable = join(folder, ...platform.executable);
  if (!(await isRegularFile(folder, platform.executable))) {
    throw new Failure('dolt-download-failed', `${platform.asset} contains no file "${platform.executable.join('/')}"`, {
      hint: 'The file matches its digest but is not a release of Dolt. Check `--dolt-sha256` and the mirror.',
    });
  }
  await chmod(executable, 0o755);
  return executable;
}

/** Whether it is a file of the archive: a link in its path could lead out of the folder. */
async function isRegularFile(folder: string, path: readonly string[]): Promise<boolean> {
  const file = join(folder, ...path);
  try {
    return (await lstat(file)).isFile() && relative(await realpath(folder), await realpath(file)) === join(...path);
  } catch {
    return false;
  }
}
