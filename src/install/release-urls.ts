import { Failure } from '../core/failure.ts';

const RELEASES = 'https://github.com/dolthub/dolt/releases/download';

/** The addresses of one release host. */
export interface ReleaseUrls {
  readonly asset: (version: string, name: string) => string;
  /** Redirects to `…/tag/v<version>`, at GitHub and at a mirror. */
  readonly latest: string;
}

/** Addresses at GitHub or at the mirror that replaces `https://github.com/dolthub/dolt/releases/download`. */
export function releaseUrls(mirror: string | undefined): ReleaseUrls {
  const base = mirror ?? RELEASES;
  return {
    asset: (version, name) => `${base}/v${version}/${name}`,
    latest: new URL('../latest', `${base}/`).href,
  };
}

/**
 * A mirror's base URL, without a trailing slash.
 * @throws Failure `bad-usage` if it is not an http(s) address, or has a password, query or fragment
 */
export function parseMirror(mirror: string): string {
  const hint = 'Write `--dolt-mirror` as https://host/path, without user, query and fragment.';
  if (!URL.canParse(mirror)) throw new Failure('bad-usage', 'dolt-mirror is not a URL', { hint });
  const url = new URL(mirror);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new Failure('bad-usage', `dolt-mirror on ${url.host} has a user, a query or a fragment`, { hint });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new Failure('bad-usage', 'dolt-mirror is neither https nor http', { hint });
  }
  return url.href.replace(/(?<!\/)\/+$/, '');
}
