import { z } from 'zod';
import { type Answer, call, type Repository } from './client.ts';

/** The change that an event proposes: the head of a branch, to be merged into its base. */
export interface ProposedChange {
  /** Number of the pull request; null for a merge group. */
  readonly number: number | null;
  /** The head of the base branch when the event happened. */
  readonly base: string;
  /** The base branch, as `main` or `refs/heads/main`; null: unknown. */
  readonly baseRef: string | null;
  readonly head: string;
}

/** The commit that a change is compared with. */
export interface BaseCommit {
  readonly kind: 'found';
  readonly commit: string;
  /** Commits of the base branch that the branch lacks. */
  readonly behind: number;
  /** Whether the checkout has them all the same, because it is GitHub's merge of both. */
  readonly isMerged: boolean;
}

/** Something that could not be read through the API. */
export interface Unread {
  readonly kind: 'unread';
  readonly reason: string;
  /** Absent: the token may not read it. */
  readonly hint?: string;
}

/** Only a token without the permission is corrected in the workflow. */
export function unread({ kind, reason }: Exclude<Answer<unknown>, { kind: 'ok' }>): Unread {
  return { kind: 'unread', reason, ...(kind === 'failed' ? { hint: 'Run the job again.' } : {}) };
}

const commitSchema = z.looseObject({ parents: z.array(z.looseObject({ sha: z.string() })) });
const compareSchema = z.looseObject({
  ahead_by: z.int().nonnegative(),
  behind_by: z.int().nonnegative(),
  merge_base_commit: z.looseObject({ sha: z.string() }),
});
const COMMIT = /^[0-9a-f]{40,64}$/;

/**
 * The commit to compare a change with. If GitHub's merge of both sides is checked out, that is the base; else their only
 * merge base. Of several merge bases none shows every change, but the base does: it then also shows what only the base
 * changed.
 * @param checkedOut the commit that is checked out; null: unknown, taken for the merge
 */
export async function readBaseCommit(
  repository: Repository,
  change: ProposedChange,
  checkedOut: string | null,
): Promise<BaseCommit | Unread> {
  const { base, head } = change;
  const merged = await mergedInto(repository, change, checkedOut);
  if (merged.kind !== 'ok') return unread(merged);
  const isMerged = merged.value !== null;
  const [from, to] = [merged.value ?? base, isMerged ? head : (checkedOut ?? head)];
  const compared = await call(repository, comparing(from, to));
  if (compared.kind !== 'ok') return unread(compared);
  const { ahead_by: ahead, behind_by: behind, merge_base_commit: fork } = compared.value;
  // Under pull_request_target, the base branch is checked out, which may be newer than the base of the event.
  const lacks = isMerged || to === head ? null : await call(repository, comparing(head, to));
  if (lacks !== null && lacks.kind !== 'ok') return unread(lacks);
  if (lacks !== null && lacks.value.behind_by > 0)
    return {
      kind: 'unread',
      reason: `the checkout is at ${to}, which does not contain the head of the pull request`,
      hint: 'Check out the head of the pull request, or the merge of both sides: see `ref` of actions/checkout.',
    };
  if (!COMMIT.test(fork.sha)) return { kind: 'unread', reason: 'the API named no commit' };
  if (isMerged) return { kind: 'found', commit: from, behind, isMerged };
  // A branch that has all commits of its base has one merge base.
  const since = behind === 0 ? null : await call(repository, comparing(fork.sha, to));
  if (since !== null && since.kind !== 'ok') return unread(since);
  // Else the branch has more commits that the merge base lacks than the base lacks: those of another merge base.
  const isOnly = since === null || since.value.ahead_by === ahead;
  return { kind: 'found', commit: isOnly ? fork.sha : from, behind, isMerged };
}

/** How many commits each of two has that the other one lacks, and their merge base. */
function comparing(from: string, to: string) {
  const path = `/compare/${encodeURIComponent(from)}...${encodeURIComponent(to)}?per_page=1`;
  return { method: 'GET', path, schema: compareSchema } as const;
}

/**
 * The commit of the base branch in GitHub's merge, which may be newer than the one in the event; null if something else
 * is checked out. The author can push a merge with any commit of their own.
 */
async function mergedInto(
  repository: Repository,
  { base, head, baseRef }: ProposedChange,
  checkedOut: string | null,
): Promise<Answer<string | null>> {
  if (checkedOut === null) return { kind: 'ok', value: base };
  if (checkedOut === head) return { kind: 'ok', value: null };
  const found = await call(repository, { method: 'GET', path: `/git/commits/${checkedOut}`, schema: commitSchema });
  if (found.kind !== 'ok') return found;
  const parents = found.value.parents.map(({ sha }) => sha);
  const other = parents.find((sha) => sha !== head && COMMIT.test(sha));
  if (!parents.includes(head) || parents.length !== 2 || other === undefined) return { kind: 'ok', value: null };
  if (other === base) return { kind: 'ok', value: other };
  if (baseRef === null) return { kind: 'ok', value: null };
  for (const [from, to] of [
    [base, other],
    [other, baseRef.replace(/^refs\/heads\//, '')],
  ] as const) {
    const compared = await call(repository, comparing(from, to));
    if (compared.kind !== 'ok') return compared;
    if (compared.value.behind_by > 0) return { kind: 'ok', value: null };
  }
  return { kind: 'ok', value: other };
}
