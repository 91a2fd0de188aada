import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Configuration } from '../../../config/configuration.ts';
import { indexOf } from '../../../config/endpoint/allow-list.ts';
import { requireBranchName } from '../../../config/names.ts';
import { isOnThisMachine, remotesapiUrl, type ServerSetting, serverText } from '../../../config/server.ts';
import type { Diagnostic } from '../../../core/diagnostic.ts';
import { explained, Failure } from '../../../core/failure.ts';
import { isThere } from '../../../core/files.ts';
import { makePrivateFolder } from '../../../core/private-folder.ts';
import { makeOwnFolder, warnOfReplaceable } from '../../../core/shared-folder.ts';
import { type Credentials, SERVER_ENTRY } from '../../../credentials/credential.ts';
import { textsOfSecrets } from '../../../credentials/secret-texts.ts';
import { cloneDatabase } from '../../../dolt/clone.ts';
import { createEngineCredentials, NO_CREDENTIALS } from '../../../dolt/engine-credentials.ts';
import { userIdentity } from '../../../dolt/identity.ts';
import { openEngines } from '../../../dolt/server/engines.ts';
import type { Address } from '../../../dolt/server/ready.ts';
import type { ServerOptions } from '../../../dolt/server/server.ts';
import { openUserServer, type UserServer } from '../../../dolt/server/user-server.ts';
import { branchHead, branchNames, checkedOutBranch, checkout, requireBranchHead } from '../../../dolt/sql/heads.ts';
import { whyBranchStays } from '../../../dolt/sql/merge.ts';
import { ensureTag, readTags } from '../../../dolt/sql/tags.ts';
import { uncommittedTables } from '../../../dolt/sql/working-set.ts';
import { finishAdvances } from '../../../sync/advance.ts';
import { readStateFiles } from '../../../sync/history/last-verified.ts';
import { readOwnMoves } from '../../../sync/merge/own-moves.ts';
import { applyDirtyPolicy } from '../../../sync/merge/uncommitted.ts';
import { repairArrivals } from '../../../sync/remotes/arrivals.ts';
import { removeLeftRemotes } from '../../../sync/remotes/registration.ts';
import {
  bringTo,
  catchUpAndHandBack,
  type Exchange,
  finishHandBacks,
  handOver,
  remotesapiExchange,
  takeOver,
  throughFolder,
} from '../../../sync/served/exchange.ts';
import { requireExchangeable, requireFolder, USE_REMOTESAPI } from '../../../sync/served/exchange-folder.ts';
import type { ServedDatabase } from '../../../sync/served/served-database.ts';
import { whyRefused } from '../../../sync/served/why-refused.ts';
import { finishFetches } from '../../../sync/tags.ts';
import { timeLimit } from '../../../sync/time-limits.ts';
import type { Context } from '../../context.ts';
import { type LocalDatabase, localDatabase } from '../local-database.ts';
import { damagedCopy, requireExchangeManifest } from './damaged-copy.ts';
import {
  keptScratchCopies,
  keptScratchFolders,
  type ScratchFolders,
  scratchFoldersIn,
  stateOfServed,
} from './scratch-folders.ts';
import { nameAtServer, refuseCutOff, type ServedAt, type Serving, servedName } from './served-by.ts';

interface Opening {
  /** Absent: the branch that is checked out at the server. */
  readonly branch?: string | undefined;
  /** Whether the branch at the server may move. */
  readonly mayMove: boolean;
  /** Whether `federation.dirty: commit` may commit at the server. */
  readonly mayCommit: boolean;
  /** Statements that the scratch copy runs in parallel. */
  readonly connections: number;
  /** Time limit of one exchange with the server, in milliseconds. */
  readonly timeout: number;
  /** About how the database was found. */
  readonly notices: readonly Diagnostic[];
}

interface Known {
  readonly configuration: Configuration;
  readonly dolt: string;
  readonly credentials: Credentials;
}

