import type { ConfiguredPlace } from '../../beads/workspace.ts';
import type { ConfigText } from '../../config/build.ts';
import type { Configuration, Origin, Peer } from '../../config/configuration.ts';
import { atSamePlace, pushesToUpstreams } from '../../config/peers.ts';
import { guardHint, guardText, requireFederation, requirePush } from '../../config/requirements.ts';
import { secretsInFile } from '../../config/yaml/secrets.ts';
import { yamlTraps } from '../../config/yaml/traps.ts';
import { locate } from '../../config/yaml/tree.ts';
import { asError, type Diagnostic } from '../../core/diagnostic.ts';
import type { Env } from '../../core/env.ts';
import { Failure, type Location } from '../../core/failure.ts';
import { rightsOf } from '../../sync/peer-actions.ts';
import { refuseUnfitFolder } from '../../sync/remotes/file-remote.ts';
import { hasIgnoredTables, liveNotice, withoutLive } from '../prepare/live-notices.ts';
import { tierRefusal } from '../prepare/peer-access.ts';
import { checkPatterns } from './pattern-checks.ts';

/** Problems of a file as text, regardless of its keys. */
export function checkText({ yaml }: ConfigText): readonly Diagnostic[] {
  return [...yamlTraps(yaml), ...secretsInFile(yaml)];
}

/**
 * Problems that a run would refuse although each value is valid (errors), and effects that are probably not meant
 * (warnings).
 * @param given.isComplete whether all peers could be read
 * @param given.folders the identities of local folders that may be read
 */
export async function checkConfiguration(
  configuration: Configuration,
  { tree }: ConfigText,
  given: { readonly isComplete: boolean; readonly env: Env; readonly folders: ReadonlyMap<Peer, string> },
): Promise<readonly Diagnostic[]> {
  const at = (path: readonly PropertyKey[], origin: Origin) =>
    origin.layer === 'file' ? { location: locate(tree, path) } : {};
  return [
    ...checkMode(configuration),
    ...checkGuard(configuration),
    ...checkTiers(configuration, at),
    ...checkPatterns(configuration, tree, given.isComplete),
    ...checkDuplicates(configuration.peers, given),
    ...(await checkLive(configuration)),
  ];
}

/**
 * A configuration without any peer: nothing would be federated.
 * @param isRequired whether that is always an error: a workflow without legs would succeed forever without doing
 * anything
 */
export function checkPresence({ file, peers }: Configuration, isRequired: boolean): readonly Diagnostic[] {
  if (peers.length > 0) return [];
  const severity = isRequired ? 'error' : 'warning';
  if (file !== null) return [{ severity, code: 'no-peers', message: 'no peer is configured', location: { file } }];
  const message = 'there is no configuration file, and no variable or input sets a peer';
  return [{ severity: 'error', code: 'no-peers', message }];
}

/** Why a run that gets no other database by a flag or an input refuses the settings of bd; null: it accepts them. */
export function placeRefusal(
  { database, server }: Pick<Configuration, 'database' | 'server'>,
  { problem, unusableServer }: ConfiguredPlace,
): Failure | null {
  if (database.value !== null) return null;
  return problem ?? (server.value === null ? unusableServer : null);
}

function checkMode(configuration: Configuration): readonly Diagnostic[] {
  if (configuration.peers.length === 0) return [];
  return refusals(() => requireFederation(configuration), configuration.file);
}

/** A key that forbids every write stops each run; one that forbids pushing only stops peers from getting anything. */
function checkGuard(configuration: Configuration): readonly Diagnostic[] {
  const { push, peers, file } = configuration;
  const writable = peers.filter(({ role }) => rightsOf(role).push);
  if (push.guard === null || writable.length === 0) return [];
  const refused = refusals(() => requirePush(configuration, 'pull'), file);
  if (refused.length > 0) return refused;
  const message = `${guardText(push.guard)} forbids pushing, so runs only pull, although ${some(writable)} could be pushed to`;
  const hint = guardHint(push.guard);
  return [{ severity: 'warning', code: 'push-disabled', message, hint, ...placeOfOrigin(push.guard.origin) }];
}

