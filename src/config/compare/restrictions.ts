import { ROLE_RIGHTS, type Role } from '../../contract/vocabulary.ts';
import type { Configuration, InboxRule, Peer } from '../configuration.ts';

/** The restrictions of both peers. */
export function restrictedAsBoth(one: Peer, other: Peer): Peer {
  const { tier } = one.tier < other.tier ? other : one;
  const { role } = widensRole(one.role, other.role) ? one : other;
  const accept = one.accept.filter((kind) => other.accept.includes(kind));
  return { ...one, tier, role, accept, trust: commonTrust(one.trust, other.trust) };
}

function commonTrust(one: Peer['trust'], other: Peer['trust']): Peer['trust'] {
  if (one === null || other === null) return one ?? other;
  const patterns = new Set(other);
  return one.filter((pattern) => patterns.has(pattern));
}

/** null: the peer may change the rows of every system. */
export function widensTrust(before: Peer['trust'], after: Peer['trust']): boolean {
  if (before === null) return false;
  return after === null || after.some((pattern) => !before.includes(pattern));
}

/** No pattern allows everything. A pattern that another one covers is not recognized and counts as wider. */
export function widensPatterns(before: readonly string[], after: readonly string[]): boolean {
  return widensTrust(before.length === 0 ? null : before, after.length === 0 ? null : after);
}

export function widensInbox(before: InboxRule, after: InboxRule): boolean {
  if (before === true || after === false) return false;
  if (after === true || before === false) return true;
  return after.some((name) => !before.includes(name));
}

export function widensRole(before: Role, after: Role): boolean {
  const [was, is] = [ROLE_RIGHTS[before], ROLE_RIGHTS[after]];
  const isFirst = after === 'primary' && before !== 'primary';
  return isFirst || (is.pull && !was.pull) || (is.push && !was.push) || (is.inSync && !was.inSync);
}

/** The writes that a guard leaves to a run, from the strictest guard on. */
export const RIGHTS_TEXTS = ['no write at all', 'false', 'true', 'true, whatever the keys of beads say'] as const;
export const PULLS = 1;

/**
 * A place in `RIGHTS_TEXTS`. The check of a change does not see every guard of the job and the machine that federate, so a
 * written `true`, which overrides all of them, is more than no guard.
 */
export function writeRights({ value, guard, origin }: Configuration['push']): 0 | 1 | 2 | 3 {
  if (guard?.key === 'readonly') return 0;
  if (!value) return PULLS;
  return origin.layer === 'default' ? 2 : 3;
}
