import { group, setFailed } from '@actions/core';
import { execute } from '../../commands/index.ts';
import { exitCodeOf, exitCodeOfFailure } from '../../commands/outcome/exit-code.ts';
import type { Outcome } from '../../commands/outcome/outcome.ts';
import { EXIT, type ExitCode } from '../../contract/exit-codes.ts';
import type { RunResult } from '../../contract/result.ts';
import { type Env, readEnv } from '../../core/env.ts';
import { type Failure, toFailure } from '../../core/failure.ts';
import { errorResult } from '../../report/error-result.ts';
import { withValues } from '../../report/values.ts';
import { type ActionRequest, actionRequest } from './action-request.ts';
import { actionContext, type Runner, readRunner } from './context.ts';
import { judgeEvent, readPayload } from './event.ts';
import { inputValue, takeInputs } from './inputs.ts';
import { listenForInterrupt } from './interrupt.ts';
import { logText, logWarning, stepSecrets } from './logger.ts';
import { failureValues, type OutputValues, outputValues, setOutputs, writeResultFile } from './outputs.ts';
import { reportDoctor, reportFailure, reportRun } from './report-run.ts';

/** Runs the step: inputs in; outputs, summary, annotations and exit code out. Throws only what nobody foresaw. */
export async function runAction(): Promise<void> {
  const interrupt = listenForInterrupt();
  const secrets = stepSecrets();
  const written = takeInputs(secrets);
  const env = readEnv();
  try {
    const runner = readRunner(env);
    const event = judgeEvent({ name: runner.eventName, ref: runner.ref, payload: await readPayload(runner.eventPath) });
    const request = actionRequest(written, event);
    const directory = inputValue('working-directory', written('working-directory'));
    const untrusted = request.command !== 'install' && request.untrusted;
    const context = await actionContext({ runner, env, directory, untrusted, signal: interrupt.signal, secrets });
    if (untrusted) logText(`Nothing will be written: ${event.why}.`);
    const outcome = await group(`dolt-federation ${request.command}`, () => execute(request, context));
    await finish(shown(outcome, request), { request, runner, env, interrupted: interrupt.code() });
  } catch (thrown) {
    await stop(toFailure(thrown), { env, interrupted: interrupt.code() });
  }
}

interface Ending {
  readonly env: Env;
  readonly interrupted: ExitCode | null;
}

/** What may be shown of an outcome; from here on nobody sees the rest. */
function shown(outcome: Outcome, request: ActionRequest): Outcome {
  if (!('doltPath' in outcome) || !('reportValues' in request)) return outcome;
  return { ...outcome, result: withValues(outcome.result, request.reportValues) };
}

interface Finishing extends Ending {
  readonly request: ActionRequest;
  readonly runner: Runner;
}

/** @throws Failure `bad-usage` where outputs cannot be written, after everything was told */
async function finish(outcome: Outcome, ending: Finishing): Promise<void> {
  const values = outputValues(outcome);
  const path = await writeResultFile(ending.runner.tempDir, resultOf(outcome));
  const unwritten = setOutputs({ ...values, 'result-path': path }, ending.env);
  await report(outcome, values, ending);
  if (unwritten !== null) throw unwritten;
}

/** Shows what came of it, and fails the step where it failed. */
async function report(outcome: Outcome, values: OutputValues, ending: Finishing): Promise<void> {
  const { request, runner, env } = ending;
  if (outcome.command === 'doctor') {
    await reportDoctor(outcome.result, env);
    if (outcome.result.status === 'missing') failWith(EXIT.failed, 'doctor: something is missing');
    return;
  }
  if (!('doltPath' in outcome) || !('failOn' in request)) {
    logText(`Dolt ${values['dolt-version']} is at ${values['dolt-path']}.`);
    return;
  }
  const exit = ending.interrupted ?? exitCodeOf(outcome.result, request.failOn);
  const failing = exit !== EXIT.ok;
  await reportRun(outcome.result, { env, workspace: runner.workspace, failing, locations: outcome.locations });
  if (failing) failWith(exit, verdict(outcome.result));
}

function resultOf(outcome: Outcome): unknown {
  return 'result' in outcome ? outcome.result : outcome.towns;
}

function verdict({ command, status, peers, unsaved = 0 }: RunResult): string {
  const named = peers.filter((peer) => peer.status === 'failed' || peer.status === 'conflict');
  const why = named.map((peer) => `${peer.name} ${peer.status}`);
  if (unsaved > 0) why.push(`${unsaved} commit(s) reached no peer`);
  return `${command}: ${status} (${why.join(', ')})`;
}

/** Outputs, summary and annotation of a failure that stopped the command. */
async function stop(failure: Failure, { env, interrupted }: Ending): Promise<void> {
  const tempDir = env['RUNNER_TEMP'];
  const path = tempDir === undefined ? '' : await writeResultFile(tempDir, errorResult(failure));
  const unwritten = setOutputs({ ...failureValues(failure), 'result-path': path }, env);
  if (unwritten !== null && unwritten.message !== failure.message) logWarning(unwritten.message);
  await reportFailure(failure, { env, workspace: env['GITHUB_WORKSPACE'] ?? '.' });
  process.exitCode = interrupted ?? exitCodeOfFailure(failure);
}

/** The runner takes any exit code but 0 for a failed step; ours are those of the command-line tool. */
function failWith(exit: ExitCode, message: string): void {
  setFailed(message);
  process.exitCode = exit;
}
