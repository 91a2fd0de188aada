import { once } from 'node:events';
import type { Server } from 'node:net';

/** A server that listens on a free port. Its disposal ends all connections. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** Starts a server of this process. */
export async function listen(
  server: Server & { closeAllConnections?(): void },
  address = '127.0.0.1',
): Promise<Listening> {
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return {
    port: bound.port,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections?.();
      await once(server, 'close');
    },
  };
}
