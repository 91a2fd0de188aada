import type { Peer } from '../../config/configuration.ts';
import { isElsewhere } from '../../config/endpoint/data-place.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';
import { trackingRefs } from '../../dolt/sql/heads.ts';
import { commitsAmong, rootCommit } from '../../dolt/sql/history.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import { passedOnFrom, pushedHeads } from '../../sync/history/begun-pushes.ts';
import { changeState } from '../../sync/history/change-state.ts';
import {
  addBackups,
  type BackupRecord,
  type Finding,
  findEntry,
  type KnownState,
  remember,
  retire,
  type StateFile,
  type StateKey,
  type StatePlace,
} from '../../sync/history/last-verified.ts';
import { rightsOf } from '../../sync/peer-actions.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { remotesOf } from '../../sync/remotes/registration.ts';
import { type CachedHeads, cachedHead, cachedRetired, unitedHeads } from './cache/heads.ts';

/** Earlier heads that a run knows before it reads any peer. */
export interface LastVerified {
  /** First commit of our history; null if it cannot be read, and then no head is known. */
  readonly root: string | null;
  /** Every recorded head of any peer for our branch. */
  readonly known: readonly string[];
  /** Former heads of our branch that it gave up. */
  readonly dropped: readonly string[];
  /** The entries that earlier runs on other machines stored, oldest first; empty if this run needed none. */
  readonly cached: readonly CachedHeads[];
  /** Those of the cached heads that our branch contains, also of peers that the run does not select. */
  readonly contained: CachedHeads;
  /** The state before any peer was read, with restored heads. */
  readonly before: StateFile;
  /** State files that could not be used, and those that were moved aside. */
  readonly unusable: readonly Diagnostic[];
}

interface KnownLocally {
  /** Folder of the database. */
  readonly path: string;
  readonly state: StatePlace;
  /** The records, read when our branch contained the heads in them: before a copy of the database was made. */
  readonly recorded: KnownState;
  readonly branch: string;
  readonly ours: string;
  readonly mayWrite: boolean;
  /** Gets what earlier runs on other machines stored; null: the database was not cloned on this one. */
  readonly restoreCached: ((root: string) => Promise<readonly CachedHeads[]>) | null;
}

/** Which entry of the state file belongs to a peer. */
export function placeOf(
  { peer, branch }: Pick<PeerProgress, 'peer' | 'branch'>,
  local: string,
  root: string,
): StateKey {
  return { root, endpoint: peer.dataPlace, ref: peer.ref, branch, local };
}

/**
 * The configured peers that a run does not select and of which no head is known. The history of the peer that the run
 * cloned is ours. An archive gets tags only, so it does not count.
 */
export function unreadPeers(
  configured: readonly Peer[],
  run: {
    readonly branch: string;
    readonly allProgress: readonly Pick<PeerProgress, 'peer'>[];
    readonly lastVerified: Pick<LastVerified, 'root' | 'before' | 'contained'>;
    readonly clonedFrom: string | null;
  },
): string[] {
  const { branch, allProgress, lastVerified, clonedFrom } = run;
  const { root, before, contained } = lastVerified;
  const read = new Set([...allProgress.map(({ peer }) => peer.name), clonedFrom]);
  const isKnown = (peer: Peer): boolean => {
    if (root === null) return false;
    const place = placeOf({ peer, branch: peer.branch ?? branch }, branch, root);
    return findEntry(before, place, peer.name) !== null || cachedHead(contained, place) !== null;
  };
  return configured.flatMap((peer) =>
    read.has(peer.name) || !rightsOf(peer.role).inSync || isKnown(peer) ? [] : [peer.name],
  );
}

/**
 * Sets in each run the last head that the peer and we both had. A tracking ref counts only if nothing is recorded and
 * our branch contains its head: a head that was fetched and never merged proves nothing.
 */
