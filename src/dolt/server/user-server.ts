import { errorMessage, Failure } from '../../core/failure.ts';
import type { Redactor } from '../../core/secrets.ts';
import { endsWithin } from '../../core/time.ts';
import { type Database, openDatabase, type Sql } from '../sql/sql.ts';
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
  readonly secrets: Redactor;
  readonly onCall?: ((procedure: string, milliseconds: number) => void) | undefined;
  /** Limit of one piece of work. */
  readonly milliseconds: number;
}

/** A connection whose statement hangs is given up. */
const CLOSE_MS = 1_000;
const CONNECTIONS = 2;

/**
 * Connects to a server that this process did not start.
 * @throws Failure `server-unreachable`, `server-refused`, `no-database` if it does not serve the database
 */
export async function openUserServer(wanted: Wanted): Promise<UserServer> {
  const { address, database: name, secrets } = wanted;
  const within = async <T>(work: Promise<T>): Promise<T> => {
    if (await endsWithin(work, wanted.milliseconds)) return await work.catch((thrown) => explain(thrown, wanted));
    work.catch(() => undefined);
    throw new Failure('server-unreachable', `the server at ${wanted.name} did not answer in time`);
  };
  const database = await within(openDatabase({ name, address, secrets, onCall: wanted.onCall }, CONNECTIONS));
  return {
    name: `${wanted.name}/${name}`,
    session: (work) => within(database.session((sql) => work(sql))),
    use: (work) => within(work(database)),
    close: async () => {
      await endsWithin(database.close(), CLOSE_MS);
    },
  };
}

/** The codes of an engine and of a peer mean something else here. */
function explain(thrown: unknown, { name, database }: Wanted): never {
  if (!(thrown instanceof Failure)) throw thrown;
  const text = errorMessage(thrown.cause ?? thrown);
  switch (thrown.code) {
    case 'engine-lost':
      throw new Failure('server-unreachable', `the server at ${name} could not be reached: ${text}`, { cause: thrown });
    case 'auth':
      throw new Failure('server-refused', `the server at ${name} refused the user: ${text}`, { cause: thrown });
    case 'no-database':
      throw new Failure('no-database', `the server at ${name} has no database ${database}`, {
        hint: 'Set `federation.server.database` to its name there.',
        cause: thrown,
      });
    default:
      throw thrown;
  }
}
