import { join } from 'node:path';
import { Failure } from '../core/failure.ts';
import { inPrivateFolder } from '../core/private-folder.ts';
import { doltVersion } from '../dolt/version.ts';
import type { DoltRequest, InstallContext, InstalledDolt } from './dolt-request.ts';
import { download } from './download.ts';
import { extractRelease } from './extract.ts';
import type { Unreachable } from './network-failure.ts';
import { releasePlatform } from './platform.ts';
import { releaseDigest } from './release-digest.ts';
import { releaseUrls } from './release-urls.ts';
import { newestRelease } from './release-version.ts';
import { storeInToolCache } from './tool-cache.ts';
import type { WantedVersion } from './wanted-version.ts';

/**
 * Downloads a release of Dolt, proves its digest, runs it once, and stores it in the tool cache.
 * @returns the installed Dolt, or that the releases cannot be reached at all
 * @throws Failure with a `dolt-…` code, `bad-usage` or `interrupted`; half a download is never left behind
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

  const url = urls.asset(version, platform.asset);
  context.log.info(`Downloading Dolt ${version} from ${url}`);
  return await inPrivateFolder(context, 'install', async (folder) => {
    const archive = join(folder, platform.asset);
    const unreachable = await download({ url, file: archive, sha256, signal: context.signal });
    if (unreachable !== undefined) return unreachable;
    const executable = await extractRelease(archive, join(folder, 'release'), platform);
    const said = await doltVersion(executable, context);
    if (said !== version) {
      throw new Failure('dolt-download-failed', `${url} holds Dolt ${said} instead of ${version}`, {
        hint: 'Check `dolt-version`, `dolt-sha256` and the mirror: they do not belong together.',
      });
    }
    const path = await storeInToolCache(executable, { version, sha256: request.sha256 }, context.toolCacheDir);
    return { version, path, source: 'release' } as const;
  });
}
