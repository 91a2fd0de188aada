import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A server that accepts connections and forwards no data until it is released. */
interface HeldServer extends AsyncDisposable {
  readonly port: number;
  release(): void;
}

/** @param port where the server behind it listens on loopback */
export async function startHeldServer(port: number): Promise<HeldServer> {
  const sockets = new Set<Socket>();
  let isOpen = false;
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    // A held connection stays silent, and the client has to open another one.
    if (!isOpen) return;
    const behind = connect(port, '127.0.0.1');
    sockets.add(behind);
    behind.on('error', () => client.destroy());
    client.pipe(behind).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    release: () => {
      isOpen = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
