import { type ExitCode, SIGNAL_EXITS, STOP_SIGNALS, type StopSignal } from '../../contract/exit-codes.ts';
import { Failure } from '../../core/failure.ts';

interface InterruptOptions {
  /** Called at the first signal; the run starts to end. */
  readonly onFirst: (signal: string) => void;
  /** Called at the second signal; the process must end now, with this code. */
  readonly onSecond: (code: ExitCode) => void;
}

/** Signals of the system as an AbortSignal. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code for the first signal; null before any. */
  readonly code: () => ExitCode | null;
  /** Restores the default signal handling. */
  readonly release: () => void;
}

/** Listens for the signals that end a run: the first ends it in order, the second at once. */
export function listenForInterrupt(options: InterruptOptions): Interrupt {
  const controller = new AbortController();
  let code: ExitCode | null = null;
  const onSignal = (signal: StopSignal) => {
    if (code === null) {
      code = SIGNAL_EXITS[signal];
      // A prompt ends its line first.
      controller.abort(new Failure('interrupted', `${signal} was received`));
      options.onFirst(signal);
    } else if (signal !== 'SIGHUP') {
      // The shell and the system both send SIGHUP when a terminal is closed.
      options.onSecond(SIGNAL_EXITS[signal]);
    }
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    code: () => code,
    release: () => {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    },
  };
}
