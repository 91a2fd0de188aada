import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Configuration } from '../../config/configuration.ts';
import { isOnThisMachine, type ServerSetting, serverText } from '../../config/server.ts';
import { Failure } from '../../core/failure.ts';
import { type Credentials, SERVER_ENTRY } from '../../credentials/credential.ts';
import { cloneDatabase } from '../../dolt/clone.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { openEngines } from '../../dolt/server/engines.ts';
import { lockFile, lockHolder } from '../../dolt/server/lock.ts';
import { lockedBy } from '../../dolt/server/lock-table.ts';
import type { Address } from '../../dolt/server/ready.ts';
import { openUserServer, type UserServer } from '../../dolt/server/user-server.ts';
import { branchHead, checkedOutBranch, checkout } from '../../dolt/sql/heads.ts';
import { uncommittedTables } from '../../dolt/sql/working-set.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import { applyDirtyPolicy } from '../../sync/merge/uncommitted.ts';
import { EXCHANGE, type Exchange, HANDED_OVER, handBack, handOver, takeOver } from '../../sync/served/exchange.ts';
import type { ServedDatabase } from '../../sync/served/served-database.ts';
import { timeLimit } from '../../sync/time-limits.ts';
import type { Context } from '../context.ts';
import type { SyncRequest } from '../request.ts';
import type { LocalDatabase } from './open-database.ts';

type Opening = Pick<SyncRequest, 'command' | 'branch' | 'dryRun' | 'parallel' | 'timeout' | 'rewrites'>;

interface Known {
  readonly configuration: Configuration;
  readonly dolt: string;
  readonly credentials: Credentials;
}

/** Whether a running server holds the database in a folder, so that no engine can open it. */
export async function isServed(path: string, context: Pick<Context, 'env'>): Promise<boolean> {
  const { kind } = await lockedBy(lockFile(path));
  if (kind === 'free') return false;
  return (await lockHolder(path, context.env)).kind !== 'run';
}

/**
 * Opens a database through its running server. The run works in a scratch copy, which only gets the commits of the
 * federated branch, so that no peer, credential or merge ever reaches the server; its branch moves at the end.
 * @param path folder of the database; null: it is not on this machine
 * @throws Failure `database-in-use` if the server cannot reach files of ours, `server-unreachable`, `server-refused`,
 * `no-database`, `branch-not-found`, `uncommitted-changes`
 */
