import type { Failure } from '../../core/failure.ts';
import { throwIfInterrupted } from '../../core/interruption.ts';
import { endsWithin } from '../../core/time.ts';
import type { Reach } from '../../egress/host-rule.ts';
import type { EngineCredentials } from '../engine-credentials.ts';
import { requirePushAccess } from '../git-access.ts';
import { type Database, openDatabase, type Sql } from '../sql/sql.ts';
import { GRACE_MS, interruptible, killStatement, killStatements } from './interrupt.ts';
import { openServer, type Server, type ServerOptions } from './server.ts';

/** How long something may take, and what to say when it takes longer. */
export interface TimeLimit {
  readonly milliseconds: number;
  readonly failure: () => Failure;
}

/** A connection that is open, and its number at the server. */
export interface Session {
  readonly sql: Sql;
  readonly connection: number;
}

/** When work has done what is needed, and how long it may go on then. */
export interface Enough {
  readonly reached: () => Promise<boolean>;
  readonly milliseconds: number;
}

/** A server of ours with its database open. */
export interface Engine {
  readonly database: Database;
  /**
   * Works on an open connection within a time. Afterwards no further statement of the work is sent. What does not end in
   * time is ended alone; only where that does not help the whole engine ends.
   * @throws Failure that the limit gives
   */
  within<T>(limit: TimeLimit, session: Session, work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * Works on any connections of the engine within a time; then all statements end, or the engine.
   * @throws Failure that the limit gives
   */
  allWithin<T>(limit: TimeLimit, work: () => Promise<T>): Promise<T>;
  /** Why the engine was ended, where it took more memory than it may; else null. */
  outgrown(): Failure | null;
  /**
   * Does what speaks to a peer, on a connection of its own, within a time; only meanwhile it reaches the peer. What does not end in time is ended alone; only
   * where that does not help the whole engine ends, and `hasEnded` tells the others why they failed.
   * @throws Failure that the limit gives
   */
  operation<T>(limit: TimeLimit, reach: Reach, work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * The same for work of which only the first part is needed: what comes after it is ended, and that is no failure. Where
   * the engine starts programs, nothing is ended: what git or ssh started may live on.
   * @returns whether the work came to its own end
   */
  operationUntil(limit: TimeLimit, reach: Reach, enough: Enough, work: (sql: Sql) => Promise<void>): Promise<boolean>;
  /**
   * Asks a git host whether it takes a push, with the engine's own credentials (see git-access.ts).
   * @throws Failure that the limit gives, or the class of what git said
   */
  askToPush(limit: TimeLimit, reach: Reach, address: string): Promise<void>;
  hasEnded(): boolean;
}

/** The engines of one database, of which only one can be open at a time: it locks the database. */
export interface Engines {
  /** Does work in the engine with this kit, which is opened where another one, or none, is open. */
  use<T>(engineCredentials: EngineCredentials, work: (engine: Engine) => Promise<T>): Promise<T>;
  /** Ends the engine that is open, if any. */
  close(): Promise<void>;
}

/**
 * @param options of every server; the kit comes with each use
 * @param connections statements that may run side by side
 */
export function openEngines(options: Omit<ServerOptions, 'engineCredentials'>, connections: number): Engines {
  let open: Open | null = null;
  const close = async (): Promise<void> => {
    const closing = open;
    open = null;
    if (closing !== null) await closing.engine.database.close().finally(() => closing.server.stop());
  };
  return {
    close,
    async use(engineCredentials, work) {
      if (open !== null && (open.engineCredentials.key !== engineCredentials.key || open.engine.hasEnded()))
        await close();
      open ??= await start({ ...options, engineCredentials }, connections);
      const { server, engine } = open;
      return await interruptible(server, options.signal, () => work(engine));
    },
  };
}

interface Open {
  readonly server: Server;
  readonly engine: Engine;
  readonly engineCredentials: EngineCredentials;
}

async function start(
  options: ServerOptions & { readonly engineCredentials: EngineCredentials },
  connections: number,
): Promise<Open> {
  const server = await openServer(options);
  try {
    const database = await openDatabase(server, connections);
    return { server, engine: engineOf(server, database, options), engineCredentials: options.engineCredentials };
  } catch (thrown) {
    await server.stop();
    throw thrown;
  }
}

/** How often to ask whether work has done what is needed. */
const POLL_MS = 500;

/** Whether work goes on although all that is needed is done, and the time after that has passed. */
async function goesOnWith(working: Promise<void>, { reached, milliseconds }: Enough): Promise<boolean> {
  while (!(await endsWithin(working, POLL_MS))) {
    // What cannot be asked now is asked again; the work itself has its limit.
    if (await reached().catch(() => false)) return !(await endsWithin(working, milliseconds));
  }
  return false;
}

/** The same connection, on which nothing more is sent once there is a reason not to. */
function stoppable(sql: Sql, reason: () => Failure | null): Sql {
  const check = (): void => {
    const failure = reason();
    if (failure !== null) throw failure;
  };
  return {
    async rows(schema, statement, parameters) {
      check();
      return await sql.rows(schema, statement, parameters);
    },
    async table(statement, parameters) {
      check();
      return await sql.table(statement, parameters);
    },
    async run(statement, parameters) {
      check();
      await sql.run(statement, parameters);
    },
  };
}

function engineOf(
  server: Server,
  database: Database,
  { engineCredentials, signal }: Parameters<typeof start>[0],
): Engine {
  const within: Engine['within'] = async (limit, { sql, connection }, work) => {
    let isLate = false;
    const working = work(stoppable(sql, () => (isLate ? limit.failure() : null)));
    if (await endsWithin(working, limit.milliseconds)) {
      return await working.catch((thrown: unknown) => {
        throwIfInterrupted(signal);
        throw thrown;
      });
    }
    isLate = true;
    await endsWithin(killStatement(server.address, connection), GRACE_MS);
    const ended = await endsWithin(working, GRACE_MS);
    // What git or ssh started may live on, and nobody can tell for which peer.
    if (!ended || engineCredentials.startsPrograms) await server.kill();
    throw limit.failure();
  };
  return {
    database,
    hasEnded: () => server.hasEnded(),
    async askToPush(limit, reach, address) {
      const late = new AbortController();
      const asking = server.during(reach, () =>
        requirePushAccess(address, {
          ...server.childContext,
          secrets: server.secrets,
          signal: AbortSignal.any([signal, late.signal]),
        }),
      );
      if (await endsWithin(asking, limit.milliseconds)) return await asking;
      late.abort();
      await server.kill();
      await asking.catch(() => undefined);
      throw limit.failure();
    },
    outgrown: () => server.outgrown(),
    async allWithin(limit, work) {
      const working = work();
      if (await endsWithin(working, limit.milliseconds)) return await working;
      await endsWithin(killStatements(server.address), GRACE_MS);
      if (!(await endsWithin(working, GRACE_MS))) await server.kill();
      throw limit.failure();
    },
    within,
    operation: (limit, reach, work) =>
      server.during(reach, () => database.session((sql, connection) => within(limit, { sql, connection }, work))),
    operationUntil: (limit, reach, enough, work) =>
      server.during(reach, () =>
        database.session(async (sql, connection) => {
          const working = within(limit, { sql, connection }, work);
          if (engineCredentials.startsPrograms || !(await goesOnWith(working, enough))) {
            await working;
            return true;
          }
          await endsWithin(killStatement(server.address, connection), GRACE_MS);
          // It fails because it was ended. One that does not end has its limit, and only that is a failure.
          if (!(await endsWithin(working, GRACE_MS))) await working;
          return false;
        }),
      ),
  };
}
