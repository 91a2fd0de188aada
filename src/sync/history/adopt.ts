import type { PeerState } from '../../contract/vocabulary.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import {
  type CommitLine,
  commitsAmong,
  commitsLost,
  containsCommit,
  isPresent,
  mergeBase,
  mergeBases,
  minimalHeads,
} from '../../dolt/sql/history.ts';
import { whyBranchStays } from '../../dolt/sql/merge.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import { ensureTag } from '../../dolt/sql/tags.ts';
import { tablesUnderReset } from '../../dolt/sql/working-set.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { replaceBranch } from '../advance.ts';
import { compareWithin } from '../fetch.ts';
import { refuseBrokenRows } from '../incoming/broken-rows.ts';
import { checkIncoming } from '../incoming/check-incoming.ts';
import { futureLimit } from '../incoming/check-peers.ts';
import { headsOfRun, sharedCommits } from '../incoming/losses/shared-commits.ts';
import { readIncomingFrom } from '../incoming/read-incoming.ts';
import { untrustedReplacement, withTrust } from '../incoming/trust.ts';
import { refuseUnresolved } from '../incoming/unresolved-commit.ts';
import type { PeerProgress } from '../peer-progress.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';
import { leaseFailure } from './lease.ts';

/** Our head and the one that replaces it. */
interface Replacement {
  readonly ours: string;
  readonly head: string;
}

interface Adoption {
  /** The local side afterwards; in a dry run, as it would be. */
  readonly local: LocalHead;
  /** The peers with the adopted head; empty if none was adopted. */
  readonly from: readonly PeerProgress[];
}

/** Results of a comparison with our old head; they are obsolete once our branch has another. */
const COMPARED: readonly Failure['code'][] = ['history-rewritten', 'unrelated', 'lease-stale'];

/** More commits than these are not listed in a message. */
const MAX_LISTED = 1_000;

/** The head that one run should adopt, and the head found at the peer. */
export interface Adoptable {
  readonly expected: string;
  readonly found: string | null;
  readonly state: PeerState;
  /** Whether our branch contains the expected head. */
  readonly contained: boolean;
}

/** The decision about `adopt`. A second run with the same value does nothing, regardless of later commits. */
export function adoptionVerdict({ expected, found, state, contained }: Adoptable): 'nothing-to-do' | 'stale' | 'adopt' {
  const isRewritten = state === 'rewritten';
  if (contained && !(isRewritten && found === expected)) return 'nothing-to-do';
  if (found !== expected) return 'stale';
  // Our branch follows by a normal fast-forward.
  return state === 'behind' ? 'nothing-to-do' : 'adopt';
}

/**
 * Sets our branch to the head of the peers that `adopt` names, before anything is merged. A tag keeps the old head. A
 * refusal is recorded in their `PeerProgress` and our branch stays; the other peers are compared with the new head.
 */
export async function adoptHeads(
  context: SyncContext,
  local: LocalHead,
  allProgress: readonly PeerProgress[],
): Promise<Adoption> {
  if (allProgress.every((progress) => progress.adopt === null)) return { local, from: [] };
  return await context.engines.use(NO_CREDENTIALS, (engine) => adoptIn(context, local, engine, allProgress));
}

