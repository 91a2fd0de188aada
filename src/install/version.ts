import { clean, rcompare, satisfies, valid, validRange } from 'semver';
import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { shownValue } from '../core/text.ts';
import { type DigestTable, PINNED_DIGESTS } from './digests.ts';
import type { DoltRequest, InstallContext } from './dolt-request.ts';
import { askGithub, githubApi } from './github-api.ts';
import { ask, type Unreachable } from './http.ts';
import { releaseUrls } from './release-urls.ts';

/** A version or a range, which can be compared without the network. */
export type WantedVersion =
  | { readonly kind: 'exact'; readonly version: string }
  | { readonly kind: 'range'; readonly range: string };

/** The version that a user may request; only the release host knows the `latest` version. */
export type AskedVersion = WantedVersion | { readonly kind: 'latest' };

/**
 * Parses `2.3.0`, `v2.3.0`, a semver range such as `2.x` or `>=2.3 <3`, or `latest`.
 * @throws Failure `bad-usage` for anything else
 */
export function parseAskedVersion(text: string): AskedVersion {
  const trimmed = text.trim();
  if (trimmed === 'latest') return { kind: 'latest' };
  const version = clean(trimmed);
  if (version !== null) return { kind: 'exact', version };
  const range = trimmed === '' ? null : validRange(trimmed);
  if (range !== null) return { kind: 'range', range };
  throw new Failure(
    'bad-usage',
    `dolt-version is ${shownValue(text)}, which is neither a version, nor a semver range, nor "latest"`,
    { hint: 'Write for example `2.3.0`, `^2.3`, or `latest`.' },
  );
}

/** Whether a version matches the request. */
export function fits(version: string, wanted: WantedVersion): boolean {
  switch (wanted.kind) {
    case 'exact':
      return version === wanted.version;
    case 'range':
      return satisfies(version, wanted.range);
  }
}

/** The newest of some versions that fits; null if none does. */
export function newestFitting(versions: readonly string[], wanted: WantedVersion): string | null {
  const fitting = versions.filter((version) => fits(version, wanted));
  return fitting.sort(rcompare)[0] ?? null;
}

/** The requested version, for messages. */
export function describeWanted(wanted: WantedVersion): string {
  switch (wanted.kind) {
    case 'exact':
      return wanted.version;
    case 'range':
      return `"${wanted.range}"`;
  }
}

const releasesSchema = z.array(z.object({ tag_name: z.string(), draft: z.boolean(), prerelease: z.boolean() }));

/**
 * The latest version of the release host, from the redirect of `…/releases/latest`; uses no API.
 * @throws Failure `dolt-version-unknown` if there is none
 */
export async function latestVersion(request: DoltRequest, context: InstallContext): Promise<string | Unreachable> {
  const url = releaseUrls(request.mirror).latest;
  const answer = await ask({ url, signal: context.signal, pausesMs: context.pausesMs });
  if (answer.kind === 'unreachable') return answer;
  answer.body.destroy();
  const version = /\/tag\/v([^/?#]+)$/.exec(answer.location ?? '')?.[1] ?? null;
  if (version !== null && valid(version) === version) return version;
  const seen = answer.location === null ? 'without a redirect' : `with a redirect to "${answer.location}"`;
  throw new Failure(
    'dolt-version-unknown',
    `The latest Dolt version cannot be determined: ${url} answered ${answer.status} ${seen}`,
  );
}

/**
 * The newest release in a range: from the pinned table, else from GitHub's list; if the API refuses or is unreachable,
 * the latest release if it is in the range.
 * @throws Failure `dolt-version-unknown` if none is found
 */
export async function newestRelease(
  wanted: WantedVersion & { readonly kind: 'range' },
  { request, table = PINNED_DIGESTS }: { readonly request: DoltRequest; readonly table?: DigestTable },
  context: InstallContext,
): Promise<string | Unreachable> {
  const pinned = newestFitting(Object.keys(table), wanted);
  if (pinned !== null) return pinned;

  const api = githubApi(context.env, request.githubToken);
  const answer = await askGithub('/repos/dolthub/dolt/releases?per_page=100', api, context);
  const listed = answer.kind === 'json' ? releasesSchema.safeParse(answer.value).data : undefined;
  if (listed !== undefined) {
    const published = listed.filter((release) => !release.draft && !release.prerelease);
    const newest = newestFitting(
      published.map((release) => release.tag_name.replace(/^v/, '')).filter((version) => valid(version) === version),
      wanted,
    );
    if (newest !== null) return newest;
    throw new Failure(
      'dolt-version-unknown',
      `None of the last ${listed.length} releases of Dolt is in "${wanted.range}"`,
    );
  }

  context.log.debug(`The list of Dolt releases is not available (${answer.kind}): asking only for the latest`);
  const latest = await latestVersion(request, context);
  if (typeof latest !== 'string' || fits(latest, wanted)) return latest;
  const reason = 'reason' in answer ? answer.reason : 'GitHub did not send a list of releases';
  throw new Failure(
    'dolt-version-unknown',
    `No release in "${wanted.range}" is known (the latest is ${latest}): ${reason}`,
  );
}
