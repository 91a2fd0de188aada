import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import type { Logger } from '../../core/logger.ts';
import { makePrivateFolder } from '../../core/private-folder.ts';
import { freePort } from '../../core/processes.ts';
import type { Redactor, Secrets } from '../../core/secrets.ts';
import { endsWithin } from '../../core/time.ts';
import { type FilteringProxy, openFilteringProxy } from '../../egress/filtering-proxy.ts';
import { checkManifest, checkOrdinaryFiles } from '../database-files.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../engine-credentials.ts';
import { doltEnvironment, preparePrivateRoot } from '../environment.ts';
import { isOfLackingData } from '../failure-text.ts';
import { howEnded, type ServerProcess, startServer } from '../process.ts';
import { CONFIG_FILE, checkDatabaseSettings, serverConfig } from './config.ts';
import { removeGitLocks } from './git-locks.ts';
import { type GuardedPath, guardFiles, restoreModes } from './guarded-files.ts';
import { type LockTimeouts, waitForLock } from './lock.ts';
import { engineMemory, goMemoryLimit, watchMemory, watchPrograms } from './memory.ts';
import { panicsOf } from './panics.ts';
import { descendantsOf, ENGINE_MARK, endPrograms, readsReplacedFiles } from './processes.ts';
import { type Address, awaitReady, isReady, lossFailure, startFailure } from './ready.ts';
import { createServedFolder } from './served-folder.ts';
import { removeServerInfo, serverInfoFile } from './server-info.ts';
import { socketFolder } from './socket-folder.ts';
import { type Watchdog, watch } from './watchdog.ts';

/** The part that all servers of a run share; the context of a command is one. */
export interface EngineContext {
  readonly env: Env;
  /** Whether Dolt, git and ssh see the user's own home folder. */
  readonly userHome: boolean;
  /** Parent of the private folder. */
  readonly tempDir: string;
  readonly signal: AbortSignal;
  readonly onResource: (
    resource: { kind: 'process'; pid: number; folder: string } | { kind: 'folder'; path: string },
  ) => void;
  /** Gets the server's password; Dolt's output is redacted with it. */
  readonly secrets: Secrets;
  readonly log?: Pick<Logger, 'info' | 'debug'>;
}

/** The database of one server, and its options. */
export interface ServerOptions {
  /** Dolt executable. */
  readonly dolt: string;
  /** Absolute path of the folder that holds `.dolt`. */
  readonly database: string;
  /** The database that `database` is a copy of, for messages; absent: it is not a copy. */
  readonly copyOf?: string;
  /** Serve all databases in the folder, also later ones: for a clone that is made there. */
  readonly asDataFolder?: boolean;
  /** Credentials of the engine; absent: none. */
  readonly engineCredentials?: EngineCredentials;
  /** How long to wait for the database; absent: the default for its holder. */
  readonly lockTimeouts?: LockTimeouts;
  /** Memory limit in bytes; absent: the default of the machine. */
  readonly memoryLimit?: number;
  /** Ends the wait for the database and for the server; absent: the signal of the run. */
  readonly signal?: AbortSignal;
  /** More folders to remove if this process is killed while the server runs. */
  readonly removeWith?: readonly string[];
}

/** A private `dolt sql-server`: only this process knows its password, and it ends with this process. */
export interface Server {
  readonly address: Address;
  /** The name of its only database; null: it serves a folder of databases. */
  readonly name: string | null;
  /** Redacts its output. */
  readonly secrets: Redactor;
  /** How it was started; other processes started with it belong to it. */
  readonly childContext: { readonly env: Readonly<Record<string, string>>; readonly privateDir: string };
  /** Lets it connect to the hosts of one peer during a remote operation; to none otherwise. */
  readonly during: FilteringProxy['during'];
  /** Whether the process has ended for any reason. */
  hasEnded(): boolean;
  /** Whether it still reads files that were replaced; null: unknown. */
  readsReplacedFiles(): Promise<boolean | null>;
  /**
   * Why it ended, after work with it failed: it exceeded its memory limit, or a disk is full; null: for another reason, or
   * it still runs.
   */
  endFailure(failure: Failure): Promise<Failure | null>;
  /**
   * The text of the panic that ended it, or one of its connections since then, as soon as it has reported one; null: none.
   * It reports no connection, and an older panic ended another one.
   */
  readonly panicText: (sinceMs: number) => Promise<string | null>;
  /** Ends git and ssh in order, if it may have started them. Dolt would kill them with their statement. */
  endPrograms(): Promise<void>;
  /** Stops it and its descendants; may be called again. */
  stop(): Promise<void>;
  /** Kills it and its descendants at once; `stop` must still be called. */
  kill(): Promise<void>;
}

const PORT_ATTEMPTS = 5;
const LOG_TAIL_BYTES = 4_000;
const GRACE_MS = 5_000;
/** A connection may fail before the report of the reason arrives. Shorter than the grace of a statement that is killed. */
const PANIC_MS = 200;
/** How long the end of a server is awaited after its connection was lost. */
const END_MS = 2_000;

