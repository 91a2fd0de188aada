import { DEFAULT_DOLT_VERSION } from '../contract/dolt-options.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { warnOfReplaceable } from '../core/shared-folder.ts';
import { buildDolt } from './build.ts';
import type { DoltRequest, InstallContext, InstalledDolt } from './dolt-request.ts';
import { findOnPath, namedDolt } from './local-dolt.ts';
import { installRelease } from './release.ts';
import { findInToolCache, type WantedDolt } from './tool-cache.ts';
import { type AskedVersion, describeWanted, latestVersion, type WantedVersion } from './version.ts';

const ONLY_RELEASE =
  'Check the network and proxy, or set a mirror with `--dolt-mirror`. Without `--dolt-sha256`, any matching Dolt is used.';

/**
 * Finds or installs a Dolt: the named executable, else PATH, else the tool cache, else the release, else a build from
 * source. `release` never builds and `build` never downloads a release; `auto` builds only if the releases are
 * unreachable. A missing or wrong digest is final. With a given digest only that release is accepted: PATH is not
 * searched and nothing is built.
 * @throws Failure `dolt-…`, `bad-usage` or `interrupted`
 */
export async function installDolt(request: DoltRequest, context: InstallContext): Promise<InstalledDolt> {
  await warnOfReplaceable(context.tempDir, context.log);
  const asked = request.version === undefined ? null : await definiteVersion(request.version, request, context);
  if (request.path !== undefined) return await namedDolt(request.path, asked, context);

  const wanted = asked ?? { kind: 'exact', version: DEFAULT_DOLT_VERSION };
  const unfit: string[] = [];
  const found = await findDolt({ wanted, sha256: request.sha256 }, context, unfit);
  if (found !== null) return found;
  return await obtain(request, wanted, context).catch((thrown: unknown) => {
    throw withWhatWasFound(toFailure(thrown), { unfit, wanted, isPathSearched: request.sha256 === undefined });
  });
}

async function obtain(request: DoltRequest, wanted: WantedVersion, context: InstallContext): Promise<InstalledDolt> {
  if (request.source === 'build') return await buildDolt(wanted, context);

  const release = await installRelease(wanted, request, context);
  if (!('kind' in release)) return release;
  if (request.sha256 !== undefined) throw unreachable(release.reason, ONLY_RELEASE);
  switch (request.source) {
    case 'release':
      throw unreachable(release.reason);
    case 'auto':
      context.log.info(`The releases of Dolt cannot be reached (${release.reason}): building it from source instead`);
      return await buildDolt(wanted, context, { instead: release.reason });
  }
}

/** Says why no Dolt of this machine was enough: with `--quiet` nothing else does. */
function withWhatWasFound(
  failure: Failure,
  found: { readonly unfit: readonly string[]; readonly wanted: WantedVersion; readonly isPathSearched: boolean },
): Failure {
  const { code, message, hint, cause } = failure;
  if (code === 'interrupted') return failure;
  if (found.unfit.length > 0) {
    const withOther = `${hint} To use another Dolt on PATH, set \`--dolt-version\`.`;
    return new Failure(code, [message, ...found.unfit].join('\n'), { hint: withOther, cause });
  }
  const places = found.isPathSearched ? 'on PATH or in the tool cache' : 'in the tool cache';
  return new Failure(code, `${message}\nDolt ${describeWanted(found.wanted)} is not ${places}`, { hint, cause });
}

function unreachable(reason: string, hint?: string): Failure {
  return new Failure('dolt-download-failed', `The releases of Dolt cannot be reached: ${reason}`, { hint });
}

async function definiteVersion(
  asked: AskedVersion,
  request: DoltRequest,
  context: InstallContext,
): Promise<WantedVersion> {
  if (asked.kind !== 'latest') return asked;
  const hint = 'Name an exact version such as 2.3.0: it may be on PATH, in the tool cache, or buildable.';
  if (request.source === 'build') {
    throw new Failure(
      'dolt-version-unknown',
      '`--dolt-source build` cannot use `latest`: it contacts no release host',
      {
        hint,
      },
    );
  }
  const version = await latestVersion(request, context);
  if (typeof version === 'string') return { kind: 'exact', version };
  throw new Failure('dolt-download-failed', `The latest Dolt version cannot be determined: ${version.reason}`, {
    hint,
  });
}

/**
 * An existing Dolt of this machine, or null; downloads and builds nothing. With a given digest PATH is not searched:
 * only the tool cache knows the release of an executable.
 * @throws Failure `interrupted`
 */
export async function findDolt(
  wish: WantedDolt,
  context: InstallContext,
  unfit: string[] = [],
): Promise<InstalledDolt | null> {
  const onPath = wish.sha256 === undefined ? await findOnPath(wish.wanted, context, unfit) : null;
  return onPath ?? (await findInToolCache(wish, context));
}
