import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { monotonicMs } from '../core/clock.ts';

/** How to reach a server, and the password of its root user. */
export interface Address {
  readonly port: number;
  readonly socket: string | null;
  readonly password: string;
}

/** Why a server did not become ready. */
export type StartOutcome =
  | { readonly kind: 'ready' }
  | { readonly kind: 'ended'; readonly exitCode: number | null }
  | { readonly kind: 'too-slow'; readonly afterMs: number }
  | { readonly kind: 'interrupted' };

/** Opening a large database can take long; what does not answer within this time never will. */
const READY_WITHIN_MS = 60_000;
/** A server cannot tell us that it listens, so we knock; a start takes about 200 ms. */
const KNOCK_EVERY_MS = 10;

export function isReady(outcome: StartOutcome): boolean {
  return outcome.kind === 'ready';
}

interface Awaited {
  readonly address: Address;
  /** Settles with the exit code when the process ends. */
  readonly ended: Promise<number | null>;
  readonly signal: AbortSignal;
}

/** Waits until a login succeeds, the process ends, or we are told to stop. Never rejects. */
export async function awaitReady(awaited: Awaited): Promise<StartOutcome> {
  let end: StartOutcome | null = null;
  void awaited.ended.then((exitCode) => {
    end = { kind: 'ended', exitCode };
  });
  const started = monotonicMs();
  while (monotonicMs() - started < READY_WITHIN_MS) {
    if (end !== null) return end;
    if (awaited.signal.aborted) return { kind: 'interrupted' };
    if (await answers(awaited.address)) return { kind: 'ready' };
    await delay(KNOCK_EVERY_MS);
  }
  return { kind: 'too-slow', afterMs: READY_WITHIN_MS };
}

async function answers(address: Address): Promise<boolean> {
  try {
    const connection = await createConnection({ ...connectTo(address), connectTimeout: 5_000 });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

/** The part of mysql2's options that says where and who. */
export function connectTo(address: Address) {
  return {
    user: 'root',
    password: address.password,
    ...(address.socket === null ? { host: '127.0.0.1', port: address.port } : { socketPath: address.socket }),
  };
}
