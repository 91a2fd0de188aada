import {
  ActionsCache,
  CACHE_LIMITS,
  type CacheLimits,
  type CacheSurroundings,
} from '../../src/caches/actions-cache.ts';
import type { FileCache } from '../../src/caches/file-cache.ts';
import { cacheServiceOf } from '../../src/caches/service.ts';
import type { Env } from '../../src/core/env.ts';
import { Secrets } from '../../src/core/secrets.ts';

/** The cache of a step with this environment. */
export function cacheOfStep(
  env: Env,
  surroundings: Pick<CacheSurroundings, 'log' | 'signal'> & Partial<Pick<CacheSurroundings, 'secrets'>>,
  limits: CacheLimits = CACHE_LIMITS,
): FileCache {
  const found = cacheServiceOf(env);
  if (found.kind !== 'available') throw new Error(found.why);
  return new ActionsCache(found, { secrets: new Secrets(), ...surroundings, env }, limits);
}
