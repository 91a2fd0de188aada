import type { Role } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import { holdEqualRows } from '../../dolt/rows/equal-rows.ts';
import { commitsAmong, containsCommit, isPresent, mergeBases, newestCommon } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { rightsOf } from '../peer-actions.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { Remembered } from './last-verified.ts';

/** Three commits: our head, the peer's, and their merge base (null if there is none). */
interface Heads {
  readonly ours: string;
  readonly theirs: string;
  readonly base: string | null;
}

/** Which side still contains the last common head. */
export interface CommonHead {
  readonly role: Role;
  readonly inOurs: boolean;
  readonly inTheirs: boolean;
  /**
   * Whether our branch is known to have contained it; an entry of an old state file may only have been read at the
   * peer.
   */
  readonly certain: boolean;
  /** Whether our head is an ancestor of the peer's, or the peer's of ours. */
  readonly weAreAncestor: boolean;
  readonly theyAreAncestor: boolean;
  /** Whether the two heads share a commit that is newer than it. */
  readonly commonSince: boolean;
}

/** Which side no longer contains a commit that both had; `suspected` if no common head is recorded. */
export interface Rewritten {
  readonly side: 'ours' | 'theirs' | 'both' | 'suspected';
  /** The missing commit; null if none is recorded. */
  readonly last: string | null;
}

/** Roles that are only written to: an older state there is a restored backup, not a rewritten history. */
const COPIES: readonly Role[] = ['backup', 'archive'];

/** Which side was rewritten, judged by the last common head; null: neither. */
export function sideRewritten(trace: CommonHead): 'ours' | 'theirs' | 'both' | null {
  const { inOurs, inTheirs } = trace;
  if (inOurs && inTheirs) return null;
  if (inOurs) return trace.theyAreAncestor && COPIES.includes(trace.role) ? null : 'theirs';
  if (inTheirs) return trace.certain || !trace.weAreAncestor ? 'ours' : null;
  // Neither side can bring it back; only two independent rewrites lack a sound merge base.
  return trace.weAreAncestor || trace.theyAreAncestor || trace.commonSince ? null : 'both';
}

/**
 * Whether one side no longer contains a commit that both had; a merge would bring back what was removed with it.
 * @param heads.dropped former heads of our branch, and heads that `force-with-lease` discarded, with commits that were never
 * ours; a peer that has one, or a part of its history, brings it back
 */
export async function findRewritten(
  sql: Sql,
  { peer, remembered }: Pick<PeerProgress, 'peer' | 'remembered'>,
  heads: Heads & { readonly dropped: readonly string[] },
): Promise<Rewritten | null> {
  const { ours, theirs, base, dropped } = heads;
  if (ours === theirs) return null;
  const last = remembered?.head ?? null;
  const onlyTheirs = await commitsAmong(sql, { from: ours, to: theirs }, [
    ...dropped,
    ...(last === null ? [] : [last]),
  ]);
  const revived = onlyTheirs.find((commit) => dropped.includes(commit));
  if (revived !== undefined) return { side: 'ours', last: revived };
  if (remembered !== null) {
    const side = await sideFrom(sql, { role: peer.role, remembered }, { ours, theirs, base, onlyTheirs });
    if (side !== null) return { side, last };
  }
  // A peer that stayed at an older commit of an abandoned history has only a part of it.
  const part = base === theirs ? null : await newestCommon(sql, { head: theirs, others: dropped, without: [ours] });
  if (part !== null) return { side: 'ours', last: part };
  return last === null && (await isSuspected(sql, peer.role, heads)) ? { side: 'suspected', last: null } : null;
}

/** Which side no longer contains the recorded head. */
async function sideFrom(
  sql: Sql,
  { role, remembered }: { readonly role: Role; readonly remembered: Remembered },
  { ours, theirs, base, onlyTheirs }: Heads & { readonly onlyTheirs: readonly string[] },
): Promise<ReturnType<typeof sideRewritten>> {
  const last = remembered.head;
  const inTheirs = onlyTheirs.includes(last);
  const onlyOurs = inTheirs ? [] : await commitsAmong(sql, { from: theirs, to: ours }, [last]);
  const inOurs = onlyOurs.length > 0 || (!inTheirs && (await containsCommit(sql, ours, last)));
  return sideRewritten({
    role,
    inOurs,
    inTheirs: inTheirs || (inOurs && onlyOurs.length === 0),
    certain: remembered.certain,
    weAreAncestor: base === ours,
    theyAreAncestor: base === theirs,
    commonSince: !inOurs && !inTheirs && (await shareLater(sql, last, { ours, theirs })),
  });
}

