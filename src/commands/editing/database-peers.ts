import { z } from 'zod';
import type { Configuration } from '../../config/configuration.ts';
import { ENDPOINT_KINDS } from '../../config/endpoint/kinds.ts';
import { endpointOptions } from '../../config/endpoint/options.ts';
import { parseEndpoint } from '../../config/endpoint/parse.ts';
import { hiddenEndpoint } from '../../config/endpoint/text.ts';
import type { PeerChanges } from '../../config/peer-changes.ts';
import type { DatabasePeer } from '../../contract/result.ts';
import { TIERS } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { readRepoState } from '../../dolt/database-files.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { remoteAddress } from '../../dolt/remote-address.ts';
import { columnsAt } from '../../dolt/schema/columns.ts';
import { tableNames } from '../../dolt/schema/table-shape.ts';
import { cellSchema } from '../../dolt/sql/cell.ts';
import { folded, quoted } from '../../dolt/sql/identifier.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { peerAddresses } from '../../sync/remotes/peer-addresses.ts';
import { isRecorded } from '../../sync/remotes/remote-plan.ts';
import { readRemoteRecords } from '../../sync/remotes/remote-records.ts';
import type { Context } from '../context.ts';
import { locateDatabase } from '../prepare/locate-database.ts';
import { type ReadingRequest, readingDatabase } from '../prepare/open-database.ts';

/** A remote of the database, or a row of beads' table of peers. */
interface KnownPlace {
  readonly name: string;
  readonly url: string;
  readonly foundIn: DatabasePeer['foundIn'][number];
  readonly user: string | null;
  readonly tier: string | null;
  readonly ref: string | null;
}

/** A peer that the database knows, with the address that is stored there. */
export interface FoundPeer extends Omit<DatabasePeer, 'endpoint'> {
  readonly url: string;
  /** The configured peer with this address; null: none. */
  readonly configured: string | null;
}

const TABLE = 'federation_peers';
const COLUMNS = ['name', 'remote_url', 'username', 'sovereignty'] as const;
/** Far more than a real database has; a peer can write to the table. */
const MAX_ROWS = 1_000;

const peerRow = z.object({ name: cellSchema, url: cellSchema, user: cellSchema, tier: cellSchema });

/**
 * The peers that the database knows: its remotes, and the rows of `federation_peers`, also uncommitted ones. The
 * passwords there are never read. Nothing is contacted and nothing changes.
 * @throws Failure `no-database`, and what opening the database throws
 */
export async function peersOfDatabase(
  request: ReadingRequest,
  context: Context,
  configuration: Configuration,
): Promise<FoundPeer[]> {
  const found = await locateDatabase({ database: request.database, configuration }, context);
  if (found.kind === 'to-clone' || found.kind === 'nowhere') {
    throw new Failure('no-database', 'no Dolt database was found, so no peer of it is known', {
      hint: 'Give its folder with `--database`.',
    });
  }
  return await readingDatabase(request, context, configuration, async ({ engines, path }) => {
    const rows = await engines.use(NO_CREDENTIALS, ({ database }) => rowsOf(database));
    return await withConfigured(joined([...(await remotesOf(path)), ...rows]), configuration);
  });
}

/** Remotes that a run added for its time are not the user's. */
async function remotesOf(database: string): Promise<KnownPlace[]> {
  const { records } = await readRemoteRecords(database);
  return ((await readRepoState(database))?.remotes ?? []).flatMap(({ name, url, ref }) => {
    const record = records.get(name);
    const isOfRun = record !== undefined && record.run !== null && isRecorded({ name, url, ref }, record);
    return isOfRun ? [] : [{ name, url, ref, foundIn: 'remote' as const, user: null, tier: null }];
  });
}

async function rowsOf(sql: Sql): Promise<KnownPlace[]> {
  const table = (await tableNames(sql)).find((name) => folded(name) === TABLE);
  if (table === undefined) return [];
  const names = new Set((await columnsAt(sql, table, null)).map(({ name }) => folded(name)));
  if (!COLUMNS.every((name) => names.has(name))) return [];
  const statement = `SELECT name, remote_url AS url, username AS user, sovereignty AS tier FROM ${quoted(table)} ORDER BY name LIMIT ${MAX_ROWS}`;
  return (await sql.rows(peerRow, statement)).flatMap(({ name, url, user, tier }) =>
    name === null || url === null
      ? []
      : [{ name, url, foundIn: TABLE, user: user || null, tier: tier?.trim() || null, ref: null }],
  );
}

/** bd writes a remote and a row of one name and address for each of its peers; they are one. */
function joined(places: readonly KnownPlace[]): Omit<FoundPeer, 'configured'>[] {
  const found = new Map<string, Omit<FoundPeer, 'configured'>>();
  for (const { name, url, foundIn, user, tier, ref } of places) {
    const key = JSON.stringify([name, url]);
    const before = found.get(key);
    found.set(key, {
      name,
      url,
      foundIn: [...(before?.foundIn ?? []), foundIn],
      user: before?.user ?? user,
      tier: before?.tier ?? tier,
      ref: before?.ref ?? ref,
    });
  }
  return [...found.values()];
}

