import { z } from 'zod';
import type { ProposedChange, Unread } from '../../github/base-commit.ts';

const commit = z.string().regex(/^[0-9a-f]{40,64}$/);
const ref = z.string().min(1).nullish().catch(null);
const side = z.looseObject({ sha: commit });

/** The relevant fields of the events that propose a change. */
const payloadSchema = z.union([
  z
    .looseObject({
      pull_request: z.looseObject({ number: z.int().positive(), base: side.extend({ ref }), head: side }),
    })
    .transform(({ pull_request: { number, base, head } }) => ({
      number,
      base: base.sha,
      baseRef: base.ref ?? null,
      head: head.sha,
    })),
  z
    .looseObject({ merge_group: z.looseObject({ base_sha: commit, base_ref: ref, head_sha: commit }) })
    .transform(({ merge_group: { base_sha: base, base_ref: baseRef = null, head_sha: head } }) => ({
      number: null,
      base,
      baseRef,
      head,
    })),
]);

/** Each event with a proposed change is `merge_group`, or has a name such as `pull_request_review`. */
const PROPOSING = /^(?:merge_group|pull_request(?:_\w+)?)$/;

const UNREAD = 'Run the check on `pull_request` or `merge_group`, or name the commit before the change.';

/** The change that an event proposes; null if it proposes none. */
export function proposedChange(event: string, payload: unknown): ProposedChange | Unread | null {
  const parsed = payloadSchema.safeParse(payload);
  if (parsed.success) return parsed.data;
  if (!PROPOSING.test(event)) return null;
  return { kind: 'unread', reason: `the payload of the event ${event} names no change`, hint: UNREAD };
}
