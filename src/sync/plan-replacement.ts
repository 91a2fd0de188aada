import type { Plan } from '../contract/result.ts';
import { countCommits, isAncestor } from '../dolt/history.ts';
import type { Sql } from '../dolt/sql.ts';
import { leaseFailure, leaseVerdict } from './lease.ts';
import type { PeerRun } from './peer-run.ts';

/**
 * What `force-with-lease` would do for one peer; a stale lease is noted as the peer's failure.
 * @returns null where a plain push would do, which is planned as any other
 */
export async function planReplacement(
  sql: Sql,
  lease: { readonly run: PeerRun; readonly expected: string; readonly target: string },
): Promise<Partial<Plan> | null> {
  const { run, expected, target } = lease;
  switch (leaseVerdict({ expected, found: run.head, target })) {
    case 'nothing-to-do':
      return null;
    case 'stale':
      run.failure = leaseFailure(run.peer.name, { expected, found: run.head });
      return {};
    case 'replace':
      if (await isAncestor(sql, expected, target)) return null;
      return { push: 'replace', pushCommits: await countCommits(sql, expected, target), head: target };
  }
}
