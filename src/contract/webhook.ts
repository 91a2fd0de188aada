import { z } from 'zod';
import { ERROR_CODES } from './error-codes.ts';
import { RUN_STATUSES } from './vocabulary.ts';

const code = z.enum(ERROR_CODES).nullable();

/** The body of a message to `webhook-url`: names and codes only. */
export const webhookSchema = z.strictObject({
  version: z.literal(1),
  /** All of it in one line, which chat services show. */
  text: z.string(),
  command: z.string(),
  status: z.enum(RUN_STATUSES),
  /** `owner/name`; null outside of a workflow, as the next two. */
  repository: z.string().nullable(),
  workflow: z.string().nullable(),
  /** The page of the run. */
  run: z.string().nullable(),
  /** Why the run itself failed; null: it did not. `code` is null for a command that reports no code. */
  error: z.strictObject({ code }).nullable(),
  /** The peers that failed. */
  peers: z.array(
    z.strictObject({
      name: z.string(),
      code,
      /** Whether rows need a decision that later runs do not report again. */
      needsDecision: z.boolean(),
    }),
  ),
});
export type WebhookMessage = Readonly<z.infer<typeof webhookSchema>>;
