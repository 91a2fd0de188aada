import { errorMessage, Failure, systemCode } from '../core/failure.ts';
import { throwIfInterrupted } from '../core/interruption.ts';
import { isSafeAddress, isThisMachine, LEAST_SECRET, REDACTED, type Secrets } from '../core/secrets.ts';
import { endsWithin } from '../core/time.ts';
import { type RequestContext, sendRequest } from '../egress/https-request.ts';
import type { WebhookMessage } from '../report/alarm/webhook-message.ts';

const TRIES = 2;
const LIMIT_MS = 10_000;

/**
 * Parses the address of a webhook. All of it is secret: anyone who knows it can send messages, and some services put the
 * secret into the name of the host.
 * @param source the input or variable, for the error, which does not repeat the address
 * @throws Failure `bad-usage`
 */
export function parseWebhook(text: string, source: string, secrets: Secrets): URL {
  secrets.add(text);
  const written = text.trim();
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !isSafeAddress(url.href) || url.username !== '' || url.password !== '') {
    throw new Failure('bad-usage', `${source} is not an https:// address, or contains a user name`, {
      hint: 'Set it to the whole address of the webhook. Plain http:// is only allowed to this machine.',
    });
  }
  const hosts = isThisMachine(url.hostname) ? [] : [url.host, url.hostname];
  const forms = [url.href, `${url.pathname}${url.search}`, ...hosts];
  for (const form of forms) if (form.length >= LEAST_SECRET) secrets.add(form);
  return url;
}

/**
 * Sends a message, through the proxy of the job. A failure that may pass is retried once. Redirects are not followed,
 * because the message is not for another host.
 * @param context its signal ends all tries
 * @param limitMs for each try
 * @returns why it was not accepted, without the address; null: it was
 * @throws Failure `interrupted` if the signal ends it
 */
export async function postWebhook(
  url: URL,
  message: WebhookMessage,
  context: Pick<RequestContext, 'env' | 'signal'>,
  limitMs: number = LIMIT_MS,
): Promise<string | null> {
  let reason = '';
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const end = await post(url, JSON.stringify(message), context, limitMs);
    if (end.kind === 'accepted') return null;
    reason = end.reason;
    if (end.kind === 'refused') break;
  }
  return reason;
}

type Posted =
  | { readonly kind: 'accepted' }
  /** `passing`: another try may succeed. */
  | { readonly kind: 'refused' | 'passing'; readonly reason: string };

async function post(
  url: URL,
  text: string,
  { env, signal }: Pick<RequestContext, 'env' | 'signal'>,
  limitMs: number,
): Promise<Posted> {
  const ending = new AbortController();
  const headers = { 'content-type': 'application/json' };
  const context = { env, signal: AbortSignal.any([signal, ending.signal]) };
  const answered = sendRequest(context, { url: url.href, method: 'POST', headers, body: { text } });
  try {
    if (!(await endsWithin(answered, limitMs))) return { kind: 'passing', reason: `no answer within ${limitMs} ms` };
    const status = (await answered).statusCode ?? 0;
    if (status >= 200 && status <= 299) return { kind: 'accepted' };
    const isPassing = status === 429 || status >= 500;
    return { kind: isPassing ? 'passing' : 'refused', reason: `it answered ${status}` };
  } catch (thrown) {
    throwIfInterrupted(signal);
    return { kind: 'passing', reason: systemCode(thrown) ?? errorMessage(thrown).replaceAll(url.hostname, REDACTED) };
  } finally {
    ending.abort();
  }
}
