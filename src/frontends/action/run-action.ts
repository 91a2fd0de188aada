import { group, setFailed } from '@actions/core';
import type { Finished } from '../../commands/command.ts';
import { COMMAND_TABLE } from '../../commands/index.ts';
import { exitCodeOfFailure } from '../../commands/outcome/exit-code.ts';
import { EXIT, type ExitCode } from '../../contract/exit-codes.ts';
import { type Env, readEnv } from '../../core/env.ts';
import { type Failure, toFailure } from '../../core/failure.ts';
import { errorResult } from '../../report/error-result.ts';
import { askedByInputs, askedCommand } from './asked.ts';
import { actionContext, type Runner, readRunner } from './context.ts';
import { judgeEvent, readPayload } from './event.ts';
import { inputValue, takeInputs } from './inputs.ts';
import { listenForInterrupt } from './interrupt.ts';
import { logText, logWarning, stepSecrets } from './logger.ts';
import { failureValues, outputValues, setOutputs, writeResultFile } from './outputs.ts';
import { reportFailure, reportOutcome } from './report-run.ts';

/** Runs the step: inputs in; outputs, summary, annotations and exit code out. Throws only unexpected errors. */
export async function runAction(): Promise<void> {
  const interrupt = listenForInterrupt();
  const secrets = stepSecrets();
  const written = takeInputs(secrets);
  const env = readEnv();
  try {
    const runner = readRunner(env);
    const event = judgeEvent({ name: runner.eventName, ref: runner.ref, payload: await readPayload(runner.eventPath) });
    const name = askedCommand(written);
    const command = COMMAND_TABLE[name].prepare(askedByInputs(written, event));
    const directory = inputValue('working-directory', written('working-directory'));
    const untrusted = command.request.untrusted ?? false;
    const context = await actionContext({ runner, env, directory, untrusted, signal: interrupt.signal, secrets });
    if (untrusted) logText(`Nothing is written: ${event.why}.`);
    const finished = await group(`dolt-federation ${name}`, () => command.run(context));
    await finish(finished, runner, { env, interrupted: interrupt.code() });
  } catch (thrown) {
    await stop(toFailure(thrown), { env, interrupted: interrupt.code() });
  }
}

interface Ending {
  readonly env: Env;
  readonly interrupted: ExitCode | null;
}

/** @throws Failure `bad-usage` if outputs cannot be written, after everything else was shown */
async function finish({ exitCode, rendered }: Finished, runner: Runner, { env, interrupted }: Ending): Promise<void> {
  const path = await writeResultFile(runner.tempDir, rendered.json);
  const unwritten = setOutputs({ ...outputValues(rendered), 'result-path': path }, env);
  const exit = interrupted ?? exitCode;
  const failing = exit !== EXIT.ok;
  await reportOutcome(rendered, { env, workspace: runner.workspace, failing });
  if (failing) failWith(exit, rendered.verdict ?? 'the command failed');
  if (unwritten !== null) throw unwritten;
}

/** Outputs, summary and annotation of a failed command. */
async function stop(failure: Failure, { env, interrupted }: Ending): Promise<void> {
  const tempDir = env['RUNNER_TEMP'];
  const path = tempDir === undefined ? '' : await writeResultFile(tempDir, errorResult(failure));
  const unwritten = setOutputs({ ...failureValues(failure), 'result-path': path }, env);
  if (unwritten !== null && unwritten.message !== failure.message) logWarning(unwritten.message);
  await reportFailure(failure, { env, workspace: env['GITHUB_WORKSPACE'] ?? '.' });
  process.exitCode = interrupted ?? exitCodeOfFailure(failure);
}

/** The runner treats any exit code but 0 as a failed step; ours are those of the command-line tool. */
function failWith(exit: ExitCode, message: string): void {
  setFailed(message);
  process.exitCode = exit;
}
