import { createConnection } from 'mysql2/promise';
import { type Address, connectTo } from './server-ready.ts';

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