/** Whether two heads share a commit that another one does not reach. */
async function shareLater(sql: Sql, last: string, heads: Pick<Heads, 'ours' | 'theirs'>): Promise<boolean> {
  for (const base of await mergeBases(sql, heads.ours, heads.theirs))
    if (!(await reachesFrom(sql, last, base))) return true;
  return false;
}

/** Whether a commit reaches another; a commit that is missing locally is assumed to. */
async function reachesFrom(sql: Sql, commit: string, other: string): Promise<boolean> {
  return !(await isPresent(sql, commit)) || (await containsCommit(sql, commit, other));
}

/**
 * Without a recorded head: both sides hold the same rows, and the base has none of the tables. Two databases that ran
 * the same schema on one first commit share the tables, but no rows.
 */
async function isSuspected(sql: Sql, role: Role, { ours, theirs, base }: Heads): Promise<boolean> {
  if (base === null || base === ours || base === theirs || !rightsOf(role).pull) return false;
  // A table of any merge base is no table that a rewrite brought back.
  for (const one of await mergeBases(sql, ours, theirs))
    if (!(await holdEqualRows(sql, { base: one, ours, theirs }))) return false;
  return true;
}

/** Why a peer is neither merged nor pushed to, and the options that its role allows. */
export function rewrittenFailure(
  { peer, inbox }: Pick<PeerProgress, 'peer' | 'inbox'>,
  { side, last }: Rewritten,
  heads: Heads & { readonly branch: string; readonly isServed: boolean },
): Failure {
  const { name } = peer;
  const { ours, theirs, base, branch } = heads;
  const at = `${name} is at ${theirs}, our ${branch} at ${ours}.`;
  if (inbox !== null) {
    return new Failure('history-rewritten', `${found(side, { name, last, base, branch })} ${at}`, {
      hint:
        'Nothing was merged. Ask the sender to take our history with `--adopt` and deliver again. If you do not want the ' +
        `delivery, remove it with \`CALL DOLT_BRANCH('-D', '${inbox}')\`.`,
    });
  }
  return new Failure('history-rewritten', `${found(side, { name, last, base, branch })} ${at}`, {
    hint: `Nothing was merged or pushed. ${howToResolve(peer, rewriteOptions(peer, heads))}`,
  });
}

/**
 * The end of a hint.
 * @param ways those of `rewriteOptions`; none for a running database that is never merged from
 */
export function howToResolve({ role }: Pick<PeerProgress['peer'], 'role'>, ways: readonly string[]): string {
  if (ways.length > 0)
    return `Run \`${rightsOf(role).inSync ? 'sync' : 'push'}\` with one of these:\n${ways.join('\n')}`;
  return 'No option replaces the branch of a running database. Save what only that one has. Then replace it on its server with a clone of ours.';
}

/**
 * The options that end a dispute about the history, as the role of the peer allows.
 * @param heads.isServed whether a server holds our database, through which no run replaces a branch
 */
export function rewriteOptions(
  peer: Pick<PeerProgress['peer'], 'name' | 'role' | 'live'>,
  { theirs, base, isServed }: Pick<Heads, 'theirs' | 'base'> & { readonly isServed: boolean },
): string[] {
  const rights = rightsOf(peer.role);
  const named = `${peer.name}=${theirs}`;
  const stop = isServed ? ' Stop the server of our database during that run.' : '';
  return [
    ...(rights.pull ? [`\`--adopt ${named}\`: our branch becomes theirs.${stop}`] : []),
    ...(rights.push && peer.live !== true ? [`\`--force-with-lease ${named}\`: their branch becomes ours.`] : []),
    ...(rights.pull && base !== null
      ? [
          `\`--merge-rewritten ${named}\`: both histories are merged. Rows that the merge base lacks are kept, also those that one side deleted.`,
        ]
      : []),
  ];
}

function found(
  side: Rewritten['side'],
  reported: {
    readonly name: string;
    readonly branch: string;
    readonly last: string | null;
    readonly base: string | null;
  },
): string {
  const { name, branch, last, base } = reported;
  switch (side) {
    case 'theirs':
      return `${name} no longer contains ${last}, the last commit that both sides had: its history was rewritten there.`;
    case 'ours':
      return `Our branch ${branch} does not contain ${last}, which ${name} still has: our history was rewritten, \`--force-with-lease\` replaced a branch that had it, or another peer took it back.`;
    case 'both':
      return `Neither ${name} nor our branch ${branch} contains ${last}, the last commit that both had: both were rewritten.`;
    case 'suspected':
      return `One side was probably rewritten: ${name} and our branch ${branch} have the same rows, but their last common commit ${base} has none of their tables.`;
  }
}
