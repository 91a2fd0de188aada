import { createConnection } from 'mysql2/promise';
import { z } from 'zod';
import { throwIfInterrupted } from '../../core/interruption.ts';
import { endsWithin } from '../../core/time.ts';
import { type Address, connectTo } from './ready.ts';
import type { Server } from './server.ts';

/** How long a killed statement may take to end (51 ms on Dolt 2.3.0). */
export const GRACE_MS = 1_000;

const processRows = z.array(z.looseObject({ Id: z.coerce.number().int() }));

/**
 * Kills every statement that runs on a server; each fails at its caller (51 ms on Dolt 2.3.0). A server that does not
 * answer has nothing left to kill.
 */
export async function killStatements(address: Address): Promise<void> {
  try {
    const connection = await createConnection(connectTo(address));
    const [rows] = await connection.query('SHOW PROCESSLIST');
    const others = processRows.parse(rows).filter(({ Id }) => Id !== connection.threadId);
    for (const { Id } of others) await connection.query(`KILL QUERY ${Id}`).catch(() => undefined);
    await connection.end();
  } catch {
    // The server is gone, and its statements with it.
  }
}

/**
 * Runs work on a server, and kills its statements when the run is interrupted, so that nothing waits for an
 * unresponsive peer. If that does not help, it kills the server. Nothing is killed any more when it returns.
 * @throws Failure `interrupted`, regardless of the error of the work
 */
export async function interruptible<T>(
  server: Pick<Server, 'address' | 'endPrograms' | 'kill'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  throwIfInterrupted(signal);
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const onAbort = async (): Promise<void> => {
    await server.endPrograms();
    // A frozen engine accepts the connection and never answers.
    await endsWithin(killStatements(server.address), GRACE_MS);
    if (!(await endsWithin(ended, GRACE_MS))) await server.kill();
  };
  let killing: Promise<void> = Promise.resolve();
  const listener = (): void => {
    killing = onAbort();
  };
  signal.addEventListener('abort', listener, { once: true });
  try {
    return await work();
  } catch (thrown) {
    throwIfInterrupted(signal);
    throw thrown;
  } finally {
    end();
    signal.removeEventListener('abort', listener);
    await killing;
  }
}

/** Kills one statement of a server, given its connection. */
export async function killStatement(address: Address, connection: number): Promise<void> {
  try {
    const killer = await createConnection(connectTo(address));
    await killer.query(`KILL QUERY ${connection}`);
    await killer.end();
  } catch {
    // The server is gone, or the statement has ended.
  }
}
