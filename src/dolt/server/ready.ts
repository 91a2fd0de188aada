import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import type { ErrorCode } from '../../contract/error-codes.ts';
import { Failure } from '../../core/failure.ts';
import { monotonicMs } from '../../core/time.ts';
import { classify, decidingLine } from '../failure-text.ts';
import type { BoundedSockets } from './bounded-sockets.ts';

/** How to reach a server, and the password of its user. */
export interface Address {
  /** Absent: this machine. */
  readonly host?: string;
  /** Absent: root. */
  readonly user?: string;
  /** The authorities that may sign the server's certificate, or the system's own; absent: without TLS. */
  readonly tls?: { readonly ca: string | null };
  readonly port: number;
  readonly socket: string | null;
  readonly password: string;
  /** Opens every connection to a server of the user; absent: our own server. */
  readonly sockets?: BoundedSockets;
}

/** Why a server did not become ready. */
type StartOutcome =
  | { readonly kind: 'ready' }
  /** `how`: its exit code, the signal that ended it, or why it could not be started. */
  | { readonly kind: 'ended'; readonly how: string }
  | { readonly kind: 'too-slow'; readonly afterMs: number }
  | { readonly kind: 'interrupted' };

/** Opening a large database can take long; a server that does not answer within this time never will. */
const READY_WITHIN_MS = 60_000;
/** A server does not report when it listens, so it is polled; a start takes about 200 ms. */
const POLL_MS = 10;

export function isReady(outcome: StartOutcome): boolean {
  return outcome.kind === 'ready';
}

interface Awaited {
  readonly address: Address;
  /** Resolves when the process ends. */
  readonly ended: Promise<string>;
  readonly signal: AbortSignal;
}

/** Waits until a login succeeds, the process ends, or the signal is aborted. Never rejects. */
export async function awaitReady(awaited: Awaited): Promise<StartOutcome> {
  let end: StartOutcome | null = null;
  void awaited.ended.then((how) => {
    end = { kind: 'ended', how };
  });
  const started = monotonicMs();
  while (monotonicMs() - started < READY_WITHIN_MS) {
    if (end !== null) return end;
    if (awaited.signal.aborted) return { kind: 'interrupted' };
    if (await answers(awaited.address)) return { kind: 'ready' };
    await delay(POLL_MS);
  }
  return { kind: 'too-slow', afterMs: READY_WITHIN_MS };
}

async function answers(address: Address): Promise<boolean> {
  // A failed login costs far more than this look, and most of them fail.
  if (address.socket !== null && !existsSync(address.socket)) return false;
  try {
    const connection = await createConnection({ ...connectTo(address), connectTimeout: 5_000 });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

/** Host and user options of mysql2. */
export function connectTo(address: Address) {
  const { sockets } = address;
  return {
    user: address.user ?? 'root',
    password: address.password,
    ...(sockets === undefined ? {} : { stream: () => sockets.connect() }),
    ...(address.tls === undefined
      ? {}
      : { ssl: { verifyIdentity: true, ...(address.tls.ca === null ? {} : { ca: address.tls.ca }) } }),
    ...(address.socket === null
      ? { host: address.host ?? '127.0.0.1', port: address.port }
      : { socketPath: address.socket }),
  };
}

/**
 * Interprets a failed start.
 * @returns `port-in-use` if another port may be tried, else the Failure to throw
 */
export function startFailure(
  outcome: StartOutcome,
  seen: { readonly log: string; readonly database: string; readonly panic?: string | null },
): Failure | 'port-in-use' {
  switch (outcome.kind) {
    case 'interrupted':
      return new Failure('interrupted', 'the run was interrupted while the Dolt server started');
    case 'too-slow':
      return new Failure(
        'engine-start',
        `the Dolt server did not answer within ${outcome.afterMs} ms:\n${seen.log.trim()}`,
      );
    case 'ready':
      return new Failure('engine-start', 'the Dolt server was ready but is not used');
    case 'ended': {
      const code = classify(seen.log);
      if (code === 'port-in-use') return code;
      if (code === 'locked') return new Failure(code, `another process uses ${seen.database}`);
      if (code === 'locks-unsupported') return cannotOpen(code, seen);
      if (code === 'client-too-old' || code === 'corrupt' || code === 'disk-full') return cannotOpen(code, seen);
      if (code === 'read-only' || code === 'auth') return cannotOpen('database-read-only', seen);
      // It reads the schemas of all tables of all branches, also of the remote-tracking ones (2.3.0, measured).
      if (seen.panic != null) {
        const without = `${seen.database} cannot be opened: Dolt stopped with a panic`;
        return new Failure('corrupt', `${without}: ${seen.panic}`, { values: { least: 'full', without } });
      }
      return new Failure(
        'engine-start',
        `the Dolt server ended with ${outcome.how} for ${seen.database}:\n${seen.log.trim()}`,
      );
    }
  }
}

/**
 * Why a server ended during its work. Dolt 2.3.0 ends itself if its journal cannot be written, and its last line says so.
 * @returns null if the log has no known reason
 */
export function lossFailure({ log, database }: { readonly log: string; readonly database: string }): Failure | null {
  if (classify(log) !== 'disk-full') return null;
  return new Failure('disk-full', `the Dolt server of ${database} ended: ${decidingLine(log)}`);
}

function cannotOpen(code: ErrorCode, seen: { readonly log: string; readonly database: string }): Failure {
  return new Failure(code, `${seen.database} cannot be opened: ${decidingLine(seen.log)}`);
}
