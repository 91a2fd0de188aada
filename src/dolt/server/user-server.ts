import { errorMessage, Failure } from '../../core/failure.ts';
import { throwIfInterrupted } from '../../core/interruption.ts';
import type { Redactor } from '../../core/secrets.ts';
import { endsWithin } from '../../core/time.ts';
import { refusedPath } from '../failure-text.ts';
import { type Database, openDatabase, type Sql } from '../sql/sql.ts';
import { BoundedSockets } from './bounded-sockets.ts';
import type { Address } from './ready.ts';

/** A server that the user runs, with one of its databases. */
export interface UserServer {
  /** The server and the database in messages. */
  readonly name: string;
  /** Lends a session on the database with a time limit. @throws Failure as `openUserServer` */
  session<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** The same for functions that open sessions of their own. */
  use<T>(work: (database: Database) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface Wanted {
  readonly address: Address;
  readonly database: string;
  /** The server in messages. */
  readonly name: string;
  /** The cure if it cannot be reached; absent: that of the code. */
  readonly unreachableHint?: string | undefined;
  readonly secrets: Redactor;
  readonly onCall?: ((procedure: string, milliseconds: number) => void) | undefined;
  /** Limit of one piece of work. */
  readonly milliseconds: number;
  readonly signal: AbortSignal;
}

/** A connection whose statement hangs is given up. */
const CLOSE_MS = 1_000;
/** After an interruption, work at the server may still end, so the run knows whether the branch moved. */
const GRACE_MS = 2_000;
const CONNECTIONS = 2;
/** The connection that is kept open. */
const KEPT = 1;

/**
 * Connects to a server that this process did not start. One connection stays open, because bd 1.3.0 ends its proxy and
 * the server behind it 30 s after the last client, and a run has no other connection while it works on its scratch copy.
 * @throws Failure `server-unreachable`, `server-refused`, `no-database` if it does not serve the database, `interrupted`
 */
export async function openUserServer(wanted: Wanted): Promise<UserServer> {
  const { database: name, secrets, milliseconds, signal } = wanted;
  const sockets = new BoundedSockets({ host: wanted.address.host ?? '127.0.0.1', port: wanted.address.port });
  const address = { ...wanted.address, sockets };
  const within = async <T>(work: Promise<T>): Promise<T> => {
    const hasEnded = await endsInTime(work, { milliseconds, signal });
    if (hasEnded && sockets.refusal === null) return await work.catch((thrown) => explain(thrown, wanted));
    sockets.close();
    work.catch(() => undefined);
    throwIfInterrupted(signal);
    throw unusable(wanted, sockets.refusal);
  };
  const opening = openDatabase({ name, address, secrets, onCall: wanted.onCall }, CONNECTIONS + KEPT);
  const released = new AbortController();
  const kept = async (): Promise<Database> => {
    const database = await opening;
    await keepOpen(database, released.signal);
    return database;
  };
  const database = await within(kept()).catch((thrown: unknown) => {
    sockets.close();
    throw thrown;
  });
  return {
    name: `${wanted.name}/${name}`,
    session: (work) => within(database.session((sql) => work(sql))),
    use: (work) => within(work(database)),
    close: async () => {
      released.abort();
      await endsWithin(database.close(), CLOSE_MS);
      sockets.close();
    },
  };
}

/** Returns when a connection is open, which then stays so until the signal. */
async function keepOpen(database: Database, released: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const keep = (): Promise<void> =>
      new Promise((done) => {
        released.addEventListener('abort', () => done(), { once: true });
        resolve();
      });
    database.session(keep).catch(reject);
  });
}

/** Whether work settles within its limit, and soon after an interruption. */
async function endsInTime(
  work: Promise<unknown>,
  { milliseconds, signal }: Pick<Wanted, 'milliseconds' | 'signal'>,
): Promise<boolean> {
  const released = new AbortController();
  const interrupted = new Promise<'interrupted'>((resolve) => {
    const stop = (): void => resolve('interrupted');
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true, signal: released.signal });
  });
  try {
    const first = await Promise.race([endsWithin(work, milliseconds), interrupted]);
    return first === 'interrupted' ? await endsWithin(work, GRACE_MS) : first;
  } finally {
    released.abort();
  }
}

function unusable({ name, unreachableHint: hint }: Wanted, refusal: string | null): Failure {
  if (refusal === null)
    return new Failure('server-unreachable', `the server at ${name} did not answer in time`, { hint });
  return new Failure('server-unreachable', `the server at ${name} ${refusal}`, {
    hint: 'Check that a Dolt server listens at the host and port of `federation.server`.',
  });
}

/** The codes of an engine and of a peer mean something else here. */
function explain(thrown: unknown, { name, database, unreachableHint: hint }: Wanted): never {
  if (!(thrown instanceof Failure)) throw thrown;
  const text = errorMessage(thrown.cause ?? thrown);
  switch (thrown.code) {
    case 'engine-lost':
      throw new Failure('server-unreachable', `the server at ${name} could not be reached: ${text}`, {
        hint,
        cause: thrown,
      });
    case 'auth':
      throw new Failure('server-refused', `the server at ${name} refused the user: ${text}`, { cause: thrown });
    case 'database-read-only':
      if (refusedPath(text) !== null) throw thrown;
      throw new Failure('server-refused', `the server at ${name} refused a change: ${text}`, {
        hint: 'Start the server without `--readonly` (`behavior.read_only`), then run again.',
        cause: thrown,
      });
    case 'no-database':
      throw new Failure('no-database', `the server at ${name} has no Dolt database ${database}`, {
        hint: 'Set `federation.server.database` to its name there.',
        cause: thrown,
      });
    default:
      throw thrown;
  }
}
