import type { Rendered } from '../../commands/command.ts';
import type { CommandName } from '../../contract/commands.ts';
import { type Failure, toFailure } from '../../core/failure.ts';
import type { Logger } from '../../core/logger.ts';
import type { Secrets } from '../../core/secrets.ts';
import type { RequestContext } from '../../egress/https-request.ts';
import { type AlarmSubject, failureAlarm } from '../../report/alarm/alarms.ts';
import { webhookMessage } from '../../report/alarm/webhook-message.ts';
import { errorResult } from '../../report/error-result.ts';
import { parseWebhook, postWebhook } from '../webhook.ts';

const VARIABLE = 'DOLT_FEDERATION_WEBHOOK_URL';

/** Commands that may run unattended. A mistake at a terminal needs no alarm. */
const ALERTING: readonly CommandName[] = ['sync', 'pull', 'push', 'status', 'backup'];

/** Alerts about the end of one command. Never rejects. */
export type AlertWebhook = (end: Rendered | Failure) => Promise<void>;

/**
 * The webhook that the environment names.
 * @throws Failure `bad-usage`
 */
export function webhookOf(
  context: Pick<RequestContext, 'env' | 'signal'>,
  command: CommandName,
  about: { log: Logger; secrets: Secrets },
): AlertWebhook {
  const text = context.env[VARIABLE];
  if (text === undefined || !ALERTING.includes(command)) return async () => undefined;
  const { log, secrets } = about;
  const url = parseWebhook(text, VARIABLE, secrets);
  return async (end) => {
    try {
      const message = webhookMessage(endOf(end), { command, workflow: null, page: null }, null);
      const reason = message === null ? null : await postWebhook(url, message, context);
      if (reason !== null) log.warning(secrets.hide(`the webhook did not accept the message: ${reason}`));
    } catch (thrown) {
      log.warning(secrets.hide(`the webhook got no message: ${toFailure(thrown).message}`));
    }
  };
}

function endOf(end: Rendered | Failure): { status: string; subjects: readonly AlarmSubject[] } {
  if ('code' in end) return { status: 'failed', subjects: [failureAlarm(errorResult(end))] };
  return { status: end.outputs?.().status ?? '', subjects: end.alarm?.() ?? [] };
}
