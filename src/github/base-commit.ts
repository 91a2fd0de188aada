import { z } from 'zod';
import { type Answer, call, type Repository } from './client.ts';

/** The change that an event proposes: the head of a branch, to be merged into its base. */
export interface ProposedChange {
  /** Number of the pull request; null for a merge group. */
  readonly number: number | null;
  /** The head of the base branch when the event happened. */
  readonly base: string;
  readonly head: string;
}

interface ReadFile {
  readonly kind: 'read';
  /** null: there was no such file. */
  readonly text: string | null;
}

interface UnreadFile {
  readonly kind: 'unread';
  readonly reason: string;
}

/** A file at one commit. */
export type FileAt = ReadFile | UnreadFile;

interface ReadBase extends ReadFile {
  /** null: the text is not of a commit. */
  readonly commit: string | null;
  /** Commits of the base branch that the branch lacks. */
  readonly behind: number;
  /** Whether the checkout has them all the same, because it is GitHub's merge of both. */
  readonly isMerged: boolean;
}

/** A file as it was before the change. */
export type BaseFile = ReadBase | UnreadFile;

/** Larger files have no content in this answer. */
const contentSchema = z.looseObject({ encoding: z.literal('base64'), content: z.string() });
const commitSchema = z.looseObject({ parents: z.array(z.looseObject({ sha: z.string() })) });
const compareSchema = z.looseObject({
  behind_by: z.int().nonnegative(),
  merge_base_commit: z.looseObject({ sha: z.string() }),
});
const COMMIT = /^[0-9a-f]{40,64}$/;

/**
 * Reads a file as it was before the change, through the API: a checkout rarely has that commit. If GitHub's merge of
 * both sides is checked out, that is the file at the base; else the one at their merge base.
 * @param checkedOut the commit that is checked out; null: unknown, taken for the merge
 * @param path of the file in the repository, with `/`
 */
export async function readBaseFile(
  repository: Repository,
  { base, head }: ProposedChange,
  { checkedOut, path }: { readonly checkedOut: string | null; readonly path: string },
): Promise<BaseFile> {
  const merged = await mergedInto(repository, { base, head }, checkedOut);
  if (merged.kind !== 'ok') return { kind: 'unread', reason: merged.reason };
  const isMerged = merged.value !== null;
  const [from, to] = [merged.value ?? base, isMerged ? head : (checkedOut ?? head)];
  const compared = await call(repository, comparing(from, to));
  if (compared.kind !== 'ok') return { kind: 'unread', reason: compared.reason };
  const { behind_by: behind, merge_base_commit: fork } = compared.value;
  // Under pull_request_target, the base branch is checked out, which may be newer than the base of the event.
  const lacks = isMerged || to === head ? null : await call(repository, comparing(head, to));
  if (lacks !== null && lacks.kind !== 'ok') return { kind: 'unread', reason: lacks.reason };
  if (lacks !== null && lacks.value.behind_by > 0)
    return { kind: 'unread', reason: `the checkout is at ${to}, which does not contain the head of the pull request` };
  const commit = isMerged ? from : fork.sha;
  if (!COMMIT.test(commit)) return { kind: 'unread', reason: 'the API named no commit' };
  const found = await readFileAt(repository, path, commit);
  return found.kind === 'read' ? { ...found, commit, behind, isMerged } : found;
}

/**
 * Reads a file through the API.
 * @param path of the file in the repository, with `/`
 * @param commit null: the head of the default branch
 */
export async function readFileAt(repository: Repository, path: string, commit: string | null): Promise<FileAt> {
  const name = path.split('/').map(encodeURIComponent).join('/');
  const found = await call(repository, {
    method: 'GET',
    path: `/contents/${name}${commit === null ? '' : `?ref=${commit}`}`,
    schema: contentSchema,
  });
  if (found.kind === 'missing') return { kind: 'read', text: null };
  if (found.kind !== 'ok') return { kind: 'unread', reason: found.reason };
  return { kind: 'read', text: Buffer.from(found.value.content, 'base64').toString('utf8') };
}

/** How many commits the second one lacks that the first one has, and their merge base. */
function comparing(from: string, to: string) {
  return { method: 'GET', path: `/compare/${from}...${to}?per_page=1`, schema: compareSchema } as const;
}

/**
 * The commit of the base branch in GitHub's merge, which may be newer than the one in the event; null if something else
 * is checked out.
 */
async function mergedInto(
  repository: Repository,
  { base, head }: Pick<ProposedChange, 'base' | 'head'>,
  checkedOut: string | null,
): Promise<Answer<string | null>> {
  if (checkedOut === null) return { kind: 'ok', value: base };
  if (checkedOut === head) return { kind: 'ok', value: null };
  const found = await call(repository, { method: 'GET', path: `/git/commits/${checkedOut}`, schema: commitSchema });
  if (found.kind !== 'ok') return found;
  const parents = found.value.parents.map(({ sha }) => sha);
  const other = parents.find((sha) => sha !== head && COMMIT.test(sha));
  return { kind: 'ok', value: parents.includes(head) && parents.length === 2 ? (other ?? null) : null };
}