/**
 * Opens a database through its running server. The run works in a scratch copy, which only gets the commits of the
 * federated branch, so that no peer, credential or merge ever reaches the server; its branch moves at the end.
 * @throws Failure `database-in-use` if the server cannot reach files of ours, `server-unreachable`, `server-refused`,
 * `no-database`, `file-owner`, `branch-not-found`, `uncommitted-changes`, `credential-url-mismatch`
 */
export async function openServed(
  request: Opening,
  context: Context,
  { configuration, dolt, credentials }: Known,
  at: Serving,
): Promise<LocalDatabase> {
  const { setting, password } = at;
  const database = nameAtServer(at);
  refuseCutOff(at);
  requireExchange(setting);
  if (password !== null && password !== '') {
    const secret = { kind: 'password', user: setting.user, password } as const;
    for (const text of textsOfSecrets([secret])) context.secrets.add(text);
  }
  const login = loginOf(setting, credentials, password);
  requireExchangeNamed(setting, { credentials, configuration, database }, context);
  const server = await openUserServer({
    address: await addressOf(setting, login, context),
    database,
    name: serverText(setting),
    unreachableHint: unreachableHint(at),
    secrets: context.secrets,
    onCall: (procedure, milliseconds) =>
      context.log.debug(`${serverText(setting)}: CALL ${procedure} (${Math.round(milliseconds)} ms)`),
    milliseconds: request.timeout,
    signal: context.signal,
  });
  const place = await scratchPlace(context, at).catch(async (thrown: unknown) => {
    await server.close();
    throw thrown;
  });
  const options = { dolt, database: place.database, removeWith: place.removeWith };
  const engines = openEngines(context, { ...options, repair: repairArrivals }, request.connections);
  const close = async (): Promise<void> => {
    await engines.close().finally(() => server.close().finally(() => place.remove()));
  };
  const reported: Diagnostic[] = [...request.notices];
  const back = { server, scratch: place.database, notify: (notice: Diagnostic): void => void reported.push(notice) };
  try {
    await requireExchangeManifest(place);
    // The server of bd was found by the process that holds the folder.
    if (password === null && at.path !== null) await requireFolder(server, at.path);
    const state = await stateOfServed(at.path, place.database, context);
    // Before uncommitted changes can be committed.
    if (request.mayMove) {
      const others = at.path === null ? [] : await keptScratchCopies(at.path, database, context);
      for (const scratch of new Set([place.database, ...others])) {
        const holding = openEngines(context, { dolt, database: scratch, repair: repairArrivals }, 1);
        const hold = (work: () => Promise<void>) => holding.use(NO_CREDENTIALS, work);
        await finishHandBacks({ ...back, scratch }, hold).finally(() => holding.close());
      }
      if (state.folder === at.path) reported.push(...(await finishDirect(server, at.path)));
    }
    const policy = configuration.dirty.value;
    const author = request.mayCommit ? () => userIdentity(at.path, context) : null;
    const branch = await readBranch(server, request, { policy, author });
    reported.push(...branch.notices);
    const limit = timeLimit({ name: server.name, timeout: null }, 'clone', request.timeout);
    const exchange = exchangeWith({ server, branch: branch.name, limit }, { setting, login, database, place });
    // Another run can move and record the branch after this one took it over.
    const recorded = await readStateFiles(state);
    await makeScratch(context, options, exchange);
    await takeOver(engines, exchange);
    context.log.info(`working through the server at ${server.name}`);
    return localDatabase({
      path: servedName(at),
      work: place.database,
      state,
      recorded,
      engines,
      notices: reported,
      served: {
        branch: branch.name,
        isDefault: branch.isDefault,
        uncommitted: branch.uncommitted,
        dirty: branch.dirty,
        stays: branch.stays,
        readRefs: () => server.use(async (sql) => ({ branches: await branchNames(sql), tags: await readTags(sql) })),
        renew: async (scratch) => void (await takeOver(scratch, exchange)),
        moveTo: (scratch, move, mergeAgain) => catchUpAndHandBack(scratch, { ...exchange, ...back }, move, mergeAgain),
        whyRefused: (scratch, move) => whyRefused(scratch, exchange, move),
        recordsIn: place.database,
        keepTag: (scratch, tag) => bringTo(scratch, exchange, tag.commit, (sql) => ensureTag(sql, tag)),
        keptCopy: context.stateDir === undefined ? null : place.database,
        headNow: () => server.session((sql) => branchHead(sql, branch.name)),
        // `resolve` works in the scratch copy.
        keep: async () => undefined,
      },
      close,
    });
  } catch (thrown) {
    await close();
    throw context.stateDir === undefined ? thrown : damagedCopy(thrown, place);
  }
}

