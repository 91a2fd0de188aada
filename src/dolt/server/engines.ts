import type { Env } from '../../core/env.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { abortedLater, throwIfInterrupted } from '../../core/interruption.ts';
import { endsWithin, monotonicMs } from '../../core/time.ts';
import type { Reach } from '../../egress/host-rule.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../engine-credentials.ts';
import type { ProgramContext } from '../program-context.ts';
import { type Database, openDatabase, type Sql } from '../sql/sql.ts';
import { GRACE_MS, interruptible, killStatement, killStatements } from './interrupt.ts';
import { type EngineContext, openServer, type Server, type ServerOptions } from './server.ts';
import { isOfData, type Trial, tryToOpen } from './trial.ts';

/** A time limit, and the failure when it passes. */
export interface TimeLimit {
  readonly milliseconds: number;
  readonly failure: () => Failure;
}

/** A connection that is open, and its number at the server. */
export interface Session {
  readonly sql: Sql;
  readonly connection: number;
}

/** Reports when work has done what is needed, and how long it may continue then. */
export interface Enough {
  readonly reached: () => Promise<boolean>;
  readonly milliseconds: number;
}

/** The database of a server of ours. */
export interface OwnDatabase extends Database {
  /** The folder that holds its `.dolt`. */
  readonly folder: string;
  /** The program that serves it. */
  readonly dolt: string;
}

