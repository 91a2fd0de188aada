import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import { openDirectly, openThrough } from './dial.ts';
import { parseTarget, type Target } from './host-rule.ts';
import { Refusal } from './passes.ts';
import { jobProxy, problemOf, type Relay } from './relay.ts';

/** A slow peer has its own time limit; this one is for abandoned connections. */
export const IDLE_MS = 30 * 60_000;
/** The first byte of every TLS connection: the type of a handshake record (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 0x16;

/**
 * Opens a tunnel (CONNECT). Dolt's own protocol may use one without TLS, so the first byte is checked before any is
 * forwarded (Dolt 2.3.0, measured).
 * @param early what the client sent with its request
 */
export async function openTunnel(
  relay: Relay,
  incoming: IncomingMessage,
  client: Duplex,
  early: Buffer,
): Promise<void> {
  const target = parseTarget(incoming.url ?? '', null);
  if (target === null) {
    answer(client, '400 Bad Request');
    return;
  }
  let dialled: Dialled;
  try {
    dialled = await dial(relay, target);
  } catch (thrown) {
    // A client that closed the connection needs no answer.
    if (client.destroyed) return;
    const problem = problemOf(thrown);
    relay.passes.record(target, problem);
    answer(client, problem.kind === 'unreached' ? '502 Bad Gateway' : '403 Refused by dolt-federation');
    return;
  }
  try {
    await join(relay, { target, client, early, ...dialled });
  } catch (thrown) {
    // An answer within the open tunnel would be data of the server.
    if (!client.destroyed) relay.passes.record(target, problemOf(thrown));
    client.destroy();
    dialled.server.destroy();
  }
}

/** Ends a client's request for a tunnel. */
export function answer(client: Duplex, status: string, header = ''): void {
  client.end(`HTTP/1.1 ${status}\r\n${header}Content-Length: 0\r\nConnection: close\r\n\r\n`);
}

interface Dialled {
  /** Whether data without TLS is allowed. */
  readonly plain: boolean;
  readonly server: Duplex;
}

/** @throws Refusal, Error */
async function dial(relay: Relay, target: Target): Promise<Dialled> {
  const permission = relay.passes.require(target);
  const proxy = jobProxy(relay, 'https', target);
  const server = await (proxy === null ? openDirectly(target, permission) : openThrough(proxy, target));
  return { plain: permission.plain, server };
}

interface Ends extends Dialled {
  readonly target: Target;
  readonly client: Duplex;
  readonly early: Buffer;
}

/** @throws Refusal, Error; Node 24 throws for a pipeline to a closed end */
async function join(relay: Relay, { target, client, server, early, plain }: Ends): Promise<void> {
  const end = (): void => {
    client.destroy();
    server.destroy();
  };
  const endedByServer = (): void => {
    if (!client.destroyed && !client.readableEnded) relay.passes.recordEnd(target);
  };
  server.on('end', endedByServer);
  server.on('error', () => {
    endedByServer();
    end();
  });
  server.on('close', relay.open.add(target, end));
  for (const side of [client, server]) if (side instanceof Socket) side.setTimeout(IDLE_MS, end);
  // The operation may have ended meanwhile.
  if (client.destroyed || relay.passes.permission(target) === null) return end();
  client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  const first = await firstBytes(client, early);
  if (first === null || server.destroyed) return end();
  if (!plain && first[0] !== TLS_HANDSHAKE) throw new Refusal({ kind: 'plain' });
  server.write(first);
  // One side may have finished sending and still receive.
  pipeline(client, server, (error) => error && end());
  pipeline(server, client, (error) => error && end());
}

/** @returns null if the client closed the connection before it sent any */
async function firstBytes(client: Duplex, early: Buffer): Promise<Buffer | null> {
  if (early.length > 0) return early;
  return await new Promise((done) => {
    client.once('data', (bytes: Buffer) => {
      client.pause();
      done(bytes);
    });
    client.once('close', () => done(null));
  });
}
