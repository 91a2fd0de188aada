import type { Readable } from 'node:stream';
import { monotonicMs } from '../../core/time.ts';
import { panicIn } from '../failure-text.ts';

/** The end of a line may come with the next data. */
const KEPT_CHARACTERS = 4_000;

/** The panics that a server reports. */
export interface Panics {
  /** The text of the panic that ended the server, or of the last one of a connection since then; null: none. */
  found(sinceMs: number): string | null;
  /** Resolves when there is one. */
  awaited(sinceMs: number): Promise<void>;
}

/**
 * Reads the panics in the errors of a server. Standard output may have the beginning of a line.
 * @param now the clock, for tests
 */
export function panicsOf(errors: Readable, now: () => number = monotonicMs): Panics {
  let unread = '';
  let ofServer: string | null = null;
  let ofConnection: { readonly text: string; readonly atMs: number } | null = null;
  const waiting: (() => void)[] = [];
  errors.on('data', (chunk: Buffer) => {
    unread += chunk.toString('utf8');
    for (let panic = panicIn(unread); panic !== null; panic = panicIn(unread)) {
      if (panic.endsServer) ofServer ??= panic.text;
      else ofConnection = { text: panic.text, atMs: now() };
      unread = unread.slice(panic.end);
      for (const resolve of waiting.splice(0)) resolve();
    }
    unread = unread.slice(-KEPT_CHARACTERS);
  });
  const found = (sinceMs: number): string | null =>
    ofConnection !== null && ofConnection.atMs >= sinceMs ? ofConnection.text : ofServer;
  const awaited = async (sinceMs: number): Promise<void> => {
    if (found(sinceMs) === null) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { found, awaited };
}
