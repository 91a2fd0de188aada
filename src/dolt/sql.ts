import type { TypeCastField, TypeCastNext } from 'mysql2';
import { createPool, type FieldPacket, type Pool, type PoolConnection } from 'mysql2/promise';
import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import type { Redactor } from '../core/secrets.ts';
import { cellSchema } from './cell.ts';
import { type Address, connectTo } from './server-ready.ts';
import { sqlFailure } from './sql-failure.ts';

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
    typeCast: asDoltSaysIt,
  };
  const finder = createPool({ ...options, connectionLimit: 1 });
  const names = await statements(finder, secrets)
    .rows(databaseRow, 'SHOW DATABASES')
    .finally(() => endPool(finder));
  if (name === null || !names.some((row) => row.Database === name)) {
    throw new Failure('no-database', 'the folder holds no Dolt database that can be opened');
  }
  const pool = createPool({ ...options, database: name });
  return {
    name,
    ...statements(pool, secrets),
    session: (work) => inSession(pool, secrets, work),
    close: () => endPool(pool),
  };
}

/** A server that is gone has closed its connections already (`ECONNRESET` from mysql2), and nobody needs them any more. */
async function endPool(pool: Pool): Promise<void> {
  await pool.end().catch(() => undefined);
}

/** What the client would turn into numbers or objects of its own comes as the text or the bytes that Dolt sent. */
function asDoltSaysIt(field: TypeCastField, next: TypeCastNext): unknown {
  switch (field.type) {
    case 'FLOAT':
    case 'DOUBLE':
      return field.string();
    case 'GEOMETRY':
    case 'BIT':
      return field.buffer();
  }
  return next();
}

async function inSession<T>(
  pool: Pool,
  secrets: Redactor,
  work: (sql: Sql, connection: number) => Promise<T>,
): Promise<T> {
  const connection = await pool.getConnection().catch((thrown: unknown) => {
    throw sqlFailure(thrown, secrets);
  });
  try {
    return await work(statements(connection, secrets), connection.threadId);
  } finally {
    connection.destroy();
  }
}

function statements(runner: Pool | PoolConnection, secrets: Redactor): Sql {
  const send = async (
    statement: string,
    parameters: readonly string[] = [],
    rowsAsArray = false,
  ): Promise<readonly [rows: unknown, fields: readonly FieldPacket[]]> => {
    try {
      return await runner.query({ sql: statement, values: [...parameters], rowsAsArray });
    } catch (thrown) {
      throw sqlFailure(thrown, secrets);
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
