import { createServer } from 'node:http';
import { createSecureServer, createServer as createServerOfHttp2 } from 'node:http2';
import type { Socket } from 'node:net';

/** A host whose service is down: every request gets 503. */
export interface Unavailable extends AsyncDisposable {
  readonly port: number;
}

interface Pair {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
}

/** @param protocol `h1` is what git speaks; `h2c` is HTTP/2 without TLS, and `h2` with it, which gRPC speaks */
export async function startUnavailable(protocol: 'h1' | 'h2c' | 'h2', pair?: Pair): Promise<Unavailable> {
  const server = serverOf(protocol, pair);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  // A client may disconnect in the middle of a handshake.
  server.on('sessionError', () => undefined);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function serverOf(protocol: 'h1' | 'h2c' | 'h2', pair: Pair | undefined) {
  switch (protocol) {
    case 'h1':
      return createServer((_, response) => void response.writeHead(503).end('down for maintenance'));
    case 'h2c':
      return createServerOfHttp2((_, response) => void response.writeHead(503).end());
    case 'h2':
      return createSecureServer({ ...pair }, (_, response) => void response.writeHead(503).end());
  }
}
