import { z } from 'zod';
import { ERROR_CODES } from '../../contract/error-codes.ts';
import { RUN_STATUSES } from '../../contract/vocabulary.ts';
import type { AlarmSubject } from './alarms.ts';
import { type AlarmRun, alarmLine } from './issue-text.ts';

const errorCode = z.enum(ERROR_CODES).nullable();

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
  error: z.strictObject({ code: errorCode }).nullable(),
  /** The peers that failed. */
  peers: z.array(
    z.strictObject({
      name: z.string(),
      code: errorCode,
      /** Whether rows need a decision that later runs do not report again. */
      needsDecision: z.boolean(),
    }),
  ),
});
export type WebhookMessage = Readonly<z.infer<typeof webhookSchema>>;

/**
 * The message about a run with a failure: names and codes only, because it leaves the repository.
 * @param status as the output of this name
 * @param repository `owner/name`; null: outside of a workflow
 * @returns null if nothing failed
 */
export function webhookMessage(
  { status, subjects }: { readonly status: string; readonly subjects: readonly AlarmSubject[] },
  run: AlarmRun,
  repository: string | null,
): WebhookMessage | null {
  const failing = subjects.filter(({ verdict }) => verdict === 'failing');
  if (failing.length === 0) return null;
  const whole = failing.find(({ peer }) => peer === null);
  const known = RUN_STATUSES.find((one) => one === status) ?? 'failed';
  return {
    version: 1,
    text: alarmLine(failing, run, known),
    command: run.command,
    status: known,
    repository,
    workflow: run.workflow,
    run: run.page?.url ?? null,
    error: whole === undefined ? null : { code: whole.code },
    peers: failing.flatMap(({ peer, code, needsDecision }) =>
      peer === null ? [] : [{ name: peer, code, needsDecision }],
    ),
  };
}
