import { EXIT, type ExitCode } from '../contract/exit-codes.ts';
import { Failure } from '../core/failure.ts';

/** Signals of the runner as an AbortSignal. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code that the first signal asks for; null while none came. */
  readonly code: () => ExitCode | null;
}

/**
 * Listens for the signals with which a runner cancels a step: SIGINT, after 7.5 s SIGTERM, after 2.5 s more it kills
 * (actions/runner, ProcessInvoker.cs).
 */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  let code: ExitCode | null = null;
  const on = (name: NodeJS.Signals, asked: ExitCode) => {
    process.on(name, () => {
      code ??= asked;
      controller.abort(new Failure('interrupted', `the step was cancelled (${name})`));
    });
  };
  on('SIGINT', EXIT.interrupted);
  on('SIGTERM', EXIT.terminated);
  return { signal: controller.signal, code: () => code };
}
