import { createPool, type FieldPacket, type Pool, type PoolConnection } from 'mysql2/promise';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import type { Redactor } from '../../core/secrets.ts';
import { killStatement } from '../server/interrupt.ts';
import { type Address, connectTo } from '../server/ready.ts';
import { cellSchema } from './cell.ts';
import { sqlFailure } from './failure.ts';
import { ResultSize } from './result-size.ts';

/** Runs statements; every row that comes back is checked against a schema before anybody uses it. */
export interface Sql {
  /** @throws Failure with the class of Dolt's text (see failure-text.ts) */
  rows<T>(schema: z.ZodType<T>, statement: string, parameters?: readonly string[]): Promise<T[]>;
  /** A result whose columns are identified by their position, because two of them may have one name. */
  table(statement: string, parameters?: readonly string[]): Promise<ResultTable>;
  /** Runs a statement whose rows are of no interest. */
  run(statement: string, parameters?: readonly string[]): Promise<void>;
}

export interface ResultTable {
  readonly columns: readonly string[];
  /** Values in their canonical text, in the order of the columns. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A database on a server: statements on any connection, or a series of them on one. */
export interface Database extends Sql {
  readonly name: string;
  /**
   * Lends one connection with a session of its own, and closes it afterwards, so that no session state leaks. The work is
   * also told the connection's number at the server.
   */
  session<T>(work: (sql: Sql, connection: number) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Where a server listens, and what its words are shown without. */
interface Served {
  /** Name of the database; null where a whole folder is served. */
  readonly name: string | null;
  readonly address: Address;
  readonly secrets: Redactor;
}

const positionalRows = z.array(z.array(cellSchema));
const databaseRow = z.object({ Database: z.string() });

/**
 * Opens the database that a server serves. Values come as text (dates, decimals, big numbers, JSON), because what the
 * client would make of them is not what Dolt stores.
 * @param connections how many statements may run side by side
 * @throws Failure `no-database` when the server does not serve the database that it was started for
 */
export async function openDatabase({ name, address, secrets }: Served, connections: number): Promise<Database> {
  const options = {
    ...connectTo(address),
    connectionLimit: connections,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    decimalNumbers: false,
    jsonStrings: true,
    charset: 'utf8mb4',
  };
  const finder = createPool({ ...options, connectionLimit: 1 });
  const names = await statements({ pool: finder, address, secrets })
    .rows(databaseRow, 'SHOW DATABASES')
    .finally(() => endPool(finder));
  if (name === null || !names.some((row) => row.Database === name)) {
    throw new Failure('no-database', 'the folder holds no Dolt database that can be opened');
  }
  const pool = createPool({ ...options, database: name });
  const served = { pool, address, secrets };
  return {
    name,
    ...statements(served),
    session: (work) => inSession(served, work),
    close: () => endPool(pool),
  };
}

/** A server that is gone has closed its connections already (`ECONNRESET` from mysql2), and nobody needs them any more. */
async function endPool(pool: Pool): Promise<void> {
  await pool.end().catch(() => undefined);
}

interface Connections {
  readonly pool: Pool;
  readonly address: Address;
  readonly secrets: Redactor;
}

async function inSession<T>(connections: Connections, work: (sql: Sql, connection: number) => Promise<T>): Promise<T> {
  const connection = await connect(connections);
  try {
    return await work(statements(connections, connection), connection.threadId);
  } finally {
    connection.destroy();
  }
}

async function connect({ pool, secrets }: Connections): Promise<PoolConnection> {
  return await pool.getConnection().catch((thrown: unknown) => {
    throw sqlFailure(thrown, secrets);
  });
}

/**
 * A statement whose rows take too much is ended. Dolt 2.3.0 closes the connection then (measured), so that a session can
 * do nothing more: all that it is asked fails with the same reason.
 * @param own the connection of a session; absent: any of the pool, statement by statement
 */
function statements(connections: Connections, own?: PoolConnection): Sql {
  const { address, secrets } = connections;
  let excess: Failure | null = null;
  const send = async (
    statement: string,
    parameters: readonly string[] = [],
    rowsAsArray = false,
  ): Promise<readonly [rows: unknown, fields: readonly FieldPacket[]]> => {
    if (own !== undefined && excess !== null) throw excess;
    const connection = own ?? (await connect(connections));
    const size = new ResultSize(() => void killStatement(address, connection.threadId));
    const options = { sql: statement, values: [...parameters], rowsAsArray, typeCast: size.read.bind(size) };
    try {
      const result = await connection.query(options);
      if (size.isTooLarge) throw size.failure();
      return result;
    } catch (thrown) {
      if (!size.isTooLarge) throw sqlFailure(thrown, secrets);
      excess = size.failure();
      throw excess;
    } finally {
      if (own === undefined && size.isTooLarge) connection.destroy();
      else if (own === undefined) connection.release();
    }
  };
  return {
    async rows(schema, statement, parameters) {
      const [rows] = await send(statement, parameters);
      return z.array(schema).parse(rows);
    },
    async table(statement, parameters) {
      const [rows, fields] = await send(statement, parameters, true);
      return { columns: fields.map(({ name }) => name), rows: positionalRows.parse(rows) };
    },
    async run(statement, parameters) {
      await send(statement, parameters);
    },
  };
}
