import { RUN_STATUSES } from '../../contract/vocabulary.ts';
import type { WebhookMessage } from '../../contract/webhook.ts';
import type { AlarmSubject } from './alarms.ts';
import { type AlarmRun, alarmLine } from './issue-text.ts';

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
