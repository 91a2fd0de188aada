import type { Peer } from '../../../config/configuration.ts';
import type { Visibility } from '../../../contract/vocabulary.ts';
import type { Diagnostic } from '../../../core/diagnostic.ts';

/** The facts that decide whether the database may be kept in the Actions cache. */
interface CacheFacts {
  readonly visibility: Visibility;
  readonly untrusted: boolean;
  readonly peers: readonly Pick<Peer, 'name' | 'tier'>[];
  /** Whether the step has a cache. */
  readonly hasCache: boolean;
}

/**
 * Why the database is not kept in the Actions cache; null: it may be. Everyone who may run a workflow on a branch can read
 * the cache of the repository. In a public repository, anyone may propose such a workflow.
 */
export function cacheRefusal({ visibility, untrusted, peers, hasCache }: CacheFacts): Diagnostic | null {
  const refused = (why: string, hint?: string): Diagnostic => ({
    severity: 'warning',
    code: 'database-not-cached',
    message: `the database is not kept in the Actions cache: ${why}`,
    ...(hint === undefined ? {} : { hint }),
  });
  switch (visibility) {
    case 'public':
      return refused('the repository is public, and anyone can read the cache of a public repository');
    case 'unknown':
      return refused('the event does not say that the repository is private');
    case 'private': {
      if (untrusted) return { ...refused('the event may not write'), severity: 'notice' };
      const strict = peers.find(({ tier }) => tier !== 'T1');
      if (strict !== undefined)
        return refused(`${strict.name} has the tier ${strict.tier}, and only T1 allows copies elsewhere`);
      if (hasCache) return null;
      const hint = 'Set `cache: true`. GitHub Enterprise Server has no such cache: remove `cache-database` there.';
      return { ...refused('the step has no cache', hint), severity: 'notice' };
    }
  }
}