async function adoptIn(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  allProgress: readonly PeerProgress[],
): Promise<Adoption> {
  const { database } = engine;
  const { ours, dropped } = local;
  const { branch, dryRun, known, state } = context;
  const nothing: Adoption = { local, from: [] };
  const adopting: PeerProgress[] = [];
  for (const progress of allProgress) if (await isAdopting(database, progress, ours)) adopting.push(progress);
  const head = adopting[0]?.adopt ?? null;
  if (head === null) return nothing;
  try {
    const common = await commonHeads(database, adopting, { ours, head });
    await refuseLosses(context, database, adopting, { ours, head, common });
    await refuseIncoming(context, engine, { adopting, allProgress }, { ours, head, common });
    // After the checks of the head, because its tables are compared with ours here.
    await refuseUncommitted(context, engine, { ours, head });
    const tag = tagNow();
    if (!dryRun) {
      await ensureTag(database, { name: tag, commit: ours });
      for (const notice of await replaceBranch(database, { branch, from: ours, to: head }, state))
        context.notify(notice);
    }
    for (const progress of adopting) {
      progress.tryAgain();
      if (!dryRun) progress.adoptedAs({ head: ours, tag });
    }
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
    for (const progress of adopting) progress.fail(failure);
    return nothing;
  }
  const kept = new Set(await commitsAmong(database, { from: null, to: head }, known));
  const after = [...new Set([...dropped, ours, ...known.filter((one) => !kept.has(one))])];
  const adopted = { ...local, ours: head, dropped: after };
  for (const progress of allProgress)
    if (!adopting.includes(progress)) await compareAgain(context, adopted, engine, progress);
  return { local: adopted, from: adopting };
}

/** Whether a run adopts; if the expected head is gone, the run fails. */
async function isAdopting(database: Database, progress: PeerProgress, ours: string): Promise<boolean> {
  const { adopt: expected, head: found, failure, state } = progress;
  if (expected === null || progress.actions === null || (failure !== null && !COMPARED.includes(failure.code)))
    return false;
  const contained = await containsCommit(database, ours, expected);
  switch (adoptionVerdict({ expected, found, state, contained })) {
    case 'nothing-to-do':
      return false;
    case 'stale':
      progress.fail(leaseFailure(progress.peer.name, { expected, found }, 'adopt'));
      return false;
    case 'adopt':
      return true;
  }
}

async function compareAgain(
  context: SyncContext,
  local: LocalHead,
  engine: Engine,
  progress: PeerProgress,
): Promise<void> {
  if (
    progress.head === null ||
    progress.actions === null ||
    (progress.failure !== null && !COMPARED.includes(progress.failure.code))
  )
    return;
  progress.tryAgain();
  await compareWithin(context, local, engine, progress, { theirs: progress.head, before: null });
}

/** The last head that each of the peers had in common with us; without a record, the merge base. */
async function commonHeads(
  database: Database,
  adopting: readonly PeerProgress[],
  { ours, head }: Replacement,
): Promise<string[]> {
  const common = await Promise.all(
    adopting.map(async ({ remembered }) => {
      const last = remembered?.head ?? null;
      return last !== null && (await isPresent(database, last)) ? last : await mergeBase(database, ours, head);
    }),
  );
  return common.filter((commit) => commit !== null);
}

/**
 * The last commits of our branch that the head or a last common head has, too. Every later commit of ours was named as lost;
 * what the head takes back of these, the peer changed.
 */
async function keptCommits(
  sql: Sql,
  { ours, head, common }: Replacement & { readonly common: readonly string[] },
): Promise<string[]> {
  const kept: string[] = [];
  for (const other of [head, ...common]) kept.push(...(await mergeBases(sql, ours, other)));
  return await minimalHeads(sql, kept);
}

/** @throws Failure `local-commits` with the commits that would be lost and were not named */
async function refuseLosses(
  { branch, discardLocal }: SyncContext,
  database: Database,
  adopting: readonly PeerProgress[],
  { ours, head, common }: Replacement & { readonly common: readonly string[] },
): Promise<void> {
  const lost = await commitsLost(database, ours, [head, ...common]);
  const unnamed = lost.filter(({ hash }) => !discardLocal.includes(hash));
  if (unnamed.length === 0) return;
  const named = adopting.map(({ peer }) => `${peer.name}=${head}`).join(',');
  throw new Failure('local-commits', `adopt would discard ${lostText(unnamed)}`, {
    hint:
      `Nothing was changed. Copy what you need to the branch of the peer, or name all of them: \`--adopt ${named}\` \`--discard-local ${lost.map(({ hash }) => hash).join(',')}\`. ` +
      `In both cases a tag keeps the old head of ${branch}.`,
  });
}

