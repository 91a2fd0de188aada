import { group, setFailed } from '@actions/core';
import type { Finished, Rendered } from '../../commands/command.ts';
import { COMMAND_TABLE } from '../../commands/index.ts';
import { exitCodeOfFailure } from '../../commands/outcome/exit-code.ts';
import { hideInFailure } from '../../commands/outcome/hide-secrets.ts';
import { EXIT, type ExitCode, SIGNAL_EXITS, STOP_SIGNALS } from '../../contract/exit-codes.ts';
import { type Env, readEnv } from '../../core/env.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { repositoryOfJob } from '../../github/client.ts';
import { type AlarmSubject, DETAILS_BUDGET_BYTES, endAlarm, failureAlarm } from '../../report/alarm/alarms.ts';
import { errorResult, failureSummary } from '../../report/error-result.ts';
import { literal } from '../../report/markdown.ts';
import { COMMENT_BUDGET_BYTES } from '../../report/summary.ts';
import { type Alarming, raiseAlarm, requestedAlarm } from './alarm.ts';
import { type Commenting, commentOn } from './comment.ts';
import { actionContext, type Runner, readRunner } from './context.ts';
import { judgeEvent, readPayload } from './event.ts';
import { commandOfInputs, inputValue, rawRequestOfInputs, takeInputs } from './inputs.ts';
import { logText, logWarning, stepSecrets } from './logger.ts';
import {
  failureValues,
  outputValues,
  reportFailure,
  reportOutcome,
  setOutputs,
  writeFiles,
  writeResultFile,
} from './outputs.ts';
import { proposedChange } from './pull-request.ts';
import { rewordForStep } from './reword-for-step.ts';

/** Runs the step: inputs in; outputs, summary, annotations and exit code out. Throws only unexpected errors. */
export async function runAction(): Promise<void> {
  const interrupt = listenForInterrupt();
  const { signal } = interrupt;
  const secrets = stepSecrets();
  const written = takeInputs(secrets);
  const env = readEnv();
  let commenting: Commenting | null = null;
  let alarming: Alarming | null = null;
  const hidden = (thrown: unknown): Failure => {
    const words = rewordForStep(env);
    return hideInFailure(toFailure(thrown), (text) => words(secrets.redact(text)));
  };
  try {
    const runner = readRunner(env);
    const payload = await readPayload(runner.eventPath);
    const event = judgeEvent({ name: runner.eventName, ref: runner.ref, payload });
    const alarm = requestedAlarm(written, event, { env, secrets, signal });
    alarming = alarm.alarming;
    if (alarm.failure !== null) throw alarm.failure;
    const repository = repositoryOfJob({ env, signal }, written('github-token'));
    const proposed = proposedChange(runner.eventName, payload);
    const name = commandOfInputs(written);
    const mode = inputValue('comment', written('comment'));
    const labels = inputValue('label', written('label'));
    commenting = { name, mode, labels, written, proposed, repository, env };
    const command = COMMAND_TABLE[name].prepare(rawRequestOfInputs(written, event));
    const untrusted = command.request.untrusted ?? false;
    const step = { runner, env, written, secrets, signal };
    const context = await actionContext(step, { untrusted, proposed, repository, ownWorkflow: event.ownWorkflow });
    if (untrusted) logText(`Nothing is written: ${event.why}.`);
    const finished = await group(`dolt-federation ${name}`, () => command.run(context));
    const ending = { env, interrupt, commenting, alarming };
    const unwritten = await finish(finished, runner, ending, hidden);
    // The alarm is raised already, also about this failure.
    if (unwritten !== null) await stop(unwritten, { ...ending, alarming: null });
  } catch (thrown) {
    await stop(hidden(thrown), { env, interrupt, commenting, alarming });
  }
}

interface Ending {
  readonly env: Env;
  readonly interrupt: Interrupt;
  /** null: the step failed before this was known. */
  readonly commenting: Commenting | null;
  /** null: as before, or the event may not write. */
  readonly alarming: Alarming | null;
}

