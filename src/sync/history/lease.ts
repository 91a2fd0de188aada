import type { Plan, Replaced } from '../../contract/result.ts';
import { Failure } from '../../core/failure.ts';
import { countCommits, isAncestor } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import type { PeerProgress } from '../peer-progress.ts';

/** The heads of one peer whose branch may be replaced. */
interface Leased {
  /** The head that the user expects there. */
  readonly expected: string;
  /** The head that was read there; null: the peer has no such branch. */
  readonly found: string | null;
  /** Whether the commit that the peer will have contains it. */
  readonly isContained: boolean;
}

/** A forced push: the head it replaces, the head it sets, and how many commits that sends. */
export interface Replacing extends Replaced {
  readonly target: string;
  readonly commits: number;
}

/**
 * Evaluates a lease. A peer whose head a plain push can follow needs nothing, so that the command can be repeated, also
 * after further commits of ours. Otherwise the peer must be at the expected head.
 */
export function leaseVerdict({ expected, found, isContained }: Leased): 'nothing-to-do' | 'stale' | 'replace' {
  if (isContained) return 'nothing-to-do';
  return found === expected ? 'replace' : 'stale';
}

/** Evaluates the lease of a peer, as it was read last. */
export async function verdictFor(
  sql: Sql,
  { progress, expected, target }: PlannedLease,
): Promise<ReturnType<typeof leaseVerdict>> {
  const found = progress.head;
  const isContained = found !== null && (await isAncestor(sql, found, target));
  return leaseVerdict({ expected, found, isContained });
}

interface PlannedLease {
  readonly progress: PeerProgress;
  readonly expected: string;
  /** The commit that the peer will have. */
  readonly target: string;
}

/** The options that name the head of a peer; they have no effect if the peer is at another head. */
export type NamingOption = 'force-with-lease' | 'adopt' | 'merge-rewritten';

const UNDONE: Readonly<Record<NamingOption, string>> = {
  'force-with-lease': 'nothing was forced',
  adopt: 'our branch was not moved',
  'merge-rewritten': 'nothing was merged',
};

/** The refusal to act on a peer that has moved since its head was named. */
export function leaseFailure(
  peer: string,
  lease: Pick<Leased, 'expected' | 'found'>,
  option: NamingOption = 'force-with-lease',
): Failure {
  return new Failure(
    'lease-stale',
    `${peer} is at ${lease.found ?? 'no commit'}, not at ${lease.expected} as ${option} expects; ${UNDONE[option]}`,
  );
}

/** The tag that keeps a replaced head; the hash makes it unique. */
export function savedTag(peer: string, head: string): string {
  return `dolt-federation-replaced/${peer}/${head}`;
}

/** The tags that keep the heads to be replaced at these peers. */
export function savedTags(allProgress: readonly PeerProgress[]): { readonly name: string; readonly commit: string }[] {
  return allProgress.flatMap(({ peer, lease }) =>
    lease === null ? [] : [{ name: savedTag(peer.name, lease), commit: lease }],
  );
}

/**
 * The effect of `force-with-lease` for one peer; a stale lease is recorded as the peer's failure.
 * @returns null if a plain push is enough; it is planned like any other
 */
export async function planReplacement(sql: Sql, lease: PlannedLease): Promise<Partial<Plan> | null> {
  const { progress, expected, target } = lease;
  switch (await verdictFor(sql, lease)) {
    case 'nothing-to-do':
      return null;
    case 'stale':
      progress.fail(leaseFailure(progress.peer.name, { expected, found: progress.head }));
      return {};
    case 'replace':
      return { push: 'replace', pushCommits: await countCommits(sql, expected, target), head: target };
  }
}