/**
 * Finishes what a run began in the database itself while no server held it: it was killed, or a server took the database
 * from it.
 */
async function finishDirect(server: UserServer, folder: string): Promise<readonly Diagnostic[]> {
  // The server may refuse it. A run without it removes them then.
  await server.session((sql) => removeLeftRemotes(sql, folder)).catch(() => undefined);
  if ((await readOwnMoves(folder)).moves.size === 0) return [];
  return await server.use(async (database) => [
    ...(await finishAdvances(database, folder)),
    ...(await finishFetches(database, folder)),
  ]);
}

/** The cure if a server of bd cannot be reached; undefined: that of `federation.server`. */
function unreachableHint({ password, path }: Serving): string | undefined {
  if (password === null) return undefined;
  if (path === null)
    return 'Check that the server in the settings of bd runs, and its host and port. Then run again: nothing is lost, and the next run continues.';
  return 'Run again: nothing is lost, and the next run also works without a server. If it happens again, run `bd dolt stop` first.';
}

/** A server on another machine cannot use a folder of ours. */
function requireExchange(setting: ServerSetting): void {
  if (setting.remotesapi !== null || isOnThisMachine(setting)) return;
  throw new Failure(
    'database-in-use',
    `the server at ${serverText(setting)} is on another machine, and \`federation.server\` names no \`remotesapi\` port to exchange commits through`,
    { hint: USE_REMOTESAPI },
  );
}

interface Login {
  readonly user: string;
  readonly password: string;
}

function loginOf(setting: ServerSetting, credentials: Credentials, known: string | null): Login {
  const given = credentials.get(SERVER_ENTRY);
  if (given === undefined) return { user: setting.user, password: known ?? '' };
  const { scheme, authority } = given.place;
  const server = serverText(setting);
  if (scheme !== 'mysql' || authority !== server.toLowerCase()) {
    throw new Failure('credential-url-mismatch', `the credentials of ${SERVER_ENTRY} are not for mysql://${server}`, {
      hint: `Set their \`url\` to mysql://${server}.`,
    });
  }
  if (given.secret.kind === 'password') return given.secret;
  throw new Failure('config-invalid', `the credentials of ${SERVER_ENTRY} must be \`user\` and \`password\``, {
    hint: 'Write both in this entry of the credentials, beside `url`.',
  });
}

/**
 * The remotesapi port gets the password of the entry, too, and can belong to another server. In a job, the checkout must
 * not choose it alone: the entry names it, or a pattern of the workflow allows it.
 * @throws Failure `credential-url-mismatch`
 */
export function requireExchangeNamed(
  setting: ServerSetting,
  {
    credentials,
    configuration,
    database,
  }: Pick<Known, 'credentials'> & {
    readonly configuration: Pick<Configuration, 'allowedRemotePatterns'>;
    readonly database: string;
  },
  { ceiling }: Pick<Context, 'ceiling'>,
): void {
  const given = credentials.get(SERVER_ENTRY);
  const url = remotesapiUrl(setting, database);
  if (given === undefined || url === null || given.remotesapi === setting.remotesapi) return;
  const { value, origin } = configuration.allowedRemotePatterns;
  const isAllowed = origin.layer !== 'file' && indexOf(value).matches(url);
  if (given.remotesapi === undefined && (ceiling === null || isAllowed)) return;
  throw new Failure('credential-url-mismatch', `the credentials of ${SERVER_ENTRY} are not for ${url}`, {
    hint: `If this port belongs to the same server, add \`remotesapi: ${setting.remotesapi}\` to their entry.`,
  });
}

