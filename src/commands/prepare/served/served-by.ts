import { basename, dirname } from 'node:path';
import type { BdServer } from '../../../beads/bd-server.ts';
import { isRunning } from '../../../beads/processes/proxy.ts';
import type { Configuration } from '../../../config/configuration.ts';
import { requireMatch } from '../../../config/endpoint/allow-list.ts';
import { type ServerSetting, serverForms, serverText } from '../../../config/server.ts';
import { Failure } from '../../../core/failure.ts';
import { pause } from '../../../core/interruption.ts';
import { monotonicMs } from '../../../core/time.ts';
import { type Holder, lockFile, lockHolder, nameOf } from '../../../dolt/server/lock.ts';
import { lockedBy } from '../../../dolt/server/lock-table.ts';
import { readServerInfo, type ServerInfo } from '../../../dolt/server/server-info.ts';
import type { Context } from '../../context.ts';
import { hasEndedBefore, stateOfProxy } from '../bd/proxy-state.ts';
import type { Found } from '../locate-database.ts';

/** A running server through which the database is federated. */
export interface Serving {
  /** Folder of the database; null: it is not on this machine. */
  readonly path: string | null;
  readonly setting: ServerSetting;
  /** The password of bd; null: the credentials of the run. */
  readonly password: string | null;
  /** The server process of bd that holds the database while its proxy has ended, so that it cannot be used; null: none. */
  readonly cutOff: Holder | null;
  /** Whether a run already waited in vain for the end of this server of bd, because nothing listens at its port. */
  readonly isSilent: boolean;
}

const REACHED = { cutOff: null, isSilent: false };

/** The configured server, else that of bd; null: there is none. */
export function serverFor(found: Found, { server }: Pick<Configuration, 'server'>): ServerSetting | null {
  if (server.value !== null) return server.value;
  return found.kind === 'database' || found.kind === 'at-server' ? (found.server?.setting ?? null) : null;
}

type ServerSettings = Pick<Configuration, 'server' | 'allowedRemotePatterns'>;
type ServerContext = Pick<Context, 'env' | 'ceiling' | 'signal' | 'log'>;

/** A database, and the server through which a run works; null: the database is opened directly. */
export interface Located {
  readonly found: Found;
  readonly serving: Serving | null;
}

/** Measured with bd 1.3.0: a new server locks the database 0.1 s before its proxy is noted. */
const NOTED_MS = 2_000;
const POLL_MS = 100;
/** How many processes may take the database from each other while a run looks for its server. */
const REPLACED = 3;

/**
 * Finds the server through which a run works. If another process took the database from the server of bd that was found,
 * the database is located again: the files of bd then name a new server, or the process is no server.
 * @throws Failure as `servedBy` and `locate`
 */
export async function findServing(
  first: Found,
  locate: () => Promise<Found>,
  configuration: ServerSettings,
  context: ServerContext,
): Promise<Located> {
  let found = first;
  let since = monotonicMs();
  for (let replaced = 0; ; await pause(POLL_MS, context.signal)) {
    const serving = await servedBy(found, configuration, context);
    if (serving !== 'replaced') {
      const mayYetBeNoted = serving === null && (replaced > 0 || startsServers(found));
      const isFinal = !mayYetBeNoted || monotonicMs() - since >= NOTED_MS || !(await isHeldByServer(found, context));
      if (isFinal) return { found, serving };
    } else if (replaced === REPLACED) return { found, serving: null };
    else {
      replaced += 1;
      since = monotonicMs();
    }
    found = await locate();
  }
}

/** Whether bd starts a server for the database, and notes it afterwards. */
export function startsServers(found: Found): boolean {
  return found.kind === 'database' && found.bd !== null && found.bd.mode !== 'embedded';
}

async function isHeldByServer(found: Found, context: Pick<Context, 'env'>): Promise<boolean> {
  return found.kind === 'database' && (await serverHolding(found.path, context)) !== null;
}

/**
 * The server through which a run works.
 * @returns null if the database is opened directly: no server holds it, or none that is known. `replaced` if another
 * process took the database from the server meanwhile
 * @throws Failure `workspace-unknown` for a database at a server that cannot be used, `endpoint-not-allowed`,
 * `credential-url-mismatch`
 */
