import { once } from 'node:events';
import { createServer } from 'node:net';
import { readEnv } from '../../../src/core/env.ts';

const FIRST = 15_000;
const PER_WORKER = 2_000;
const WORKERS = 8;
const ATTEMPTS = 100;

/**
 * A TCP port that nothing listens on. The system gives ports above these to outgoing connections and to engines, and
 * each worker of jest has its own, so no other test takes the port before its server does.
 */
export async function testPort(): Promise<number> {
  const worker = Number(readEnv()['JEST_WORKER_ID'] ?? 1) % WORKERS;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const port = FIRST + worker * PER_WORKER + Math.floor(Math.random() * PER_WORKER);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of worker ${worker} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
