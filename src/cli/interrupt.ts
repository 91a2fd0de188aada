import { EXIT, type ExitCode } from '../contract/exit-codes.ts';
import { Failure } from '../core/failure.ts';

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

interface InterruptOptions {
  /** Called at the first signal, when the run begins to end by itself. */
  readonly onFirst: (signal: string) => void;
  /** Called at the second: the process must end now, with this code. */
  readonly onSecond: (code: ExitCode) => void;
}

/** Signals of the system as an AbortSignal. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code that the first signal asks for; null while none came. */
  readonly code: () => ExitCode | null;
  /** Gives the signals back to the system. */
  readonly release: () => void;
}

/** Listens for SIGINT and SIGTERM: the first ends the run in order, the second at once. */
export function listenForInterrupt(options: InterruptOptions): Interrupt {
  const controller = new AbortController();
  let code: ExitCode | null = null;
  const onSignal = (signal: (typeof SIGNALS)[number]) => {
    if (code !== null) {
      options.onSecond(CODES[signal]);
      return;
    }
    code = CODES[signal];
    options.onFirst(signal);
    controller.abort(new Failure('interrupted', `${signal} was received`));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    code: () => code,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