async function withConfigured(
  found: readonly Omit<FoundPeer, 'configured'>[],
  { peers }: Configuration,
): Promise<FoundPeer[]> {
  const withoutUser = (address: string) => address.replace(/(?<=:\/\/)[^/]*@/, '');
  const known = await Promise.all(
    peers.map(async (peer) => ({ ...peer, addresses: (await peerAddresses(peer)).map(withoutUser) })),
  );
  return await Promise.all(
    found.map(async (one) => {
      const address = withoutUser(await remoteAddress(one.url));
      const configured = known.find(({ addresses, ref }) => addresses.includes(address) && ref === one.ref);
      return { ...one, configured: configured?.name ?? null };
    }),
  );
}

/** As `list-peers --unregistered` shows it. */
export function shownPeer({ name, url, foundIn, user, tier, ref }: FoundPeer, dolthubHost: string): DatabasePeer {
  return { name, endpoint: hiddenEndpoint(endpointText(url, dolthubHost)), foundIn, user, tier, ref };
}

/** The form in which the configuration has the address of a remote. */
function endpointText(url: string, dolthubHost: string): string {
  const [, repository] = /^https:\/\/([^/]+\/[^/]+\/[^/]+)$/.exec(url) ?? [];
  if (repository?.startsWith(`${dolthubHost}/`)) return `dolthub://${repository.slice(dolthubHost.length + 1)}`;
  // A path below the home folder of an ssh user has no form as a URL.
  const [, server, path] = /^git\+ssh:\/\/([^/]+@[^/:]+)\/\.\/(.+)$/.exec(url) ?? [];
  return server === undefined ? url : `${server}:${path}`;
}

/** The entry to write for a peer that the database knows. */
export interface Adopted {
  readonly endpoint: string;
  readonly set: PeerChanges['set'];
  /** Whether the database has a remote of it. */
  readonly isRemote: boolean;
}

/**
 * The entry of a peer that the database knows, and of the options that beads keeps for it. Options of the user win. A
 * password is never taken over.
 * @throws Failure `unknown-peer`, `peer-exists`; `bad-usage` if the name is not one address, or for an unknown tier;
 * `invalid-endpoint`, `secret-in-config`
 */
export async function adoptPeer(
  from: string,
  request: ReadingRequest & { readonly set: PeerChanges['set'] },
  context: Context,
  configuration: Configuration,
): Promise<Adopted> {
  const all = await peersOfDatabase(request, context, configuration);
  const [peer, ...others] = all.filter(({ name }) => name === from);
  const list = 'Run `dolt-federation list-peers --unregistered` to see what the database knows.';
  if (peer === undefined) {
    throw new Failure('unknown-peer', `the database has neither a remote nor a row of ${TABLE} named ${plain(from)}`, {
      hint: list,
    });
  }
  if (others.length > 0) {
    throw new Failure('bad-usage', `the database knows ${plain(from)} at ${others.length + 1} addresses`, {
      hint: `Give the address that you mean in place of --from-remote. ${list}`,
    });
  }
  if (peer.configured !== null)
    throw new Failure('peer-exists', `peer already exists: ${peer.configured} has the address of ${plain(from)}`);
  const options = endpointOptions(context.env, request.overrides);
  const endpoint = endpointText(peer.url, options.dolthubHost);
  const { kind } = parseEndpoint(endpoint, options);
  const has = (name: string): boolean => request.set.some(({ path }) => path[0] === name);
  const may = (name: 'user' | 'ref'): boolean => !has(name) && ENDPOINT_KINDS[kind].options.includes(name);
  const tier = has('tier') ? null : tierOf(peer, configuration);
  const own = [
    ...(tier === null ? [] : [{ path: ['tier'], value: tier }]),
    ...(peer.user !== null && may('user') && !endpoint.includes('@') ? [{ path: ['user'], value: peer.user }] : []),
    ...(peer.ref !== null && may('ref') ? [{ path: ['ref'], value: peer.ref }] : []),
  ];
  return { endpoint, set: [...request.set, ...own], isRemote: peer.foundIn.includes('remote') };
}

/** The tier that beads keeps for a peer, if it is stricter than that of the federation. */
function tierOf({ name, tier }: FoundPeer, { sovereignty }: Configuration): string | null {
  if (tier === null) return null;
  const known = TIERS.find((one) => one === tier.toUpperCase());
  if (known === undefined) {
    throw new Failure('bad-usage', `${TABLE} has the sovereignty ${JSON.stringify(plain(tier))} for ${plain(name)}`, {
      hint: `Give its tier with \`--tier\`: one of ${TIERS.join(', ')}.`,
    });
  }
  return known > sovereignty.value ? known : null;
}
