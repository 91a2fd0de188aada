import { join } from 'node:path';
import { z } from 'zod';
import { readSmall } from '../../core/files.ts';
import type { Comparison } from '../../github/base-file.ts';

const commit = z.string().regex(/^[0-9a-f]{40,64}$/);
const side = z.looseObject({ sha: commit });

/** The relevant fields of the events that propose a change. */
const payloadSchema = z.union([
  z
    .looseObject({ pull_request: z.looseObject({ number: z.int().positive(), base: side, head: side }) })
    .transform(({ pull_request: { number, base, head } }) => ({ number, base: base.sha, head: head.sha })),
  z
    .looseObject({ merge_group: z.looseObject({ base_sha: commit, head_sha: commit }) })
    .transform(({ merge_group: { base_sha: base, head_sha: head } }) => ({ number: null, base, head })),
]);

/** The change that an event proposes. */
export interface ProposedChange {
  /** Number of the pull request; null for a merge group. */
  readonly number: number | null;
  readonly base: string;
  readonly head: string;
}

/** The change that an event proposes; null if it proposes none. */
export function proposedChange(payload: unknown): ProposedChange | null {
  const parsed = payloadSchema.safeParse(payload);
  return parsed.success ? parsed.data : null;
}

const MAX_HEAD = 1_000;

/**
 * The change with what is checked out. actions/checkout leaves a detached HEAD, whose file holds the commit: by default
 * the merge that GitHub made of both sides.
 */
export async function comparisonIn(workspace: string, { base, head }: ProposedChange): Promise<Comparison> {
  const found = await readSmall(join(workspace, '.git', 'HEAD'), MAX_HEAD).catch(() => null);
  const checkedOut = found?.kind === 'read' ? found.bytes.toString('utf8').trim() : '';
  return { base, head, isHeadCheckedOut: checkedOut === head };
}
