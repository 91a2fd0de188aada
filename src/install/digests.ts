import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { valid } from 'semver';
import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import table from './digests.json' with { type: 'json' };
import type { DoltRequest, InstallContext } from './dolt-request.ts';
import { askGithub, githubApi } from './github-api.ts';
import { ask, type Unreachable } from './http.ts';
import { releaseUrls } from './release-urls.ts';

/** A SHA-256: 64 lower-case hexadecimal digits. */
export const SHA256 = /^[0-9a-f]{64}$/;

/** SHA-256 of a file's content, in lower-case hexadecimal. Rejects when the file cannot be read. */
export async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

const version = z.string().refine((text) => valid(text) === text, 'not an exact version');
const assets = z.record(z.string().regex(/^dolt-[a-z0-9-]+\.(?:tar\.gz|zip)$/), z.string().regex(SHA256));

/** Version -> release asset -> SHA-256, as scripts/update-digests.mjs writes it. */
export const digestTableSchema = z.record(version, assets);
export type DigestTable = z.infer<typeof digestTableSchema>;

/** The digests that are part of this version of dolt-federation; they need no call of GitHub's API. */
export const PINNED_DIGESTS: DigestTable = digestTableSchema.parse(table);

/** GitHub computes the digest of an asset when it is uploaded (REST API, since June 2025). */
const releaseSchema = z.object({ assets: z.array(z.object({ name: z.string(), digest: z.string().nullish() })) });

interface Asset {
  readonly version: string;
  readonly name: string;
}

/** The sources of digests that need no network. */
interface DigestSources {
  readonly request: DoltRequest;
  readonly table?: DigestTable;
}

/**
 * The SHA-256 that an asset must have: the user's, else the pinned one, else the one in GitHub's API.
 * @returns the digest, or that neither the API nor the release host can be reached
 * @throws Failure `dolt-digest-unknown` or `dolt-version-unknown` (GitHub has no such release)
 */
export async function releaseDigest(
  asset: Asset,
  { request, table = PINNED_DIGESTS }: DigestSources,
  context: InstallContext,
): Promise<string | Unreachable> {
  if (request.sha256 !== undefined) return request.sha256;
  const pinned = table[asset.version]?.[asset.name];
  if (pinned !== undefined) return pinned;

  const api = githubApi(context.env, request.githubToken);
  const answer = await askGithub(`/repos/dolthub/dolt/releases/tags/v${asset.version}`, api, context);
  switch (answer.kind) {
    case 'json': {
      const digest = digestInRelease(answer.value, asset.name);
      if (digest === null) throw unknownDigest(asset, 'GitHub has none');
      context.log.info(
        `No digest of Dolt ${asset.version} is pinned: taking the one that GitHub's API names (${digest})`,
      );
      return digest;
    }
    case 'missing':
      if (request.mirror !== undefined) throw unknownDigest(asset, 'GitHub has no such release');
      throw new Failure('dolt-version-unknown', `GitHub has no release of Dolt ${asset.version}`);
    case 'refused':
      throw unknownDigest(asset, answer.reason);
    case 'unreachable': {
      const url = releaseUrls(request.mirror).asset(asset.version, asset.name);
      const host = await ask({ url, method: 'HEAD', signal: context.signal });
      if (host.kind === 'unreachable') return host;
      host.body.destroy();
      throw unknownDigest(asset, `GitHub's API cannot be reached: ${answer.reason}`);
    }
  }
}

function digestInRelease(release: unknown, name: string): string | null {
  const parsed = releaseSchema.safeParse(release);
  const digest = parsed.data?.assets.find((asset) => asset.name === name)?.digest ?? '';
  const hex = digest.startsWith('sha256:') ? digest.slice('sha256:'.length) : '';
  return SHA256.test(hex) ? hex : null;
}

function unknownDigest(asset: Asset, reason: string): Failure {
  return new Failure('dolt-digest-unknown', `No digest is known for ${asset.name} of Dolt ${asset.version}: ${reason}`);
}
