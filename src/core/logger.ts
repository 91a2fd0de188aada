/** Receives progress of the core; each frontend decides how to show it. It does not affect the result. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
}

/** One step of one peer, for a live line or a log line. */
export interface PeerEvent {
  readonly peer: string;
  /** `waiting` announces a peer that takes part; `done` says what became of it. */
  readonly step:
    | 'waiting'
    | 'fetching'
    | 'retrying'
    | 'fetched'
    | 'merging'
    | 'pushing'
    | 'verifying'
    | 'done'
    | 'failed';
  readonly detail: string;
}

/** The stage of a command besides its work on single peers, such as `starting Dolt`. */
interface StageEvent {
  readonly stage: string;
}

export type ProgressEvent = PeerEvent | StageEvent;