/** @returns the failure if outputs cannot be written, after everything else was shown */
async function finish(
  { exitCode, rendered }: Finished,
  runner: Runner,
  { env, interrupt, commenting, alarming }: Ending,
  hidden: (thrown: unknown) => Failure,
): Promise<Failure | null> {
  const path = await writeResultFile(runner.tempDir, rendered.json);
  const files = await writeFiles(runner.tempDir, rendered);
  const values = outputValues(rendered);
  const failed = setOutputs({ ...values, ...files, 'result-path': path }, env);
  const unwritten = failed === null ? null : hidden(failed);
  const failing = (interrupt.code() ?? exitCode) !== EXIT.ok;
  await reportOutcome(rendered, { env, workspace: runner.workspace, failing });
  if (interrupt.code() === null && commenting !== null) await commentOn(rendered, commenting);
  if (interrupt.code() === null && alarming !== null)
    await raiseAlarm(alarmOf(values.status, subjectsOf(rendered, failing), unwritten), alarming);
  const exit = interrupt.code() ?? exitCode;
  if (exit !== EXIT.ok) failWith(exit, rendered.verdict ?? FAILED);
  return unwritten;
}

/** A step whose outputs are not written has failed as a whole, in addition to its peers. */
function alarmOf(status: string, subjects: readonly AlarmSubject[], unwritten: Failure | null) {
  if (unwritten === null) return { status, subjects };
  const itself = failureAlarm(errorResult(unwritten));
  return { status: 'failed', subjects: [itself, ...subjects.filter(({ peer }) => peer !== null)] };
}

/** The exit code of a command without peers decides. */
function subjectsOf(rendered: Rendered, failing: boolean): readonly AlarmSubject[] {
  if (rendered.alarm !== undefined) return rendered.alarm();
  const details = () => rendered.pullRequest?.(DETAILS_BUDGET_BYTES).text ?? literal(rendered.verdict ?? FAILED);
  return [endAlarm(failing ? details : undefined)];
}

const FAILED = 'the command failed';

/** Outputs, summary, annotation and comment of a failed command. */
async function stop(failure: Failure, { env, interrupt, commenting, alarming }: Ending): Promise<void> {
  const tempDir = env['RUNNER_TEMP'];
  const path = tempDir === undefined ? '' : await writeResultFile(tempDir, errorResult(failure));
  const unwritten = setOutputs({ ...failureValues(failure), 'result-path': path }, env);
  if (unwritten !== null && unwritten.message !== failure.message) logWarning(unwritten.message);
  await reportFailure(failure, { env, workspace: env['GITHUB_WORKSPACE'] ?? '.' });
  const text = failureSummary(errorResult(failure), COMMENT_BUDGET_BYTES);
  if (interrupt.code() === null && commenting !== null)
    await commentOn({ pullRequest: () => ({ text, label: 'failed' }) }, commenting);
  if (interrupt.code() === null && alarming !== null)
    await raiseAlarm({ status: 'failed', subjects: [failureAlarm(errorResult(failure))] }, alarming);
  process.exitCode = interrupt.code() ?? exitCodeOfFailure(failure);
}

/** The runner treats any exit code but 0 as a failed step; ours are those of the command-line tool. */
function failWith(exit: ExitCode, message: string): void {
  setFailed(message);
  process.exitCode = exit;
}

/** Signals of the runner as an AbortSignal. */
interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code for the first signal; null before any. */
  readonly code: () => ExitCode | null;
}

/**
 * Listens for the signals with which a runner cancels a step: SIGINT, after 7.5 s SIGTERM, after 2.5 s more it kills
 * (actions/runner, ProcessInvoker.cs). A runner in a terminal forwards the terminal's signals.
 */
function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  let code: ExitCode | null = null;
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      code ??= SIGNAL_EXITS[name];
      controller.abort(new Failure('interrupted', `the step was cancelled (${name})`));
    });
  }
  return { signal: controller.signal, code: () => code };
}
