import { z } from 'zod';
import type { Env } from '../core/env.ts';
import { isSafeAddress } from '../core/secrets.ts';

/** GitHub's cache service, as the runner names it to a step. */
export interface CacheService {
  readonly kind: 'available';
  readonly url: string;
  readonly token: string;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
}

/** Why a step has no cache. */
interface NoService {
  readonly kind: 'unavailable';
  readonly why: string;
}

/** The modes that an administrator may set; anything else allows both (@actions/cache 6.3.0, config.ts). */
const MODES: Readonly<Record<string, Pick<CacheService, 'mayRead' | 'mayWrite'>>> = {
  none: { mayRead: false, mayWrite: false },
  read: { mayRead: true, mayWrite: false },
  'write-only': { mayRead: false, mayWrite: true },
};

/**
 * The cache service of the job. Only version 2 of its protocol is spoken, which GitHub Enterprise Server lacks
 * (@actions/cache 6.3.0, config.ts).
 */
export function cacheServiceOf(env: Env): CacheService | NoService {
  const unavailable = (why: string): NoService => ({ kind: 'unavailable', why });
  if (!isGithub(env['GITHUB_SERVER_URL'] ?? 'https://github.com'))
    return unavailable('GitHub Enterprise Server has none');
  if (env['ACTIONS_CACHE_SERVICE_V2'] === undefined) return unavailable('the runner does not offer version 2 of it');
  const [url, token] = [env['ACTIONS_RESULTS_URL'], env['ACTIONS_RUNTIME_TOKEN']];
  if (url === undefined || token === undefined) return unavailable('the runner does not name it');
  if (!isSafeAddress(url)) return unavailable('its address is not https');
  const mode = MODES[(env['ACTIONS_CACHE_MODE'] ?? '').trim().toLowerCase()] ?? { mayRead: true, mayWrite: true };
  return { kind: 'available', url, token, ...mode };
}

function isGithub(server: string): boolean {
  const host = URL.canParse(server) ? new URL(server).hostname.toLowerCase() : '';
  return host === 'github.com' || host.endsWith('.ghe.com') || host.endsWith('.localhost');
}

/** A method of the service, and the used part of its answer. */
export interface Method<T> {
  readonly name: string;
  readonly answer: z.ZodType<T>;
}

const PATH = '/twirp/github.actions.results.api.v1.CacheService';

export function methodUrl({ url }: CacheService, name: string): string {
  return new URL(`${PATH}/${name}`, url).href;
}

const ok = z.boolean().default(false);
const text = z.string().optional();

/** An entry by its key. `ok: false`: there is none. JSON of protobuf may spell a name in two ways. */
export const LOOK_UP = {
  name: 'GetCacheEntryDownloadURL',
  answer: z
    .looseObject({ ok, signed_download_url: text, signedDownloadUrl: text, matched_key: text, matchedKey: text })
    .transform((one) => ({
      ok: one.ok,
      url: one.signed_download_url ?? one.signedDownloadUrl ?? '',
      key: one.matched_key ?? one.matchedKey ?? '',
    })),
} as const;

/**
 * An address to send a new entry to. A key that is taken is a conflict (status 409, actions/cache#1541). `ok: false`: the
 * token of the job may not write (Mic92/hestia#84).
 */
export const RESERVE = {
  name: 'CreateCacheEntry',
  answer: z
    .looseObject({ ok, signed_upload_url: text, signedUploadUrl: text })
    .transform((one) => ({ ok: one.ok, url: one.signed_upload_url ?? one.signedUploadUrl ?? '' })),
} as const;

/** Makes an entry that was sent available. */
export const FINALIZE = { name: 'FinalizeCacheEntryUpload', answer: z.looseObject({ ok }) } as const;
