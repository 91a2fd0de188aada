import type { ConfigOverrides, Configuration, Peer } from '../../config/configuration.ts';
import { endpointOptions } from '../../config/endpoint/options.ts';
import { parseEndpoint } from '../../config/endpoint/parse.ts';
import { atSamePlace } from '../../config/peers.ts';
import { Problems } from '../../config/problems.ts';
import { requireFederation } from '../../config/requirements.ts';
import { DEFAULT_DOLT_VERSION } from '../../contract/dolt-options.ts';
import { Failure } from '../../core/failure.ts';
import { throwIfInterrupted } from '../../core/interruption.ts';
import { hintFor } from '../../core/text.ts';
import { findDolt } from '../../install/install.ts';
import { localFolders, refuseUnfitFolder } from '../../sync/remotes/file-remote.ts';
import type { Context } from '../context.ts';
import { checkLock } from '../doctor/lock-check.ts';
import { type DatabaseFacts, databaseFacts } from '../prepare/database-facts.ts';
import { hasIgnoredTables, liveNotice, withoutLive } from '../prepare/live-notices.ts';
import { locateDatabase } from '../prepare/locate-database.ts';
import { tierRefusal } from '../prepare/peer-access.ts';

/**
 * Refuses an endpoint whose folder cannot be a remote. One that cannot be parsed is refused with the configuration.
 * @throws Failure as `refuseUnfitFolder`
 */
export async function refuseUnfitEndpoint(text: string, overrides: ConfigOverrides, context: Context): Promise<void> {
  const endpoint = new Problems().attempt(() => parseEndpoint(text, endpointOptions(context.env, overrides)));
  if (endpoint !== undefined) await refuseUnfitFolder(endpoint);
}

/** Warns of what a run would refuse about a peer that was just written. */
export async function warnOfPeer(
  peer: Peer,
  configuration: Configuration,
  { context, database }: { readonly context: Context; readonly database: string | undefined },
): Promise<void> {
  const { log } = context;
  const refusal = tierRefusal(peer);
  if (refusal !== null) log.warning(`${refusal.message}: every run refuses it. ${hintFor(peer.name, refusal.hint)}`);
  const mode = attemptFederation(configuration);
  if (mode !== null) log.warning(`sync-mode: ${mode.message}\n${mode.hint}`);
  const { peers } = configuration;
  const group = atSamePlace(peers, context.env, { folders: await localFolders(peers) }).find((same) =>
    same.some(({ name }) => name === peer.name),
  );
  const twin = group?.find(({ name }) => name !== peer.name);
  if (twin !== undefined)
    log.warning(`${peer.name} and ${twin.name} have the same endpoint and branch; each run contacts it twice`);
  if (withoutLive([peer]).length === 0) return;
  if ((await hasIgnoredTables(configuration, () => factsOf(configuration, database, context))) !== true) return;
  const { message, hint } = liveNotice(peer);
  log.warning(`live-unknown: ${message}\n${hint}`);
}

function attemptFederation(configuration: Configuration): Failure | null {
  try {
    requireFederation(configuration);
    return null;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}

async function factsOf(
  configuration: Configuration,
  database: string | undefined,
  context: Context,
): Promise<DatabaseFacts | null> {
  const found = await locateDatabase({ database, configuration }, context).catch(() => null);
  const wanted = { kind: 'exact', version: DEFAULT_DOLT_VERSION } as const;
  const dolt = found?.kind === 'database' ? await findDolt({ wanted }, context) : null;
  if (found?.kind !== 'database' || dolt === null || (await checkLock(found.path)).status === 'missing') return null;
  return await databaseFacts({ path: found.path, branch: null }, dolt.path, context).catch(() => {
    throwIfInterrupted(context.signal);
    return null;
  });
}
