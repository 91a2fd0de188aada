import { parseOption } from '../../contract/parse-option.ts';
import type { Env } from '../../core/env.ts';
import { type Failure, toFailure } from '../../core/failure.ts';
import { splitList } from '../../core/lists.ts';
import type { Secrets } from '../../core/secrets.ts';
import { repositoryOfJob, within } from '../../github/client.ts';
import type { AlarmSubject } from '../../report/alarm/alarms.ts';
import type { AlarmRun } from '../../report/alarm/issue-text.ts';
import { webhookMessage } from '../../report/alarm/webhook-message.ts';
import { parseWebhook, postWebhook } from '../webhook.ts';
import { keepIssues } from './alarm-issues.ts';
import type { EventVerdict } from './event.ts';
import { inputValue, type WrittenInputs } from './inputs.ts';
import { logNotice, logText, logWarning } from './logger.ts';

/** The alarm that the inputs of a step ask for. */
export interface Alarming {
  /** Whether it keeps issues. */
  readonly issues: boolean;
  /** null: none. */
  readonly webhook: URL | null;
  readonly written: WrittenInputs;
  readonly env: Env;
  readonly secrets: Secrets;
  /** Aborted when the step is cancelled. */
  readonly signal: AbortSignal;
}

/** How the step ended. */
interface Ended {
  /** The output `status`. */
  readonly status: string;
  readonly subjects: readonly AlarmSubject[];
}

/**
 * Inputs that distinguish a step from others of the workflow, such as those of a matrix: with another value it works on
 * other data. Steps that share issues would close those of each other. `tag` is not one: it may differ in each run.
 */
const PLACE_INPUTS = [
  ...(['working-directory', 'config', 'database', 'branch', 'remote', 'peers'] as const),
  ...(['only', 'only-role', 'shard', 'dry-run', 'results', 'jsonl-path'] as const),
] as const;
/** All calls about the issues of a run: the alarm must not hold the step. */
const ALL_CALLS_MS = 60_000;

/**
 * Reads the inputs `issue-on-failure` and `webhook-url`. If one is malformed, the other one still raises an alarm.
 * @returns `alarming`: null on an event that may not write; `failure`: `bad-usage`, the first malformed input
 */
export function requestedAlarm(
  written: WrittenInputs,
  event: EventVerdict,
  { env, secrets, signal }: Pick<Alarming, 'env' | 'secrets' | 'signal'>,
): { readonly alarming: Alarming | null; readonly failure: Failure | null } {
  const failures: Failure[] = [];
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (thrown) {
      failures.push(toFailure(thrown));
      return otherwise;
    }
  };
  const flag = (name: 'issue-on-failure' | 'allow-untrusted-event') =>
    attempt(() => inputValue(name, written(name)), false);
  const issues = flag('issue-on-failure');
  const url = written('webhook-url');
  const webhook = url === '' ? null : attempt(() => parseWebhook(url, 'the input webhook-url', secrets), null);
  const mayWrite = event.trusted || flag('allow-untrusted-event');
  return {
    alarming: mayWrite ? { issues, webhook, written, env, secrets, signal } : null,
    failure: failures[0] ?? null,
  };
}

/** Sends the message and writes the issues. A failure to do so does not fail the step. */
export async function raiseAlarm(ended: Ended, alarming: Alarming): Promise<void> {
  const run = runOf(alarming);
  try {
    await sendWebhook(ended, alarming, run);
    if (alarming.issues) await writeIssues(ended, alarming, run);
  } catch (thrown) {
    // A failure of the alarm does not change the outcome of the run.
    logWarning(`the alarm failed: ${toFailure(thrown).message}`);
  }
}

async function sendWebhook(ended: Ended, { webhook, env, secrets, signal }: Alarming, run: AlarmRun): Promise<void> {
  const message = webhookMessage(ended, run, env['GITHUB_REPOSITORY'] ?? null);
  if (webhook === null || message === null) return;
  const reason = await postWebhook(webhook, message, { env, signal });
  if (reason === null) logText('The webhook got a message.');
  else logWarning(secrets.hide(`the webhook did not accept the message: ${reason}`));
}

async function writeIssues({ subjects }: Ended, { env, signal, written }: Alarming, run: AlarmRun): Promise<void> {
  const repository = repositoryOfJob({ env, signal }, written('github-token'));
  if (repository === null) return notWritten('the step has no github-token for the API of its server');
  const inputs = PLACE_INPUTS.map((name) => placeValue(name, written(name)));
  const place = { workflow: run.workflow ?? '', command: run.command, inputs };
  // A command that could not run shows no peers, and a report without a leg not all of them.
  const isWhole = subjects.length > 1 && subjects.every(({ peer, verdict }) => peer !== null || verdict === 'ok');
  const complete = isWhole && !subjects.some(({ filtered }) => filtered);
  const limited = within(repository, ALL_CALLS_MS);
  const { done, reasons } = await keepIssues(subjects, { repository: limited, place, run, now: Date.now(), complete });
  for (const line of done) logText(line);
  const [reason] = reasons;
  if (reason !== undefined) notWritten(reason);
}

/** A value of which another spelling, or its default, is no other place. */
function placeValue(name: (typeof PLACE_INPUTS)[number], text: string): string {
  if (name === 'only' || name === 'only-role') return splitList(text).sort().join();
  const parsed = parseOption(name, text === '' ? undefined : text);
  return String((parsed.ok ? parsed.value : text) ?? '');
}

/** The token may only read, the repository has no issues, or the API fails. */
function notWritten(reason: string): void {
  const message = `The issues about failures are not up to date: ${reason}. The job summary has the report.`;
  logNotice(message, 'The alarm is incomplete');
}

function runOf({ env, written }: Alarming): AlarmRun {
  return {
    command: written('command').toLowerCase() || 'sync',
    workflow: env['GITHUB_WORKFLOW'] ?? '',
    page: pageOf(env),
  };
}

/** The page of the run, at the server that the runner names. */
function pageOf(env: Env): AlarmRun['page'] {
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: repository = '', GITHUB_RUN_ID: id = '' } = env;
  // It becomes a link: nothing in it may end that.
  const isKnown = /^https?:\/\/[\w.:[\]-]+\/?$/.test(server) && /^[\w.-]+\/[\w.-]+$/.test(repository);
  if (!isKnown || !/^\d+$/.test(id)) return null;
  return { id, url: `${server.replace(/\/$/, '')}/${repository}/actions/runs/${id}` };
}