export async function openServed(
  request: Opening,
  context: Context,
  { configuration, dolt, credentials }: Known,
  at: { readonly path: string | null; readonly setting: ServerSetting },
): Promise<LocalDatabase> {
  refuseAdopt(request);
  const { setting, path } = at;
  const database = setting.database ?? (path === null ? null : basename(path));
  if (database === null) throw unnamed();
  requireReadable(setting);
  const server = await openUserServer({
    address: await addressOf(setting, credentials, context),
    database,
    name: serverText(setting),
    secrets: context.secrets,
    milliseconds: request.timeout,
  });
  const place = await scratchPlace(context, `${serverText(setting)}/${database}/${path ?? ''}`, database);
  const close = async (): Promise<void> => {
    await server.close();
    await place.remove();
  };
  try {
    const policy = configuration.dirty.value;
    const branch = await readBranch(server, request, policy);
    const exchange: Exchange = { server, url: pathToFileURL(place.exchange).href };
    await handOver(exchange, branch.name);
    const options = { ...context, dolt, database: place.database, removeWith: place.removeWith };
    await makeScratch(place.database, options, exchange, request);
    const engines = openEngines(options, request.parallel + 1);
    try {
      await engines.use(NO_CREDENTIALS, (engine) => takeOver(engine.database, exchange, branch.name));
    } catch (thrown) {
      await engines.close();
      throw thrown;
    }
    const served: ServedDatabase = {
      branch: branch.name,
      isDefault: branch.isDefault,
      uncommitted: branch.uncommitted,
      moveTo: (scratch, move) => handBack(exchange, scratch, { branch: branch.name, ...move }),
    };
    context.log.info(`working through the server at ${server.name}`);
    return {
      path: path ?? `mysql://${server.name}`,
      work: place.database,
      engines,
      ephemeral: false,
      clonedFrom: null,
      notices: [],
      served,
      close: () => engines.close().finally(close),
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function refuseAdopt({ rewrites }: Opening): void {
  if (rewrites.adopt.size === 0) return;
  throw new Failure('database-in-use', '`adopt` replaces the branch, which a run cannot do through a running server', {
    hint: 'Stop the server during the run, and run again.',
  });
}

function unnamed(): Failure {
  return new Failure('no-database', '`federation.server` does not name the database, and no folder of it was found', {
    hint: 'Add `database`, the name of the database at the server, to `federation.server`.',
  });
}

/** The exchange is a folder; only a server on this machine can use it. */
function requireReadable(setting: ServerSetting): void {
  if (isOnThisMachine(setting)) return;
  throw new Failure(
    'database-in-use',
    `the server at ${serverText(setting)} is on another machine, where it cannot read the exchange folder of a run`,
    { hint: 'Run on the machine of the server, or stop the server and run on its folder.' },
  );
}

async function addressOf(setting: ServerSetting, credentials: Credentials, { env }: Context): Promise<Address> {
  const { host, port } = setting;
  const given = credentials.get(SERVER_ENTRY);
  if (
    given !== undefined &&
    (given.place.scheme !== 'mysql' || given.place.authority !== serverText(setting).toLowerCase())
  ) {
    throw new Failure(
      'credential-url-mismatch',
      `the credentials of ${SERVER_ENTRY} are not for mysql://${serverText(setting)}`,
      {
        hint: `Set their \`url\` to mysql://${serverText(setting)}.`,
      },
    );
  }
  if (given !== undefined && given.secret.kind !== 'password') {
    throw new Failure('config-invalid', `the credentials of ${SERVER_ENTRY} must be \`user\` and \`password\``);
  }
  const login = given?.secret.kind === 'password' ? given.secret : { user: setting.user, password: '' };
  const ca = env['SSL_CERT_FILE'];
  const tls = isOnThisMachine(setting)
    ? {}
    : { tls: { ca: ca === undefined || ca === '' ? null : await readFile(ca, 'utf8') } };
  return { host, port, socket: null, user: login.user, password: login.password, ...tls };
}

interface ServedBranch extends Pick<ServedDatabase, 'isDefault' | 'uncommitted'> {
  readonly name: string;
}

async function readBranch(
  server: UserServer,
  request: Opening,
  policy: Configuration['dirty']['value'],
): Promise<ServedBranch> {
  const mayWrite = request.command !== 'status' && !request.dryRun;
  return await server.use(async (database) => {
    const standard = await checkedOutBranch(database);
    const name = request.branch ?? standard;
    if ((await branchHead(database, name)) === null) {
      throw new Failure('branch-not-found', `${server.name} has no branch ${name}`);
    }
    await applyDirtyPolicy(database, { branch: name, policy, mayWrite });
    const uncommitted = await database.session(async (sql) => {
      await checkout(sql, name);
      return await uncommittedTables(sql);
    });
    return { name, isDefault: name === standard, uncommitted };
  });
}

interface ScratchPlace {
  readonly database: string;
  readonly exchange: string;
  readonly removeWith: readonly string[];
  remove(): Promise<void>;
}

/** Kept between runs where the user has a folder for state, so that only new chunks travel; else temporary. */
async function scratchPlace(context: Context, key: string, name: string): Promise<ScratchPlace> {
  const { stateDir, tempDir } = context;
  const inside = (folder: string) => ({ database: join(folder, 'scratch', name), exchange: join(folder, 'exchange') });
  if (stateDir !== undefined) {
    const hash = createHash('sha256').update(key).digest('hex').slice(0, 12);
    const folder = join(stateDir, 'served', hash);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return { ...inside(folder), removeWith: [], remove: async () => undefined };
  }
  const folder = await mkdtemp(join(tempDir, 'df-served-'));
  context.onResource({ kind: 'folder', path: folder });
  return { ...inside(folder), removeWith: [folder], remove: () => rm(folder, { recursive: true, force: true }) };
}

async function makeScratch(
  database: string,
  options: Parameters<typeof cloneDatabase>[0],
  { url }: Exchange,
  request: Opening,
): Promise<void> {
  const exists = await access(join(database, '.dolt')).then(
    () => true,
    () => false,
  );
  if (exists) return;
  const source = { remote: EXCHANGE, url, ref: null, user: null, reach: NOWHERE, branch: HANDED_OVER };
  await cloneDatabase(options, source, timeLimit({ name: 'the server', timeout: null }, 'clone', request.timeout));
}