async function servedBy(
  found: Found,
  { server, allowedRemotePatterns }: ServerSettings,
  context: ServerContext,
): Promise<Serving | 'replaced' | null> {
  const path = found.kind === 'database' ? found.path : null;
  if (server.value !== null) {
    const isUsed = path === null || (await serverHolding(path, context)) !== null;
    return isUsed ? { path, setting: server.value, password: null, ...REACHED } : null;
  }
  if (found.kind === 'at-server') {
    if (found.server === null) throw found.failure;
    const { setting, password } = found.server;
    for (const form of serverForms(setting)) requireMatch(form, allowedRemotePatterns.value);
    requirePlaceOfJob(found.server, setting, context);
    return { path, setting, password, ...REACHED };
  }
  const bd = found.kind === 'database' ? found.server : null;
  if (path === null || bd === null) return null;
  const holder = await serverHolding(path, context);
  const setting = holder === null ? null : holdsDatabase(bd, holder, await readServerInfo(dirname(path)));
  if (holder === null || setting === null) return null;
  const { proxy } = bd;
  const state = proxy === null ? 'serves' : await stateOfProxy({ path, holder: holder.pid, proxy, setting }, context);
  if (state === 'freed') return null;
  if (state === 'replaced') return state;
  requirePlaceOfJob(bd, setting, context);
  const cutOff = state === 'cut-off' ? holder : null;
  return { path, setting, password: bd.password, cutOff, isSilent: state === 'silent' };
}

/** Whether the server of bd holds the database after its proxy has ended; nothing is connected. */
export async function isCutOff(path: string, bd: BdServer | null): Promise<boolean> {
  const locked = await lockedBy(lockFile(path));
  if (bd === null || bd.proxy === null || locked.kind !== 'held') return false;
  return holdsDatabase(bd, locked, null) !== null && hasEndedBefore(locked, isRunning(bd.proxy));
}

/** Measured with bd 1.3.0: both end the server that was left. */
export const STOP_CUT_OFF =
  'Run `bd dolt stop` in the workspace, or any other command of bd, which starts a new server. Then run again.';

/**
 * Nothing but bd ends or reaches the server of a proxy that was killed.
 * @throws Failure `database-in-use`
 */
export function refuseCutOff(at: Serving): void {
  if (at.cutOff === null) return;
  const by = `${nameOf(at.cutOff)}, and the proxy of bd before it has ended`;
  const message = `federation requires direct database access, but ${servedName(at)} is in use by ${by}`;
  throw new Failure('database-in-use', message, { hint: STOP_CUT_OFF });
}

/**
 * In a job, a checkout must not choose the server that gets a password of the job.
 * @param setting where the password would go
 * @throws Failure `credential-url-mismatch`
 */
export function requirePlaceOfJob(
  { passwordBy, isPlacedByFiles, setting: named }: Pick<BdServer, 'passwordBy' | 'isPlacedByFiles' | 'setting'>,
  setting: ServerSetting,
  { ceiling }: Pick<Context, 'ceiling'>,
): void {
  if (ceiling === null || passwordBy === null || (!isPlacedByFiles && setting.port === named.port)) return;
  throw new Failure(
    'credential-url-mismatch',
    `the password of ${passwordBy} is not sent to ${serverText(setting)}: files of the checkout choose this server`,
    {
      hint: 'Set BEADS_DOLT_SERVER_HOST and BEADS_DOLT_SERVER_PORT in the workflow to the server of the password. A server on another machine may also need BEADS_DOLT_REMOTESAPI_PORT.',
    },
  );
}

/** The running server that holds the database in a folder, so that no engine can open it; null: there is none. */
async function serverHolding(path: string, context: Pick<Context, 'env'>): Promise<Holder | null> {
  const locked = await lockedBy(lockFile(path));
  if (locked.kind === 'free') return null;
  const holder = await lockHolder(path, context.env);
  // The server may run in another container, whose processes are not visible.
  const isServer = holder.kind === 'server' || (holder.kind === 'unknown' && locked.kind === 'held');
  return isServer ? holder : null;
}

/**
 * The server of bd, if it is the process that holds the database. The notes of bd may be those of another workspace: a
 * copy of a workspace has them too, and its bd then works in the database of the original (bd 1.3.0, measured).
 * @param info what the server wrote in the folder of its databases; null: nothing
 * @returns null if another process holds the database
 */
export function holdsDatabase(
  bd: BdServer,
  { pid }: Pick<Holder, 'pid'>,
  info: ServerInfo | null,
): ServerSetting | null {
  if (pid === null) return bd.setting;
  if (bd.proxy === null && info?.pid === pid) return { ...bd.setting, port: info.port };
  return bd.pid === null || bd.pid === pid ? bd.setting : null;
}

/** A server, and the folder of its database; null: not on this machine. */
export type ServedAt = Pick<Serving, 'path' | 'setting'>;

/** @throws Failure `no-database` if it is not known */
export function nameAtServer({ path, setting }: ServedAt): string {
  const name = setting.database ?? (path === null ? null : basename(path));
  if (name !== null) return name;
  throw new Failure('no-database', '`federation.server` does not name the database, and no folder of it was found', {
    hint: 'Set `federation.server.database` to the name of the database at the server.',
  });
}

/** A served database in messages: its folder, or its address. */
export function servedName(at: ServedAt): string {
  return at.path ?? `mysql://${serverText(at.setting)}/${nameAtServer(at)}`;
}
