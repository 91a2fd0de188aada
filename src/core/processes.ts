import { createServer } from 'node:net';
import { Failure, systemCode } from './failure.ts';

/** Whether a process with that id is alive on this machine, for any owner. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCode(thrown) === 'EPERM';
  }
}

/** A free TCP port on 127.0.0.1; another process may take it before it is bound. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string')
          reject(
            new Failure('engine-start', 'no TCP port is free', {
              hint: 'Close programs that listen on many ports of 127.0.0.1, then run again.',
            }),
          );
        else resolve(address.port);
      });
    });
  });
}
