import { valid } from 'semver';
import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { type DigestTable, PINNED_DIGESTS } from './digests.ts';
import type { DoltRequest, InstallContext } from './dolt-request.ts';
import { askGithub, githubApi } from './github-api.ts';
import { ask } from './http.ts';
import type { Unreachable } from './network-failure.ts';
import { releaseUrls } from './release-urls.ts';
import { fits, newestFitting, type WantedVersion } from './wanted-version.ts';

const releasesSchema = z.array(z.object({ tag_name: z.string(), draft: z.boolean(), prerelease: z.boolean() }));

/**
 * The version that the release host calls its latest, told by where `…/releases/latest` redirects to; no API is asked.
 * @throws Failure `dolt-version-unknown` when it names none
 */
export async function latestVersion(request: DoltRequest, context: InstallContext): Promise<string | Unreachable> {
  const url = releaseUrls(request.mirror).latest;
  const answer = await ask({ url, signal: context.signal });
  if (answer.kind === 'unreachable') return answer;
  answer.body.destroy();
  const version = /\/tag\/v([^/?#]+)$/.exec(answer.location ?? '')?.[1] ?? null;
  if (version !== null && valid(version) === version) return version;
  const seen = answer.location === null ? 'without a redirect' : `with a redirect to "${answer.location}"`;
  throw new Failure('dolt-version-unknown', `The latest Dolt cannot be told: ${url} answered ${answer.status} ${seen}`);
}

/**
 * The newest release in a range: from the pinned table, else from GitHub's list, else, where the API refuses or cannot
 * be reached, the latest release if it lies in the range.
 * @throws Failure `dolt-version-unknown` when none is found
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

  context.log.debug(`The list of Dolt releases cannot be had (${answer.kind}): asking for the latest only`);
  const latest = await latestVersion(request, context);
  if (typeof latest !== 'string' || fits(latest, wanted)) return latest;
  const reason = 'reason' in answer ? answer.reason : 'GitHub did not send a list of releases';
  throw new Failure(
    'dolt-version-unknown',
    `No release in "${wanted.range}" is known (the latest is ${latest}): ${reason}`,
  );
}