function lostText(commits: readonly CommitLine[]): string {
  const noun = commits.length === 1 ? 'this commit' : `these ${commits.length} commits`;
  // Not their messages: these are values, and the result of a failure is published under `report-values: none`, too.
  const lines = commits.slice(0, MAX_LISTED).map(({ hash, date }) => `${hash} ${date}`);
  return [`${noun} of our branch:`, ...lines].join('\n');
}

/** @throws Failure `uncommitted-changes`, or `constraint-violation` if our head stores conflicts */
async function refuseUncommitted(
  { branch, limits }: SyncContext,
  { database, operation }: Engine,
  { ours, head }: Replacement,
): Promise<void> {
  const { tables, stays } = await database.session(async (sql) => {
    const under = await tablesUnderReset(sql, { branch, from: ours, to: head });
    return { tables: under, stays: await whyBranchStays(sql, branch) };
  });
  if (tables.length === 0 && stays === null) return;
  await operation(limits.of('checking'), NOWHERE, (sql) => refuseUnresolved(sql, { head: ours, isOurs: true }));
  if (stays !== null) throw new Failure('uncommitted-changes', stays.message, { hint: stays.hint });
  const named = tables.join(', ');
  throw new Failure('uncommitted-changes', `adopt would overwrite uncommitted changes in ${named}`, {
    hint: 'Commit these tables or undo their changes, then run again. Our branch was not moved.',
  });
}

/**
 * The difference between the adopted head and ours is checked like any incoming change. Only rows of the lost commits may
 * be deleted, and rows of other systems than `trust` names changed: the user named these commits, and the tag keeps them.
 */
async function refuseIncoming(
  { branch, limits, maxDelete, rules }: SyncContext,
  engine: Engine,
  peers: { readonly adopting: readonly PeerProgress[]; readonly allProgress: readonly PeerProgress[] },
  { ours, head, common }: Replacement & { readonly common: readonly string[] },
): Promise<void> {
  const { adopting, allProgress } = peers;
  const all = headsOfRun(allProgress);
  const shared = await engine.operation(limits.of('checking'), NOWHERE, (sql) => sharedCommits(sql, ours, all));
  const heads = { branch, base: ours, ours, theirs: head, rules, shared: shared.get(head) ?? [], maxDelete };
  const since = await engine.operation(limits.of('checking'), NOWHERE, (sql) =>
    keptCommits(sql, { ours, head, common }),
  );
  const bounds = { limit: futureLimit(), since };
  const incoming = await engine.operation(limits.of('checking'), NOWHERE, (sql) =>
    readIncomingFrom(sql, heads, bounds),
  );
  await engine.operation(limits.of('checking'), NOWHERE, (sql) => refuseUnresolved(sql, { head, isOurs: false }));
  for (const progress of adopting) {
    const { name, accept, trust } = progress.peer;
    const untrusted =
      trust === null
        ? []
        : await engine.operation(limits.of('checking'), NOWHERE, (sql) =>
            untrustedReplacement(sql, heads, { since, patterns: trust }),
          );
    const checked = checkIncoming(incoming, { peer: name, accept, maxDelete });
    const verdict = withTrust(checked, untrusted, name);
    progress.checkedForAdoption(verdict);
    if (verdict.failure !== null) throw verdict.failure;
  }
  // After the expressions of the head were checked, because its own checks are computed here.
  await engine.operation(limits.of('checking'), NOWHERE, (sql) => refuseBrokenRows(sql, { ours, theirs: head }));
}

/** Local and never pushed. A second run in the same millisecond would find a tag of another commit and be refused. */
function tagNow(): string {
  return `dolt-federation/before-${new Date().toISOString().replace(/[-:]/g, '')}`;
}
