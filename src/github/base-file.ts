import { z } from 'zod';
import { call, type Repository } from './client.ts';

/** The two sides of a pull request, or of a merge group. */
export interface Comparison {
  /** The head of the base branch when the event happened. */
  readonly base: string;
  readonly head: string;
  /** Whether the workspace has the head itself, and not its merge into the base branch. */
  readonly isHeadCheckedOut: boolean;
}

/** A file as it was before the change. */
export type BaseFile =
  | {
      readonly kind: 'read';
      /** null: there was no such file. */
      readonly text: string | null;
      readonly commit: string;
      /** Commits of the base branch that the checked out files lack. */
      readonly behind: number;
    }
  | { readonly kind: 'unread'; readonly reason: string };

/** Larger files have no content in this answer. */
const contentSchema = z.looseObject({ encoding: z.literal('base64'), content: z.string() });
const compareSchema = z.looseObject({
  behind_by: z.int().nonnegative(),
  merge_base_commit: z.looseObject({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }),
});

/**
 * Reads a file as it was before the change, through the API: a checkout rarely has that commit. If the head itself is
 * checked out, that is the file where the two sides parted; else GitHub has merged both, and it is the file at the base.
 * @param path of the file in the repository, with `/`
 */
export async function readBaseFile(
  repository: Repository,
  { base, head, isHeadCheckedOut }: Comparison,
  path: string,
): Promise<BaseFile> {
  let [commit, behind] = [base, 0];
  if (isHeadCheckedOut) {
    const compared = await call(repository, {
      method: 'GET',
      path: `/compare/${base}...${head}?per_page=1`,
      schema: compareSchema,
    });
    if (compared.kind !== 'ok') return { kind: 'unread', reason: compared.reason };
    commit = compared.value.merge_base_commit.sha;
    behind = compared.value.behind_by;
  }
  const name = path.split('/').map(encodeURIComponent).join('/');
  const found = await call(repository, {
    method: 'GET',
    path: `/contents/${name}?ref=${commit}`,
    schema: contentSchema,
  });
  if (found.kind === 'missing') return { kind: 'read', text: null, commit, behind };
  if (found.kind !== 'ok') return { kind: 'unread', reason: found.reason };
  return { kind: 'read', text: Buffer.from(found.value.content, 'base64').toString('utf8'), commit, behind };
}
