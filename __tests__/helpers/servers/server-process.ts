import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { readEnv } from '../../../src/core/env.ts';
import { startServer } from '../../../src/dolt/process.ts';
import { testPort } from './test-port.ts';

interface ServerSpec<Port extends string> {
  readonly command: string;
  /** The ports that the server is to listen on; each gets a free one. */
  readonly ports: readonly Port[];
  /** Writes the files of the server and returns its arguments. */
  readonly args: (port: Readonly<Record<Port, number>>) => readonly string[] | Promise<readonly string[]>;
  readonly cwd: string;
  /** Added to PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A server on this machine that ends with the test. */
export interface ServerProcess<Port extends string> extends AsyncDisposable {
  readonly port: Readonly<Record<Port, number>>;
  /** The end of what it printed. */
  log(): string;
}

const ATTEMPTS = 3;
const READY_WITHIN_MS = 20_000;
const BETWEEN_CONNECTIONS_MS = 10;
const GRACE_MS = 5_000;
const LOG_TAIL = 4_000;

/** Starts a server and returns when all its ports take connections; takes other ports if one is already in use. */
export async function startServerProcess<const Port extends string>(
  spec: ServerSpec<Port>,
): Promise<ServerProcess<Port>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryStart(spec);
    } catch (thrown) {
      // The message of Go programs (address), nginx (Address) and Dolt (Port).
      if (attempt === ATTEMPTS || !/already in use/i.test(String(thrown))) throw thrown;
    }
  }
}

async function tryStart<Port extends string>(spec: ServerSpec<Port>): Promise<ServerProcess<Port>> {
  const entries = await Promise.all(spec.ports.map(async (name) => [name, await testPort()] as const));
  const port = Object.fromEntries(entries) as Record<Port, number>;
  const args = await spec.args(port);
  const { PATH = '', HOME = '' } = readEnv();
  const child = startServer(spec.command, args, { cwd: spec.cwd, env: { PATH, HOME, ...spec.env } });
  let tail = '';
  child.all.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-LOG_TAIL);
  });
  const ended = child.then(({ exitCode }) => new Error(`${spec.command} ended with ${exitCode}:\n${tail}`));
  const dispose = async () => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(killer);
  };
  try {
    const give = AbortSignal.timeout(READY_WITHIN_MS);
    for (const [, number] of entries) {
      while (!(await accepts(number))) {
        if (give.aborted) throw new Error(`${spec.command} took no connection in ${READY_WITHIN_MS} ms:\n${tail}`);
        const failure = await Promise.race([ended, pause(BETWEEN_CONNECTIONS_MS)]);
        if (failure !== undefined) throw failure;
      }
    }
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
  return { port, log: () => tail, [Symbol.asyncDispose]: dispose };
}

async function accepts(port: number): Promise<boolean> {
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
