import { z } from 'zod';
import { authorSchema } from './author.ts';
import { type Answer, call, callPages, type Repository } from './client.ts';

/** The text of an issue or a comment. */
export const bodySchema = z
  .string()
  .nullish()
  .transform((body) => body ?? '');

const commentSchema = z.looseObject({ id: z.int().positive(), body: bodySchema, user: authorSchema });
export type Comment = z.infer<typeof commentSchema>;

/** More comments on one issue than anyone reads. */
const MAX_PAGES = 50;

/**
 * The comments on an issue or a pull request that begin with a marker, oldest first.
 * @param since only those that were changed after this time; null: all
 */
export async function commentsWith(
  repository: Repository,
  issue: number,
  { marker, since }: { readonly marker: string; readonly since: string | null },
): Promise<Answer<readonly Comment[]>> {
  const path = `/issues/${issue}/comments?${since === null ? '' : `since=${encodeURIComponent(since)}&`}`;
  const keep = ({ body }: Comment) => body.startsWith(marker);
  const found = await callPages(repository, { path, schema: commentSchema, maxPages: MAX_PAGES, keep });
  return found.kind === 'ok' ? { kind: 'ok', value: found.value.toSorted((a, b) => a.id - b.id) } : found;
}

export async function createComment(repository: Repository, issue: number, body: string): Promise<Answer<Comment>> {
  return await call(repository, {
    method: 'POST',
    path: `/issues/${issue}/comments`,
    body: { body },
    schema: commentSchema,
  });
}

export async function deleteComment(repository: Repository, { id }: Comment): Promise<Answer<unknown>> {
  return await call(repository, { method: 'DELETE', path: `/issues/comments/${id}`, schema: z.unknown() });
}
