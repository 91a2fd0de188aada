import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Env } from '../core/env.ts';
import { errorMessage, Failure, systemCode } from '../core/failure.ts';
import { throwIfInterrupted } from '../core/interruption.ts';
import { openDirectly, openThrough } from './dial.ts';
import { type Target, targetText } from './host-rule.ts';
import { jobProxyFor } from './job-proxy.ts';
import { notAllowed, Refusal } from './passes.ts';

/** A server that a peer is reached at. */
export interface Destination extends Target {
  readonly tls: boolean;
  /** Whether connections to it go through the proxy of the job, if there is one; those of ssh do not. */
  readonly throughProxy: boolean;
  /** Whether only the kind of the peer names it, so that it must have a public address; absent: the peer or the job does. */
  readonly ofProvider?: boolean;
  /** Whether it may not be at an address of this machine or its link; absent: it may. */
  readonly remoteOnly?: boolean;
}

/** Time limit for a connection with its TLS handshake. */
export const CONNECT_MS = 30_000;

/** The failure, by the code of Node's error. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve at the moment',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to its network',
};

interface Trying {
  /** Of the job. */
  readonly env: Env;
  readonly milliseconds: number;
  readonly signal: AbortSignal;
}

/**
 * Opens a connection to a server and closes it: TCP, and the handshake of TLS. Dolt retries a connection for half a
 * minute without a message, and without a limit if nothing answers (2.3.0). Certificates are not checked here: the
 * engine does that, and its message says more.
 * @throws Failure `connect-timeout`, `network`, `interrupted`, `host-not-allowed` for a host of a provider at a private
 * address: the client of Google would try again without a message until the time limit
 */
export async function tryConnection(to: Destination, { env, milliseconds, signal }: Trying): Promise<void> {
  const limit = AbortSignal.timeout(milliseconds);
  const stop = AbortSignal.any([limit, signal]);
  try {
    const socket = await open(to, env, stop);
    if (socket !== null) await (to.tls ? shakeHands(socket, to, stop) : undefined);
    socket?.destroy();
  } catch (thrown) {
    throwIfInterrupted(signal);
    if (limit.aborted) throw late(to, milliseconds);
    if (thrown instanceof Refusal) throw notAllowed([{ target: to, problem: thrown.problem }], thrown);
    throw new Failure('network', `${targetText(to)} could not be reached: ${reasonOf(thrown)}`, { cause: thrown });
  }
}

/** @returns null if the engine decides: its own proxy refuses the address with a better message */
async function open(to: Destination, env: Env, signal: AbortSignal): Promise<Duplex | null> {
  const proxy = to.throughProxy ? jobProxyFor(env, to.tls ? 'https' : 'http', to) : ({ kind: 'direct' } as const);
  if (proxy.kind === 'unusable') return null;
  // A proxy that takes plain requests need not take tunnels, so only TLS can be tried through it.
  if (proxy.kind === 'proxy') return to.tls ? await openThrough(proxy.url, to, signal) : null;
  try {
    const named = to.ofProvider !== true;
    const permission = { plain: !to.tls, named, ...(to.remoteOnly === true ? { remoteOnly: true } : {}) };
    return await openDirectly(to, permission, signal);
  } catch (thrown) {
    if (thrown instanceof Refusal && to.ofProvider !== true) return null;
    throw thrown;
  }
}

/** Any answer will do, also a refusal to speak TLS; only silence is a failure. */
async function shakeHands(socket: Duplex, { host }: Destination, signal: AbortSignal): Promise<void> {
  const secured = connectTls({
    socket,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  await new Promise<void>((done) => {
    for (const event of ['secureConnect', 'close']) secured.once(event, () => done());
    secured.on('error', () => done());
    signal.addEventListener('abort', () => done(), { once: true });
  });
  secured.destroy();
  socket.destroy();
  signal.throwIfAborted();
}

function late(to: Destination, milliseconds: number): Failure {
  const seconds = milliseconds / 1000;
  return new Failure('connect-timeout', `${targetText(to)} did not answer within ${seconds} s`);
}

function reasonOf(thrown: unknown): string {
  const code = systemCode(thrown);
  // An error about several addresses has no message of its own.
  return (code === null ? undefined : REASONS[code]) ?? (errorMessage(thrown) || (code ?? 'unknown reason'));
}
