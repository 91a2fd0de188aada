import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, toFailure } from '../../core/failure.ts';
import { isFile, isInside } from '../../core/files.ts';
import { markRun, runOf } from '../../core/run-mark.ts';
import { readRepoState } from '../../dolt/database-files.ts';
import { refusedPath } from '../../dolt/failure-text.ts';
import type { OwnDatabase } from '../../dolt/server/engines.ts';
import type { UserServer } from '../../dolt/server/user-server.ts';
import { addRemote, listRemotes, type Remote, removeRemote } from '../../dolt/sql/remotes.ts';
import type { Sql } from '../../dolt/sql/sql.ts';

/** The exchange as a remote of the scratch copy. */
export const EXCHANGE = 'dolt-federation-exchange';
/** The folder as a remote of the server, for moments; by the mark of its run, a later run recognizes a leftover. */
const AT_SERVER = `${EXCHANGE}-`;

/** How commits go to a server that cannot use files of this user. */
export const USE_REMOTESAPI =
  'Start the server with `remotesapi: {port: 50051}` in its configuration (or `--remotesapi-port 50051`), and add `remotesapi: 50051` to `federation.server`.';

const ELSEWHERE = 'It may run in another container';

/** In the path of a `file://` remote, Dolt takes them for parts of a URL, also if they are encoded (2.3.0, measured). */
const OF_URLS = /[#?%]/;

/**
 * Requires that Dolt can use folders below this one as remotes.
 * @throws Failure `bad-usage`
 */
export function requireExchangeable(folder: string): void {
  const [sign] = OF_URLS.exec(folder) ?? [];
  if (sign === undefined) return;
  throw new Failure('bad-usage', `Dolt cannot exchange commits below ${folder}: its path contains \`${sign}\``, {
    hint: 'Set XDG_STATE_HOME, or on a runner RUNNER_TEMP, to a folder without `#`, `?` and `%` in its path.',
  });
}

type Named = Pick<UserServer, 'name'>;
type Server = Pick<UserServer, 'name' | 'session'>;

function unusable({ name }: Named, url: string, why: string, cause?: unknown): Failure {
  const message = `the server at ${name} cannot exchange commits through ${fileURLToPath(url)}: ${why}`;
  return new Failure('database-in-use', message, { hint: USE_REMOTESAPI, cause });
}

/** A failure of a server at a folder of ours: another user runs the server if the system refused the folder to it. */
export function failureAtFolder(thrown: unknown, server: Named, url: string): Failure {
  const failure = toFailure(thrown);
  const [folder, path] = [fileURLToPath(url), refusedPath(failure.message)];
  const isAbout = path !== null && (isInside(path, folder) || isInside(folder, path));
  return isAbout ? unusable(server, url, failure.message, failure) : failure;
}

/**
 * Requires that a server wrote to a folder of ours. In another container, it writes to another folder of this name.
 * @throws Failure `database-in-use`
 */
export async function requireWritten(server: Named, url: string): Promise<void> {
  if (await isFile(join(fileURLToPath(url), 'manifest'))) return;
  throw unusable(server, url, `it wrote there, and nothing is there. ${ELSEWHERE}`);
}

/** The failure if one side does not find in the exchange what the other one has. */
export function usesOther(exchange: {
  readonly kind: 'file' | 'remotesapi';
  readonly server: Named;
  readonly source: { readonly url: string };
}): Failure {
  const { kind, server, source } = exchange;
  if (kind === 'file') return unusable(server, source.url, `it uses another folder of this name. ${ELSEWHERE}`);
  const message = `the \`remotesapi\` port of ${server.name} has another head than its SQL port`;
  const hint = 'Correct `remotesapi` in `federation.server`: the port may belong to another server.';
  return new Failure('database-in-use', message, { hint });
}

/** Makes the exchange a remote of the scratch copy. */
export async function pointTo(scratch: Sql, url: string): Promise<void> {
  const known = (await listRemotes(scratch)).find(({ name }) => name === EXCHANGE);
  if (known?.url === url) return;
  if (known !== undefined) await removeRemote(scratch, EXCHANGE);
  await addRemote(scratch, { name: EXCHANGE, url, ref: null });
}

/** Makes the folder a remote of the server for a moment; no tracking ref stays. */
export async function asRemote<T>(
  { server, source: { url } }: { readonly server: Server; readonly source: { readonly url: string } },
  work: (sql: Sql, remote: string) => Promise<T>,
): Promise<T> {
  const name = `${AT_SERVER}${markRun()}`;
  return await server.session(async (sql) => {
    await removeLeftovers(sql);
    try {
      await addRemote(sql, { name, url, ref: null });
      return await work(sql, name);
    } catch (thrown) {
      throw failureAtFolder(thrown, server, url);
    } finally {
      // The next run removes what a server that ended keeps.
      await removeRemote(sql, name).catch(() => undefined);
    }
  });
}

/** A remote that nothing connects to. */
const NOWHERE_URL = 'https://dolt-federation.invalid/exchange';

/**
 * Requires that a server has the database of a folder: a remote that it adds is noted there. Another server can listen at the
 * port that the user named, and have a database of this name. A server that adds no remote for this user is not compared.
 * @throws Failure `database-in-use`
 */
export async function requireFolder(server: Server, folder: string): Promise<void> {
  const name = `${AT_SERVER}${markRun()}`;
  const isThere = await server.session(async (sql) => {
    try {
      await removeLeftovers(sql);
      await addRemote(sql, { name, url: NOWHERE_URL, ref: null });
    } catch {
      return true;
    }
    try {
      const state = await readRepoState(folder);
      return state === null || state.remotes.some((remote) => remote.name === name);
    } finally {
      await removeRemote(sql, name).catch(() => undefined);
    }
  });
  if (isThere) return;
  throw new Failure('database-in-use', `${server.name} is not the database in ${folder}, which another server holds`, {
    hint: 'Correct the port in `federation.server`. `dolt-federation doctor` shows the port of the server that holds the folder.',
  });
}

/** Removes what runs through a server that were killed left, when no server holds the database. */
export async function removeLeftExchanges(database: OwnDatabase): Promise<void> {
  if ((await readRepoState(database.folder))?.remotes.some(isLeftover) === true) await removeLeftovers(database);
}

/** Removes what runs that were killed left. */
export async function removeLeftovers(sql: Sql): Promise<void> {
  for (const remote of await listRemotes(sql)) if (isLeftover(remote)) await removeRemote(sql, remote.name);
}

/** Whether a remote of a database is the exchange of a run that ended, or an earlier one of this process. */
export function isLeftover({ name }: Pick<Remote, 'name'>): boolean {
  const run = name.startsWith(AT_SERVER) ? runOf(name.slice(AT_SERVER.length)) : null;
  return run === 'this' || run === 'ended';
}