export async function readLastVerified(
  database: Database,
  allProgress: readonly PeerProgress[],
  localDatabase: KnownLocally,
): Promise<LastVerified> {
  const { path, state, recorded, branch, ours, mayWrite, restoreCached } = localDatabase;
  const { stateFile, replaced } = recorded;
  const unusable = [...recorded.unusable];
  const entries = [...stateFile.peers.values()].filter((entry) => entry.local === branch);
  const known = [...new Set([...entries.map(({ head }) => head), ...replaced])];
  // Whether they arrived anywhere is not known.
  const pushed = pushedHeads(stateFile, branch);
  try {
    const contained = new Set(await commitsAmong(database, { from: null, to: ours }, [...known, ...pushed]));
    const root = entries.find(({ head }) => contained.has(head))?.root ?? (await rootCommit(database, ours)).hash;
    for (const progress of allProgress) {
      const entry = findEntry(stateFile, placeOf(progress, branch, root), progress.peer.name);
      progress.remember(entry, passedOnFrom(stateFile, progress, branch));
    }
    const isComplete = allProgress.every(({ remembered }) => remembered !== null);
    const cached = restoreCached === null || isComplete ? [] : await restoreCached(root);
    const united = unitedHeads(cached);
    const fromCache = headsFromCache(allProgress, united, { branch, root });
    const remotes = await remotesOf(
      database,
      path,
      allProgress.map(({ peer }) => peer),
    );
    // The address of a remote does not name the service, so its ref may be of the service that the peer had before.
    const unmoved = allProgress.filter(({ peer }) => !entries.some(({ endpoint }) => isElsewhere(endpoint, peer)));
    const fromRefs = await headsFromRefs(database, unmoved, { ...localDatabase, root, remotes });
    const restored = united.heads.map(({ head }) => head);
    const inClone = new Set(await commitsAmong(database, { from: null, to: ours }, restored));
    const lost = [...replaced, ...pushed].filter((head) => !contained.has(head));
    const gaveUp = [...lost, ...cachedRetired(united, branch)];
    // An entry of the file means that our branch contained the head.
    const found = [...fromCache.filter(({ head }) => inClone.has(head)), ...fromRefs];
    const learn = (present: StateFile): StateFile => {
      // Another run may have verified the peer since.
      const unknown = found.filter(({ place, name }) => findEntry(present, place, name) === null);
      return addBackups(retire(remember(present, unknown), branch, gaveUp), fromCache);
    };
    const next = learn(stateFile);
    const hasNews = found.length > 0 || next.retired !== stateFile.retired;
    if (mayWrite && hasNews) {
      // The end of the run writes it again, and reports a failed write.
      const moved = await changeState(state, branch, (present) => learn(present.stateFile)).catch(() => []);
      unusable.push(...moved);
    }
    const dropped = [...new Set([...droppedHeads(stateFile, { branch, known, contained }), ...gaveUp])];
    const inBranch = { ...united, heads: united.heads.filter(({ head }) => inClone.has(head)) };
    return { root, known, dropped, cached, contained: inBranch, before: next, unusable };
  } catch (thrown) {
    // Each peer is refused for it, with the fix.
    if (!(thrown instanceof Failure) || thrown.code !== 'shallow-clone') throw thrown;
    return { root: null, known: [], dropped: [], cached: [], contained: unitedHeads([]), before: stateFile, unusable };
  }
}

function droppedHeads(
  { retired }: StateFile,
  our: { readonly branch: string; readonly known: readonly string[]; readonly contained: ReadonlySet<string> },
): string[] {
  const gaveUp = retired.flatMap(({ local, head }) => (local === our.branch ? [head] : []));
  return [...new Set([...gaveUp, ...our.known.filter((head) => !our.contained.has(head))])];
}

/**
 * Heads that the last run of the workflow knew. Our branch is a clone of another state of its source, so it need not contain
 * them.
 */
function headsFromCache(
  allProgress: readonly PeerProgress[],
  cached: CachedHeads,
  { branch, root }: { readonly branch: string; readonly root: string },
): (Finding & { readonly record: BackupRecord })[] {
  return allProgress.flatMap((progress) => {
    const place = placeOf(progress, branch, root);
    const found = progress.remembered === null ? cachedHead(cached, place) : null;
    if (found === null) return [];
    const { head, verifiedAt, size, drills } = found;
    progress.remember({ head, verifiedAt, certain: false, isRestored: true });
    return [{ place, name: progress.peer.name, head, verifiedAt, record: { size, drills } }];
  });
}

async function headsFromRefs(
  sql: Sql,
  allProgress: readonly PeerProgress[],
  localDatabase: {
    readonly branch: string;
    readonly ours: string;
    readonly root: string;
    /** The remotes that earlier runs used for the peers, by peer name. */
    readonly remotes: ReadonlyMap<string, string>;
  },
): Promise<Finding[]> {
  const unknown = allProgress.filter((progress) => progress.registered && progress.remembered === null);
  if (unknown.length === 0) return [];
  const refs = await trackingRefs(sql);
  const headOf = (progress: PeerProgress): string | undefined =>
    refs.get(`remotes/${localDatabase.remotes.get(progress.peer.name) ?? progress.remote}/${progress.branch}`);
  const heads = unknown.flatMap((progress) => headOf(progress) ?? []);
  const contained = new Set(await commitsAmong(sql, { from: null, to: localDatabase.ours }, heads));
  return unknown.flatMap((progress) => {
    const head = headOf(progress);
    if (head === undefined || !contained.has(head)) return [];
    progress.remember({ head, verifiedAt: null, certain: true });
    return [
      {
        place: placeOf(progress, localDatabase.branch, localDatabase.root),
        name: progress.peer.name,
        head,
        verifiedAt: null,
      },
    ];
  });
}
