import { z } from 'zod';
import type { ProposedChange } from '../../github/base-commit.ts';

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

/** The change that an event proposes; null if it proposes none. */
export function proposedChange(payload: unknown): ProposedChange | null {
  const parsed = payloadSchema.safeParse(payload);
  return parsed.success ? parsed.data : null;
}