/**
 * Checks the files of a database, which an engine of this process then opens.
 * @throws Failure `untrusted-database-config`, `corrupt`, `client-too-old`, `database-format`, `database-read-only`
 */
export async function checkFiles(database: string): Promise<void> {
  await checkOrdinaryFiles(database);
  await checkDatabaseSettings(database);
  await checkManifest(database);
}

/**
 * Starts a server for one database, with everything private in a temporary folder.
 * @throws Failure `database-in-use` if another process holds the database beyond the timeout,
 * `untrusted-database-config`, `corrupt`, `client-too-old`, `database-format`, `database-read-only`, `disk-full`,
 * `engine-start` with the end of the log for everything else, `interrupted`
 */
export async function openServer(context: EngineContext, options: ServerOptions): Promise<Server> {
  const named = options.copyOf ?? options.database;
  await checkFiles(named);
  return await waitForLock(context, options, () => openNow(context, options));
}

async function openNow(context: EngineContext, options: ServerOptions): Promise<Server> {
  const privateDir = await makePrivateFolder(context, null);
  const mayLackAnswer = ({ code, message }: Failure) => code === 'corrupt' && isOfLackingData(message);
  const proxy = await openFilteringProxy(context.env, context.secrets, mayLackAnswer);
  let socketDir: string | null = null;
  try {
    await chmod(privateDir, 0o700);
    const engineCredentials = options.engineCredentials ?? NO_CREDENTIALS;
    const root = await preparePrivateRoot(privateDir, engineCredentials);
    const childOptions = { privateDir, userHome: context.userHome, engineCredentials, proxy: proxy.variables };
    const env = doltEnvironment(context.env, root, childOptions);
    const watchdogEnv = doltEnvironment(context.env, root, { privateDir, userHome: context.userHome });
    socketDir = await socketFolder(privateDir);
    if (socketDir !== null && socketDir !== privateDir) context.onResource({ kind: 'folder', path: socketDir });
    const served =
      options.asDataFolder === true
        ? { dataDir: options.database, name: null }
        : await createServedFolder(options.database, privateDir);
    refusePercent(served.dataDir);
    for (let attempt = 1; ; attempt += 1) {
      const server = await tryStart(context, options, { privateDir, socketDir, env, watchdogEnv, served, proxy });
      if (server !== 'port-in-use') return server;
      if (attempt === PORT_ATTEMPTS)
        throw new Failure('engine-start', `no free port was found in ${attempt} attempts`, {
          hint: 'Close programs that listen on many ports of 127.0.0.1, then run again.',
        });
    }
  } catch (thrown) {
    await proxy.close();
    await removeFolders({ privateDir, socketDir });
    throw thrown;
  }
}

/**
 * Dolt treats the path of a data folder as part of a URL (2.3.0, measured): it refuses some with `%`, and opens the
 * decoded path for others.
 */
function refusePercent(dataDir: string): void {
  if (!dataDir.includes('%')) return;
  throw new Failure('bad-usage', `Dolt cannot use the folder ${dataDir}: its path contains a percent sign`, {
    hint: 'Use a folder without `%` in its path: RUNNER_TEMP on a runner, XDG_CACHE_HOME for the command-line tool, or the parent folder of a new clone.',
  });
}

interface Place {
  readonly privateDir: string;
  /** null: no Unix socket. */
  readonly socketDir: string | null;
  readonly env: Record<string, string>;
  /** Contains no credentials. */
  readonly watchdogEnv: Record<string, string>;
  readonly served: { readonly dataDir: string; readonly name: string | null };
  readonly proxy: FilteringProxy;
}

