import { Failure } from '../../core/failure.ts';
import { trackingRefs } from '../../dolt/sql/heads.ts';
import { commitsAmong, rootCommit } from '../../dolt/sql/history.ts';
import type { Database, Sql } from '../../dolt/sql/sql.ts';
import {
  type Finding,
  readStateFile,
  recall,
  remember,
  type StateFile,
  type StateKey,
  writeStateFile,
} from '../../sync/history/last-verified.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { remotesOf } from '../../sync/remotes/registration.ts';

/** What a run knows of earlier heads before it reads any peer. */
export interface LastVerified {
  /** First commit of our history; null where it cannot be read, and nothing is remembered then. */
  readonly root: string | null;
  /** Every head that is remembered of any peer for our branch. */
  readonly known: readonly string[];
  /** Heads that our branch had once and gave up. */
  readonly dropped: readonly string[];
  /** Why the memory could not be read; null: it could, or there is none. */
  readonly warning: string | null;
}

interface LocalDatabase {
  /** Folder of the database. */
  readonly path: string;
  readonly branch: string;
  readonly ours: string;
  readonly mayWrite: boolean;
}

/** Where a peer's memory is kept. */
export function placeOf({ peer, branch }: PeerProgress, local: string, root: string): StateKey {
  return { root, endpoint: peer.endpoint.canonical, ref: peer.ref, branch, local };
}

/**
 * Notes in each run the last head that the peer and we both had. A tracking ref is asked only where nothing is
 * remembered, and only where our branch contains its head: one that was fetched and never merged says nothing.
 */
export async function readLastVerified(
  database: Database,
  runs: readonly PeerProgress[],
  localDatabase: LocalDatabase,
): Promise<LastVerified> {
  const { path, branch, ours, mayWrite } = localDatabase;
  const { stateFile, warning } = await readStateFile(path);
  const entries = [...stateFile.peers.values()].filter((entry) => entry.local === branch);
  const known = [...new Set(entries.map(({ head }) => head))];
  try {
    const contained = new Set(await commitsAmong(database, { from: null, to: ours }, known));
    const root = entries.find(({ head }) => contained.has(head))?.root ?? (await rootCommit(database, ours)).hash;
    for (const run of runs) run.remember(recall(stateFile, placeOf(run, branch, root), run.peer.name));
    const remotes = await remotesOf(
      database,
      path,
      runs.map(({ peer }) => peer),
    );
    const fromRefs = await headsFromRefs(database, runs, { ...localDatabase, root, remotes });
    // That it could not be written is said at the end of the run, where it is written again.
    const writes = mayWrite && warning === null && fromRefs.length > 0;
    if (writes) await writeStateFile(path, remember(stateFile, fromRefs)).catch(() => undefined);
    return { root, known, dropped: droppedHeads(stateFile, { branch, known, contained }), warning };
  } catch (thrown) {
    // Each peer is refused for it, with the cure.
    if (!(thrown instanceof Failure) || thrown.code !== 'shallow-clone') throw thrown;
    return { root: null, known: [], dropped: [], warning };
  }
}

function droppedHeads(
  { retired }: StateFile,
  our: { readonly branch: string; readonly known: readonly string[]; readonly contained: ReadonlySet<string> },
): string[] {
  const gaveUp = retired.flatMap(({ local, head }) => (local === our.branch ? [head] : []));
  return [...new Set([...gaveUp, ...our.known.filter((head) => !our.contained.has(head))])];
}

async function headsFromRefs(
  sql: Sql,
  runs: readonly PeerProgress[],
  localDatabase: {
    readonly branch: string;
    readonly ours: string;
    readonly root: string;
    /** What earlier runs called the peers, by their names. */
    readonly remotes: ReadonlyMap<string, string>;
  },
): Promise<Finding[]> {
  const unknown = runs.filter((run) => run.registered && run.remembered === null);
  if (unknown.length === 0) return [];
  const refs = await trackingRefs(sql);
  const headOf = (run: PeerProgress): string | undefined =>
    refs.get(`remotes/${localDatabase.remotes.get(run.peer.name) ?? run.remote}/${run.branch}`);
  const heads = unknown.flatMap((run) => headOf(run) ?? []);
  const contained = new Set(await commitsAmong(sql, { from: null, to: localDatabase.ours }, heads));
  return unknown.flatMap((run) => {
    const head = headOf(run);
    if (head === undefined || !contained.has(head)) return [];
    run.remember({ head, verifiedAt: null, certain: true });
    return [
      { place: placeOf(run, localDatabase.branch, localDatabase.root), name: run.peer.name, head, verifiedAt: null },
    ];
  });
}
