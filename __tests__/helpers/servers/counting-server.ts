import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A server that counts connections and ends them. */
export interface CountingServer extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  connections(): number;
}

export async function startCountingServer(address: string): Promise<CountingServer> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
