import { createConnection } from 'mysql2/promise';
import { z } from 'zod';
import { throwIfInterrupted } from '../../core/interruption.ts';
import { endsWithin } from '../../core/time.ts';
import { type Address, connectTo } from './ready.ts';
import type { Server } from './server.ts';

/** How long a statement may take to end once it was told to (51 ms on Dolt 2.3.0). */
export const GRACE_MS = 1_000;

const processRows = z.array(z.looseObject({ Id: z.coerce.number().int() }));

/**
 * Ends every statement that runs on a server of ours; each fails where it was sent (51 ms on Dolt 2.3.0). A server that
 * cannot be asked any more has nothing left to end.
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
 * Does work on a server, and ends its statements when the run is interrupted, so that nothing waits for a peer that does
 * not answer; where that does not help, the server.
 * @throws Failure `interrupted`, whatever the ended work said
 */
export async function interruptible<T>(
  server: Pick<Server, 'address' | 'kill'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  throwIfInterrupted(signal);
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const onAbort = async (): Promise<void> => {
    // An engine that is frozen takes the connection and never answers.
    await endsWithin(killStatements(server.address), GRACE_MS);
    if (!(await endsWithin(ended, GRACE_MS))) await server.kill();
  };
  const listener = (): void => void onAbort();
  signal.addEventListener('abort', listener, { once: true });
  try {
    return await work();
  } catch (thrown) {
    throwIfInterrupted(signal);
    throw thrown;
  } finally {
    end();
    signal.removeEventListener('abort', listener);
  }
}

/** Ends one statement of a server of ours, given the connection that it runs on. */
export async function killStatement(address: Address, connection: number): Promise<void> {
  try {
    const killer = await createConnection(connectTo(address));
    await killer.query(`KILL QUERY ${connection}`);
    await killer.end();
  } catch {
    // The server is gone, or the statement has ended by itself.
  }
}
