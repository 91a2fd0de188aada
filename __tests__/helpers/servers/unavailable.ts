import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { Socket } from 'node:net';

/** A host whose service is down: whatever is asked, 503. */
export interface Unavailable extends AsyncDisposable {
  readonly port: number;
}

/** @param protocol `h2c` is HTTP/2 without TLS, which gRPC speaks; `http` is what git speaks */
export async function startUnavailable(protocol: 'h2c' | 'http'): Promise<Unavailable> {
  const server =
    protocol === 'http'
      ? createServer((_, response) => void response.writeHead(503).end('down for maintenance'))
      : createHttp2Server((_, response) => void response.writeHead(503).end());
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
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
