import { createServer } from 'node:net';
import { Failure, systemCode } from './failure.ts';

/** Whether a process of that id lives on this machine, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCode(thrown) === 'EPERM';
  }
}

/** A TCP port on 127.0.0.1 that was free a moment ago; whoever binds it must be ready to ask again. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Failure('engine-start', 'no TCP port is free'));
        else resolve(address.port);
      });
    });
  });
}
