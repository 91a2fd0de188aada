import { createServer } from 'node:net';
import { type Listening, listen } from './listen.ts';

/** A server that counts connections and ends them. */
export interface CountingServer extends Listening {
  /** Connections so far. */
  connections(): number;
}

export async function startCountingServer(address: string): Promise<CountingServer> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  return { ...(await listen(server, address)), connections: () => connections };
}
