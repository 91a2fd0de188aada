import { exitCodeOfFailure } from '../../commands/outcome/exit-code.ts';
import { hideInFailure } from '../../commands/outcome/hide-secrets.ts';
import { EXIT, type ExitCode } from '../../contract/exit-codes.ts';
import { toFailure } from '../../core/failure.ts';
import { redact } from '../../core/secrets.ts';
import { colorsOf } from './colors.ts';
import { errorText, failureOutput, type Output } from './output.ts';
import { parseArgv, wantsJson } from './parse-argv.ts';
import { errorStyle, runRequest, type Terminal } from './run-request.ts';
import { guardStdout } from './stdout-guard.ts';

/**
 * Runs one command line: parses it, runs it, and shows the outcome. Never rejects.
 * @returns the exit code, after all output was written
 */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const guard = guardStdout(terminal.stdout);
  // A closed standard error does not stop the run.
  terminal.stderr.on('error', () => undefined);
  const show = async (output: Output) => {
    if (output.stderr !== '') terminal.stderr.write(output.stderr);
    if (output.stdout !== '') await guard.write(output.stdout);
  };
  const colors = colorsOf(argv, terminal);
  try {
    const invocation = parseArgv(argv);
    if (invocation.kind === 'print') {
      await show({ stdout: invocation.text, stderr: '' });
      return EXIT.ok;
    }
    const ended = await runRequest(invocation, { terminal, colors, guard });
    await show(ended.output);
    return ended.code;
  } catch (thrown) {
    // The words of a command line can hold a secret, too.
    const failure = hideInFailure(toFailure(thrown), redact);
    await show(failureOutput(failure, { json: wantsJson(argv), ...errorStyle(terminal, colors) })).catch(() => {
      terminal.stderr.write(errorText(failure, errorStyle(terminal, colors)));
    });
    return exitCodeOfFailure(failure);
  } finally {
    guard.release();
  }
}
