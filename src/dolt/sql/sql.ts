import type { TypeCastField, TypeCastNext } from 'mysql2';
import { createPool, type FieldPacket, type Pool, type PoolConnection, type PoolOptions } from 'mysql2/promise';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import type { Redactor } from '../../core/secrets.ts';
import { monotonicMs } from '../../core/time.ts';
import { killStatement } from '../server/interrupt.ts';
import { type Address, connectTo } from '../server/ready.ts';
import { cellSchema } from './cell.ts';
import { remoteFailure, sqlFailure, withPanic } from './failure.ts';
import { type Memory, newMemory } from './remembered.ts';

/** Runs statements; every returned row is validated against a schema. */
export interface Sql {
  /** @throws Failure with the class of Dolt's text (see failure-text.ts) */
  rows<T>(schema: z.ZodType<T>, statement: string, parameters?: readonly string[]): Promise<T[]>;
  /** A result with columns by position, because two of them may share a name. */
  table(statement: string, parameters?: readonly string[]): Promise<ResultTable>;
  /** Runs a statement without reading its rows. */
  run(statement: string, parameters?: readonly string[]): Promise<void>;
  /** Holds the results of `remembered` readers of this database; sessions share it. */
  readonly memory: Memory;
}

export interface ResultTable {
  readonly columns: readonly string[];
  /** Canonical text values, in the order of the columns. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A database on a server: statements on any connection, or a session on one. */
export interface Database extends Sql {
  readonly name: string;
  /**
   * Lends one connection with its own session, and closes it afterwards, so that no session state leaks. The work also
   * gets the server's connection id.
   */
  session<T>(work: (sql: Sql, connection: number) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Address of a server, and how to redact its output. */
interface Served {
  /** Name of the database; null if a whole folder is served. */
  readonly name: string | null;
  readonly address: Address;
  readonly secrets: Redactor;
  /** The text of a panic that ended the server, or a connection since then; absent: it is not ours. */
  readonly panicText?: ((sinceMs: number) => Promise<string | null>) | undefined;
  /** Called after each procedure, with its name and how long it took; never with a value. */
  readonly onCall?: ((procedure: string, milliseconds: number) => void) | undefined;
}

const positionalRows = z.array(z.array(cellSchema));
const databaseRow = z.object({ Database: z.string() });

/**
 * Opens the database of a server. Values come as text (dates, decimals, big numbers, JSON), because conversions of the
 * client lose information.
 * @param connections how many statements may run in parallel
 * @throws Failure `no-database` if the server does not serve its database
 */
export async function openDatabase(
  { name, address, secrets, panicText, onCall }: Served,
  connections: number,
): Promise<Database> {
  const options = {
    ...connectTo(address),
    connectionLimit: connections,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    decimalNumbers: false,
    jsonStrings: true,
    charset: 'utf8mb4',
    // mysql2 allocates room for 16,000 in each connection, and this code prepares none.
    maxPreparedStatements: 1,
  };
  const memory = newMemory();
  const finder = openPool({ ...options, connectionLimit: 1 }, address);
  const names = await statements({ pool: finder, memory, prepared: new Set(), address, secrets, panicText })
    .rows(databaseRow, 'SHOW DATABASES')
    .finally(() => endPool(finder));
  if (name === null || !names.some((row) => row.Database === name)) {
    throw new Failure('no-database', 'the folder does not contain a Dolt database that can be opened');
  }
  const pool = openPool({ ...options, database: name }, address);
  const served = { pool, memory, prepared: new Set<number>(), address, secrets, panicText, onCall };
  return {
    name,
    ...statements(served),
    session: (work) => inSession(served, work),
    close: () => endPool(pool),
  };
}

/** mysql2 logs every packet that is out of order, so a server of the user could fill the log. */
function openPool(options: PoolOptions, { sockets }: Address): Pool {
  const pool = createPool(options);
  if (sockets !== undefined)
    pool.on('connection', (connection) => connection.on('warn', () => sockets.refuse('sent packets out of order')));
  return pool;
}

/** A server that is gone has already closed its connections (`ECONNRESET` from mysql2). */
async function endPool(pool: Pool): Promise<void> {
  await pool.end().catch(() => undefined);
}

interface Connections extends Pick<Served, 'address' | 'secrets' | 'panicText' | 'onCall'> {
  readonly pool: Pool;
  readonly memory: Memory;
  /** The ids of the connections whose settings were made. */
  readonly prepared: Set<number>;
}

/** The procedure that a statement calls, such as `DOLT_FETCH`. */
const CALL = /^\s*CALL\s+(\w+)/i;
/** Procedures that work on a remote, and read none of our rows. */
const OF_REMOTES = ['DOLT_FETCH', 'DOLT_PUSH', 'DOLT_REMOTE'];

async function inSession<T>(connections: Connections, work: (sql: Sql, connection: number) => Promise<T>): Promise<T> {
  const connection = await connect(connections);
  try {
    return await work(statements(connections, connection), connection.threadId);
  } finally {
    connection.destroy();
  }
}

/** With this setting of a server of the user, Dolt 2.3.0 lists its own tables among those of users (measured). */
const PLAIN_LISTS = 'SET @@SESSION.dolt_show_system_tables = 0';

async function connect({ pool, prepared, address, secrets, panicText }: Connections): Promise<PoolConnection> {
  const begun = monotonicMs();
  try {
    const connection = await pool.getConnection();
    if (address.sockets !== undefined && !prepared.has(connection.threadId)) {
      prepared.add(connection.threadId);
      // An older Dolt has no such setting.
      await connection.query(PLAIN_LISTS).catch(() => undefined);
    }
    return connection;
  } catch (thrown) {
    throw await withPanic(remoteFailure(thrown, secrets), panicText, begun);
  }
}

/**
 * A statement with too large a result is killed. Dolt 2.3.0 then closes the connection (measured), so every later
 * statement of the session fails with the same reason.
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
    const procedure = CALL.exec(statement)?.[1]?.toUpperCase();
    const begun = monotonicMs();
    try {
      const result = await connection.query(options);
      if (size.isTooLarge) throw size.failure();
      return result;
    } catch (thrown) {
      const failureOf = OF_REMOTES.includes(procedure ?? '') ? remoteFailure : sqlFailure;
      if (!size.isTooLarge) throw await withPanic(failureOf(thrown, secrets), connections.panicText, begun);
      excess = size.failure();
      throw excess;
    } finally {
      if (procedure !== undefined) connections.onCall?.(procedure, monotonicMs() - begun);
      if (own === undefined && size.isTooLarge) connection.destroy();
      else if (own === undefined) connection.release();
    }
  };
  return {
    memory: connections.memory,
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

/** Maximum bytes of the rows of one statement. */
export const MAX_RESULT_BYTES = 128 * 1024 * 1024;
/** Overhead of a value besides its text. */
const VALUE_OVERHEAD = 32;

/** The size of one statement's rows; rows after the limit are not kept. */
class ResultSize {
  #bytes = 0;
  readonly #onExcess: () => void;

  /** @param onExcess called once; ends the statement */
  constructor(onExcess: () => void) {
    this.#onExcess = onExcess;
  }

  /** Reads a value, or skips it. */
  read(field: TypeCastField, next: TypeCastNext): unknown {
    if (this.isTooLarge) {
      // The reader must still skip the value in the packet; a view copies nothing.
      field.buffer();
      return null;
    }
    const value = asSent(field, next);
    this.#bytes += VALUE_OVERHEAD + sizeOf(value);
    if (this.isTooLarge) this.#onExcess();
    return value;
  }

  get isTooLarge(): boolean {
    return this.#bytes > MAX_RESULT_BYTES;
  }

  failure(): Failure {
    const limit = MAX_RESULT_BYTES / (1024 * 1024);
    return new Failure('too-large', `the rows that one statement reads need more than ${limit} MiB of memory`);
  }
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 0;
}

/** Values that the client would convert to numbers or objects stay the text or bytes that Dolt sent. */
function asSent(field: TypeCastField, next: TypeCastNext): unknown {
  switch (field.type) {
    case 'FLOAT':
    case 'DOUBLE':
      return field.string();
    case 'GEOMETRY':
    case 'VECTOR':
    case 'BIT':
      return field.buffer();
    case 'DATE':
    case 'DATETIME':
    case 'TIMESTAMP':
      // Dolt 2.3.0 sends `1-01-01` for 0001-01-01, and reads that as 2001-01-01 or not at all.
      return field.string()?.replace(/^\d{1,3}(?=-)/, (year) => year.padStart(4, '0')) ?? null;
  }
  return next();
}
