import { type ExitCode, SIGNAL_EXITS, STOP_SIGNALS } from '../../contract/exit-codes.ts';
import { Failure } from '../../core/failure.ts';

/** Signals of the runner as an AbortSignal. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code for the first signal; null before any. */
  readonly code: () => ExitCode | null;
}

/**
 * Listens for the signals with which a runner cancels a step: SIGINT, after 7.5 s SIGTERM, after 2.5 s more it kills
 * (actions/runner, ProcessInvoker.cs). A runner in a terminal forwards the terminal's signals.
 */
export function listenForInterrupt(): Interrupt {
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