async function tryStart(context: EngineContext, options: ServerOptions, place: Place): Promise<Server | 'port-in-use'> {
  const password = randomBytes(24).toString('base64url');
  context.secrets.add(password);
  const port = await freePort();
  const socket = place.socketDir === null ? null : join(place.socketDir, 's');
  // A start whose port was taken leaves its socket, and Dolt does not replace one (2.3.0).
  if (socket !== null) await rm(socket, { force: true });
  const configFile = join(place.privateDir, CONFIG_FILE);
  const { dataDir } = place.served;
  await writeFile(configFile, serverConfig({ dataDir, privateDir: place.privateDir, port, socket }), { mode: 0o600 });

  const guarded = await guardFiles(options.database);
  const env = { ...place.env, [ENGINE_MARK]: place.privateDir };
  const memory = options.memoryLimit ?? engineMemory();
  const child = startServer(options.dolt, ['sql-server', '--config', configFile], {
    env: { ...env, GOMEMLIMIT: goMemoryLimit(memory), DOLT_ROOT_PASSWORD: password },
    cwd: place.privateDir,
    // Ctrl-C goes to the whole group, and an engine that it ends cannot finish anything. The watchdog ends the engine.
    detached: process.platform !== 'win32',
  });
  const tail = tailOf(child);
  const panics = panicsOf(child.stderr);
  let ended = false;
  const memoryFailure = watchMemory(child, memory);
  const startsPrograms = options.engineCredentials?.startsPrograms === true;
  if (startsPrograms) watchPrograms(child, place.privateDir, memory);
  void child.finally(() => {
    ended = true;
  });
  const address: Address = { port, socket, password };
  const folders = [...foldersOf(place), ...(options.removeWith ?? [])] as const;
  const watchFor = (paths: typeof guarded) =>
    child.pid === undefined
      ? null
      : watch({ pid: child.pid, folders, note: serverInfoFile(options.database), guarded: paths }, place.watchdogEnv);
  let watchdog = watchFor(guarded);
  if (child.pid !== undefined) context.onResource({ kind: 'process', pid: child.pid, folder: place.privateDir });

  const named = options.copyOf ?? options.database;
  const redactor = redactorOf(context, named, dataDir);
  const outcome = await awaitReady({
    address,
    ended: child.then(howEnded),
    signal: options.signal ?? context.signal,
  });
  if (isReady(outcome)) {
    // Another run may have reopened the folder, or was killed and left it closed. From now on the lock is ours.
    if (startsPrograms) await removeGitLocks(options.database);
    const all = await guardFiles(options.database, guarded);
    if (all !== guarded) {
      const former = watchdog;
      watchdog = watchFor(all);
      await former?.dismiss();
    }
    return {
      address,
      name: place.served.name,
      secrets: redactor,
      childContext: { env, privateDir: place.privateDir },
      during: place.proxy.during,
      hasEnded: () => ended,
      readsReplacedFiles: async () => (child.pid === undefined ? null : await readsReplacedFiles(child.pid)),
      endFailure: async ({ code }) => {
        const excess = code === 'interrupted' ? null : memoryFailure();
        if (excess !== null || code !== 'engine-lost') return excess;
        // Its connection is lost before its end and its last output are noticed. While it runs, the log says nothing about it.
        if (!(await endsWithin(child, END_MS))) return null;
        return lossFailure({ log: redactor.redact(tail()), database: named });
      },
      panicText: async (sinceMs) => {
        await endsWithin(Promise.race([child, panics.awaited(sinceMs)]), PANIC_MS);
        const line = panics.found(sinceMs);
        return line === null ? null : redactor.redact(line);
      },
      endPrograms: async () => {
        if (startsPrograms && child.pid !== undefined) await endPrograms({ pid: child.pid, mark: place.privateDir });
      },
      stop: () => stopServer(child, place, { watchdog, guarded: all, database: options.database }),
      kill: () => endTree(child, place.privateDir, 'SIGKILL'),
    };
  }
  await endTree(child, place.privateDir, 'SIGTERM');
  // Dolt 2.3.0 leaves its file if SIGHUP ends it during the start.
  if (child.pid !== undefined) await removeServerInfo(options.database, child.pid);
  await restoreModes(guarded);
  await watchdog?.dismiss();
  const panic = panics.found(0);
  const failure = startFailure(outcome, {
    log: redactor.redact(tail()),
    database: named,
    panic: panic === null ? null : redactor.redact(panic),
  });
  if (failure === 'port-in-use') return failure;
  throw failure;
}

/** A server's output names the folder that links to the database; the user knows the database. */
function redactorOf({ secrets }: EngineContext, database: string, dataDir: string): Redactor {
  return { redact: (text) => secrets.redact(text).replaceAll(dataDir, database) };
}

async function stopServer(
  child: ServerProcess,
  place: Place,
  own: {
    readonly watchdog: Watchdog | null;
    readonly guarded: readonly GuardedPath[];
    readonly database: string;
  },
): Promise<void> {
  await endTree(child, place.privateDir, 'SIGTERM');
  await place.proxy.close();
  if (child.pid !== undefined) await removeServerInfo(own.database, child.pid);
  await restoreModes(own.guarded);
  await removeFolders(place);
  await own.watchdog?.dismiss();
}

type Folders = Pick<Place, 'privateDir' | 'socketDir'>;

function foldersOf({ privateDir, socketDir }: Folders): readonly [string, ...string[]] {
  return socketDir === null || socketDir === privateDir ? [privateDir] : [privateDir, socketDir];
}

async function removeFolders(folders: Folders): Promise<void> {
  for (const folder of foldersOf(folders)) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Ends a server, then its descendants. The server ends first, so that it starts nothing more. Descendants may hold its
 * output open, and only without them the child process counts as ended.
 */
async function endTree(child: ServerProcess, mark: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const endDescendants = child.pid === undefined ? null : await descendantsOf({ pid: child.pid, mark });
  const running = child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  const exited = running ? once(child, 'exit') : null;
  child.kill(signal);
  const killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await exited;
  clearTimeout(killer);
  await endDescendants?.();
  await child;
}

/** Drains a child's output and keeps its end. */
function tailOf(child: ServerProcess): () => string {
  let tail = '';
  child.all.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-LOG_TAIL_BYTES);
  });
  return () => tail;
}
