import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A peer that accepts connections and never answers. */
export interface SilentPeer extends AsyncDisposable {
  readonly url: string;
  /** Resolves when a client has connected. */
  readonly asked: Promise<unknown>;
}

export async function startSilentPeer(): Promise<SilentPeer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/local`,
    asked: once(server, 'connection'),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
