import { z } from 'zod';
import { shortDigest } from '../core/digest.ts';
import { isOwn } from './author.ts';
import { type Answer, call, type Repository, type Unwritten } from './client.ts';
import { type Comment, commentsWith, createComment, deleteComment } from './issue-comments.ts';

/** The place of a comment: one for each pull request, workflow, configuration and command. */
export interface CommentPlace {
  readonly pullRequest: number;
  /** Name of the workflow. */
  readonly workflow: string;
  /** How the workflow names the configuration. */
  readonly file: string;
  readonly command: string;
}

/** The outcome for a comment. */
export type Commented = { readonly kind: 'created' | 'updated' | 'unchanged' | 'silent' } | Unwritten;

/** A hash, because a name of a workflow or a file could end the comment that hides it. */
export function markerOf({ workflow, file, command }: CommentPlace): string {
  return `<!-- dolt-federation ${shortDigest(JSON.stringify([workflow, file, command]), 32)} -->`;
}

/**
 * Writes the comment of a pull request: updates the one that is there, or creates it. Runs that do this at the same
 * time leave one comment: each looks again after it has created one, and removes its own if an older one of the same
 * author is there. If that fails, the next run removes it.
 * @param body markdown; GitHub refuses more than 65,536 characters with the marker (422)
 * @param create whether a comment is created where there is none
 */
export async function writeComment(
  repository: Repository,
  place: CommentPlace,
  { body, create }: { readonly body: string; readonly create: boolean },
): Promise<Commented> {
  const marker = markerOf(place);
  const text = `${marker}\n${body}`;
  const found = await commentsWith(repository, place.pullRequest, { marker, since: null });
  if (found.kind !== 'ok') return { kind: 'unwritten', reason: found.reason };
  const own = await ownOf(repository, found.value);
  if (own.kind !== 'ok') return { kind: 'unwritten', reason: own.reason };
  for (const [index, comment] of own.value.entries()) {
    const isUnchanged = comment.body === text;
    const updated = isUnchanged ? null : await update(repository, comment, text);
    if (updated?.kind === 'missing') continue;
    if (updated !== null && updated.kind !== 'ok') return { kind: 'unwritten', reason: updated.reason };
    // A run that created one at the same time could not remove it.
    const repeated = own.value.slice(index + 1).filter(({ user }) => user?.id === comment.user?.id);
    for (const one of repeated) await deleteComment(repository, one);
    return { kind: isUnchanged ? 'unchanged' : 'updated' };
  }
  if (!create) return { kind: 'silent' };
  const created = await createComment(repository, place.pullRequest, text);
  if (created.kind !== 'ok') return { kind: 'unwritten', reason: created.reason };
  return await keepOne(repository, place, { own: created.value, text });
}

/** Those that the token itself has written. */
async function ownOf(repository: Repository, all: readonly Comment[]): Promise<Answer<readonly Comment[]>> {
  if (all.length === 0) return { kind: 'ok', value: [] };
  const own = await isOwn(repository);
  return own.kind === 'ok' ? { kind: 'ok', value: all.filter(({ user }) => own.value(user)) } : own;
}

/** Removes our new comment if another run has created one before, and updates that one. */
async function keepOne(
  repository: Repository,
  place: CommentPlace,
  { own, text }: { readonly own: Comment; readonly text: string },
): Promise<Commented> {
  const found = await commentsWith(repository, place.pullRequest, { marker: markerOf(place), since: null });
  if (found.kind !== 'ok') return { kind: 'created' };
  const author = own.user?.id;
  const first = found.value.find((comment) => author !== undefined && comment.user?.id === author);
  if (first === undefined || first.id >= own.id) return { kind: 'created' };
  const updated = await update(repository, first, text);
  if (updated.kind === 'missing') return { kind: 'created' };
  if (updated.kind !== 'ok') return { kind: 'unwritten', reason: updated.reason };
  await deleteComment(repository, own);
  return { kind: 'updated' };
}

async function update(repository: Repository, { id }: Comment, body: string): Promise<Answer<unknown>> {
  return await call(repository, {
    method: 'PATCH',
    path: `/issues/comments/${id}`,
    body: { body },
    schema: z.unknown(),
  });
}
