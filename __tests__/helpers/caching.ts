import { ActionsCache, CACHE_LIMITS, type CacheContext, type CacheLimits } from '../../src/caches/actions-cache.ts';
import type { FileCache } from '../../src/caches/file-cache.ts';
import { cacheServiceOf } from '../../src/caches/service.ts';
import type { Env } from '../../src/core/env.ts';
import { Secrets } from '../../src/core/secrets.ts';

/** The cache of a step with this environment. */
export function cacheOfStep(
  env: Env,
  context: Pick<CacheContext, 'log' | 'signal'> & Partial<Pick<CacheContext, 'secrets'>>,
  limits: CacheLimits = CACHE_LIMITS,
): FileCache {
  const found = cacheServiceOf(env);
  if (found.kind !== 'available') throw new Error(found.why);
  return new ActionsCache(found, { secrets: new Secrets(), ...context, env }, limits);
}