async function addressOf({ host, port, tls }: ServerSetting, login: Login, { env }: Context): Promise<Address> {
  const address = { host, port, socket: null, user: login.user, password: login.password };
  if (!tls) return address;
  const ca = env['SSL_CERT_FILE'];
  if (ca === undefined || ca === '') return { ...address, tls: { ca: null } };
  const text = await readFile(ca, 'utf8').catch((thrown: unknown) => {
    throw explained(thrown, 'bad-usage', 'the file that SSL_CERT_FILE names cannot be read', 'Correct SSL_CERT_FILE.');
  });
  return { ...address, tls: { ca: text } };
}

function exchangeWith(
  common: Pick<Exchange, 'server' | 'branch' | 'limit'>,
  by: {
    readonly setting: ServerSetting;
    readonly login: Login;
    readonly database: string;
    readonly place: ScratchPlace;
  },
): Exchange {
  const { setting, login, database, place } = by;
  const url = remotesapiUrl(setting, database);
  if (url === null) return { ...common, ...throughFolder(pathToFileURL(place.exchange).href) };
  const { user, password } = login;
  const engineCredentials = createEngineCredentials({ variables: () => ({ DOLT_REMOTE_PASSWORD: password }) });
  return remotesapiExchange(common, { url, user, engineCredentials });
}

interface ServedBranch extends Pick<ServedDatabase, 'isDefault' | 'uncommitted' | 'dirty' | 'stays'> {
  readonly name: string;
  readonly notices: readonly Diagnostic[];
}

async function readBranch(
  server: UserServer,
  request: Opening,
  { policy, author }: Pick<Parameters<typeof applyDirtyPolicy>[1], 'policy' | 'author'>,
): Promise<ServedBranch> {
  return await server.use(async (database) => {
    const standard = await checkedOutBranch(database);
    const name = requireBranchName(request.branch ?? standard);
    await requireBranchHead(database, name, server.name);
    const applied = await applyDirtyPolicy(database, { branch: name, policy, author });
    const found = await database.session(async (sql) => {
      await checkout(sql, name);
      return { uncommitted: await uncommittedTables(sql), stays: await whyBranchStays(sql, name) };
    });
    return { ...applied, ...found, name, isDefault: name === standard };
  });
}

interface ScratchPlace extends ScratchFolders {
  readonly removeWith: readonly string[];
  remove(): Promise<void>;
}

/** Kept between runs where the user has a folder for state, so that only new chunks travel; else temporary. */
async function scratchPlace(context: Context, at: ServedAt): Promise<ScratchPlace> {
  const { stateDir, tempDir } = context;
  if (at.setting.remotesapi === null) requireExchangeable(stateDir ?? tempDir);
  if (stateDir !== undefined) {
    const place = await keptScratchFolders(stateDir, at);
    await makeOwnFolder(stateDir, place.exchange);
    await warnOfReplaceable(place.exchange, context.log);
    return { ...place, removeWith: [], remove: async () => undefined };
  }
  const folder = await makePrivateFolder(context, 'served');
  return {
    ...scratchFoldersIn(folder, nameAtServer(at)),
    removeWith: [folder],
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function makeScratch(
  context: Context,
  options: Omit<ServerOptions, 'engineCredentials'>,
  exchange: Exchange,
): Promise<void> {
  if (await isThere(join(options.database, '.dolt'))) return;
  const { source, limit } = exchange;
  await handOver(exchange);
  await cloneDatabase(context, { ...options, engineCredentials: source.engineCredentials }, source, limit);
}
