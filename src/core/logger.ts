/** Receives progress of the core; each frontend decides how to show it. It does not affect the result. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
}

/** One step of one peer, for a live line or a log line. */
export interface PeerEvent {
  readonly peer: string;
  readonly step: 'waiting' | 'fetching' | 'fetched' | 'merging' | 'pushing' | 'verifying' | 'done' | 'failed';
  readonly detail: string;
}