/** The tier of all peers is reported once, at its key. */
function checkTiers(
  { peers, sovereignty }: Configuration,
  at: (path: readonly PropertyKey[], origin: Origin) => { readonly location?: Location },
): readonly Diagnostic[] {
  const refused = peers.flatMap((peer) => {
    const refusal = tierRefusal(peer);
    return refusal === null ? [] : [{ peer, refusal }];
  });
  const inherited = refused.filter(({ peer }) => peer.tier === sovereignty.value);
  const own = refused.filter(({ peer }) => peer.tier !== sovereignty.value);
  const [first] = inherited;
  const ofAll: readonly Diagnostic[] =
    first === undefined
      ? []
      : [
          {
            ...asError(first.refusal),
            message: `the tier is ${sovereignty.value}, but this version can only send the full history; runs refuse ${some(inherited.map(({ peer }) => peer))}`,
            ...at(['federation', 'sovereignty'], sovereignty.origin),
          },
        ];
  return [
    ...ofAll,
    ...own.map(({ peer, refusal }): Diagnostic => {
      const place = at(['federation', 'peers', peer.name, 'tier'], peer.origin);
      return { ...asError(refusal), peer: peer.name, ...place };
    }),
  ];
}

/** Peers at one place. One that would push to an upstream in a folder behind a link is an error, as in a run. */
function checkDuplicates(
  peers: readonly Peer[],
  { env, folders }: { readonly env: Env; readonly folders: ReadonlyMap<Peer, string> },
): readonly Diagnostic[] {
  const reported = pushesToUpstreams(peers, env);
  const refused = [...pushesToUpstreams(peers, env, { folders })].flatMap(([peer, failure]): Diagnostic[] =>
    reported.has(peer) ? [] : [{ ...asError(failure), peer: peer.name }],
  );
  const twins = atSamePlace(peers, env, { folders }).flatMap((group) => {
    if (isPushedUpstream(group)) return [];
    const [first, ...others] = group.toSorted(byPlace);
    return others.map(
      ({ name, origin }): Diagnostic => ({
        severity: 'warning',
        code: 'duplicate-endpoint',
        message: `${name} has the endpoint and the branch of ${first?.name}`,
        peer: name,
        ...placeOfOrigin(origin),
      }),
    );
  });
  return [...refused, ...twins];
}

function isPushedUpstream(group: readonly Peer[]): boolean {
  const upstreams = group.filter(({ role }) => role === 'upstream').length;
  return upstreams > 0 && upstreams < group.length;
}

function byPlace({ origin: one }: Peer, { origin: other }: Peer): number {
  const line = (origin: Origin) => (origin.layer === 'file' ? (origin.location.line ?? 0) : 0);
  return line(one) - line(other);
}

async function checkLive(configuration: Configuration): Promise<readonly Diagnostic[]> {
  if ((await hasIgnoredTables(configuration, async () => null)) !== true) return [];
  return withoutLive(configuration.peers).map((peer) => ({ ...liveNotice(peer), ...placeOfOrigin(peer.origin) }));
}

/**
 * Local endpoints that are working databases, or folders of other files. A folder that does not exist is accepted: this
 * machine may not be the one that federates.
 */
export async function checkFolders(peers: readonly Peer[]): Promise<readonly Diagnostic[]> {
  const found = await Promise.all(peers.map(checkFolder));
  return found.filter((one) => one !== null);
}

async function checkFolder({ name, endpoint, origin }: Peer): Promise<Diagnostic | null> {
  try {
    await refuseUnfitFolder(endpoint);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return { ...asError(thrown), peer: name, ...placeOfOrigin(origin) };
  }
}

/** The failure of a check as errors; without a position, it concerns the whole file. */
function refusals(check: () => void, file: string | null): readonly Diagnostic[] {
  try {
    check();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return [{ ...(file === null ? {} : { location: { file } }), ...asError(thrown) }];
  }
}

function placeOfOrigin(origin: Origin): { readonly location?: Location } {
  return origin.layer === 'file' ? { location: origin.location } : {};
}

const SHOWN = 3;

function some(peers: readonly Peer[]): string {
  const names = peers.slice(0, SHOWN).map(({ name }) => name);
  const more = peers.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}