/** A server with its open database. */
export interface Engine {
  readonly database: OwnDatabase;
  /**
   * Runs work on an open connection with a time limit. After the limit, no further statement of the work is sent. Only
   * the overdue statement is killed; the engine ends only if that does not help.
   * @throws Failure of the limit
   */
  within<T>(limit: TimeLimit, session: Session, work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * Runs work on any connections of the engine with a time limit. Then all statements are killed, or the engine.
   * @throws Failure of the limit
   */
  allWithin<T>(limit: TimeLimit, work: () => Promise<T>): Promise<T>;
  /** Why the engine ended, after work with it failed (see `Server.endFailure`); else null. */
  endFailure(failure: Failure): Promise<Failure | null>;
  /**
   * Runs a remote operation on a separate connection with a time limit; the engine can reach the peer only meanwhile.
   * Only the overdue operation is killed. The engine ends only if that does not help, and then
   * `hasEnded` is true for other work.
   * @throws Failure of the limit
   */
  operation<T>(limit: TimeLimit, reach: Reach, work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * The same for work of which only the first part is needed: the rest is killed without a failure. If the engine
   * starts programs, nothing is killed, because git or ssh may survive.
   * @returns whether the work ended normally
   */
  operationUntil(limit: TimeLimit, reach: Reach, enough: Enough, work: (sql: Sql) => Promise<void>): Promise<boolean>;
  /**
   * Runs git or ssh with the engine's credentials and a time limit (see git-access.ts and ssh-access.ts).
   * @throws Failure of the limit
   */
  runProgram(limit: TimeLimit, reach: Reach, work: (context: ProgramContext) => Promise<void>): Promise<void>;
  hasEnded(): boolean;
  /** Whether it still reads files that were replaced; null: unknown. */
  readsReplacedFiles(): Promise<boolean | null>;
}

/** The engines of one database. Only one can be open at a time, because it locks the database. */
export interface Engines {
  /** The database, which holds `.dolt`. */
  readonly folder: string;
  /**
   * Runs work in the engine with these credentials, and opens it if needed.
   * @throws Failure of the work, or why the engine ended (see `Server.endFailure`)
   */
  use<T>(engineCredentials: EngineCredentials, work: (engine: Engine) => Promise<T>): Promise<T>;
  /**
   * Runs what an interruption must not stop at once, in an engine without credentials. All of it together gets a few
   * seconds after the interruption.
   * @throws Failure `interrupted` after them
   */
  finish<T>(work: (engine: Engine) => Promise<T>): Promise<T>;
  /**
   * Why no Dolt can open or use the database with its present data (see trial.ts); null: it can, or the state before could
   * not either. Nothing may run in the engine that is open. Like `finish`, an interruption does not stop it at once.
   */
  whyUnopenable(trial: Trial): Promise<Failure | null>;
  /** Ends the engine that is open, if any. */
  close(): Promise<void>;
}

/** A runner kills an interrupted step after 10 seconds. */
const FINISH_MS = 3_000;

export interface EnginesOptions extends Omit<ServerOptions, 'engineCredentials'> {
  /**
   * Called if no engine can open the database because of its data. An engine is started again after a repair.
   * @returns whether it was repaired
   */
  readonly repair?: (
    folder: string,
    unopenable: Failure,
    context: { readonly env: Env; readonly signal: AbortSignal },
  ) => Promise<boolean>;
}

/**
 * @param options of every server; the credentials come with each use
 * @param connections statements that may run in parallel
 */
export function openEngines(context: EngineContext, options: EnginesOptions, connections: number): Engines {
  let open: Open | null = null;
  let finishing: AbortSignal | null = null;
  const close = async (): Promise<void> => {
    const closing = open;
    open = null;
    if (closing !== null) await closing.engine.database.close().finally(() => closing.server.stop());
  };
  const usable = async (engineCredentials: EngineCredentials, signal: AbortSignal): Promise<Open> => {
    if (open !== null && (open.engineCredentials.key !== engineCredentials.key || open.engine.hasEnded()))
      await close();
    const start = () => startEngine(context, { ...options, engineCredentials, signal }, connections);
    open ??= await start().catch(async (thrown: unknown) => {
      const repairing = { env: context.env, signal };
      const failure = toFailure(thrown);
      // It may answer before it has read all data, and end then.
      const mayBeOfData = isOfData(failure) || failure.code === 'engine-lost';
      if (!mayBeOfData || !(await options.repair?.(options.database, failure, repairing))) throw thrown;
      return await start();
    });
    return open;
  };
  const finishingSignal = (): AbortSignal => {
    finishing ??= abortedLater(context.signal, FINISH_MS);
    return finishing;
  };
  return {
    folder: options.database,
    close,
    async use(engineCredentials, work) {
      return await workIn(await usable(engineCredentials, context.signal), context.signal, work);
    },
    async finish(work) {
      const signal = finishingSignal();
      return await workIn(await usable(NO_CREDENTIALS, signal), signal, work);
    },
    whyUnopenable: (trial) => tryToOpen(context, { ...options, signal: finishingSignal() }, trial),
  };
}

async function workIn<T>(
  { server, engine }: Open,
  signal: AbortSignal,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  try {
    return await interruptible(server, signal, () => work(engine));
  } catch (thrown) {
    throw (thrown instanceof Failure ? await server.endFailure(thrown) : null) ?? thrown;
  }
}

interface Open {
  readonly server: Server;
  readonly engine: Engine;
  readonly engineCredentials: EngineCredentials;
}

async function startEngine(
  context: EngineContext,
  options: ServerOptions & { readonly engineCredentials: EngineCredentials },
  connections: number,
): Promise<Open> {
  const { engineCredentials } = options;
  const begun = monotonicMs();
  const server = await openServer(context, options);
  const logTime = (what: string, milliseconds: number) =>
    context.log?.debug(`${what} (${Math.round(milliseconds)} ms)`);
  try {
    const onCall = (procedure: string, milliseconds: number) => logTime(`Dolt: CALL ${procedure}`, milliseconds);
    const database = {
      ...(await openDatabase({ ...server, onCall }, connections)),
      folder: options.database,
      dolt: options.dolt,
    };
    logTime('Dolt: sql-server is ready', monotonicMs() - begun);
    return { server, engine: engineOf(context, server, database, engineCredentials), engineCredentials };
  } catch (thrown) {
    await server.stop();
    throw thrown;
  }
}

/** Poll interval for checking whether the work has done what is needed. */
const POLL_MS = 500;

/** Whether work continues although all that is needed is done and the extra time has passed. */
async function goesOnWith(working: Promise<void>, { reached, milliseconds }: Enough): Promise<boolean> {
  while (!(await endsWithin(working, POLL_MS))) {
    // A failed check is repeated; the work has its own limit.
    if (await reached().catch(() => false)) return !(await endsWithin(working, milliseconds));
  }
  return false;
}

/** The same connection, which checks before each statement whether it may still be sent. */
function stoppable(sql: Sql, check: () => void): Sql {
  return {
    memory: sql.memory,
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
  { signal }: EngineContext,
  server: Server,
  database: OwnDatabase,
  engineCredentials: EngineCredentials,
): Engine {
  const within: Engine['within'] = async (limit, { sql, connection }, work) => {
    let isLate = false;
    const check = (): void => {
      throwIfInterrupted(signal);
      if (isLate) throw limit.failure();
    };
    const working = work(stoppable(sql, check));
    if (await endsWithin(working, limit.milliseconds)) {
      return await working.catch((thrown: unknown) => {
        throwIfInterrupted(signal);
        throw thrown;
      });
    }
    isLate = true;
    await server.endPrograms();
    await endsWithin(killStatement(server.address, connection), GRACE_MS);
    const ended = await endsWithin(working, GRACE_MS);
    // Programs such as git or ssh may survive, and their peer is unknown.
    if (!ended || engineCredentials.startsPrograms) await server.kill();
    throw limit.failure();
  };
  return {
    database,
    hasEnded: () => server.hasEnded(),
    readsReplacedFiles: () => server.readsReplacedFiles(),
    async runProgram(limit, reach, work) {
      const late = new AbortController();
      const { secrets, childContext } = server;
      const working = server.during(reach, () =>
        work({ ...childContext, secrets, signal: AbortSignal.any([signal, late.signal]) }),
      );
      if (await endsWithin(working, limit.milliseconds)) return await working;
      late.abort();
      await server.kill();
      await working.catch(() => undefined);
      throw limit.failure();
    },
    endFailure: (failure) => server.endFailure(failure),
    async allWithin(limit, work) {
      const working = work();
      if (await endsWithin(working, limit.milliseconds)) return await working;
      await server.endPrograms();
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
          // It fails because it was ended. Only the passed limit is a failure.
          if (!(await endsWithin(working, GRACE_MS))) await working;
          return false;
        }),
      ),
  };
}
