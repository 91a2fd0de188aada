import type { Configuration } from '../../config/configuration.ts';
import { toFailure } from '../../core/failure.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { commitsAmong, rootCommit } from '../../dolt/sql/history.ts';
import { findEntry, readState } from '../../sync/history/last-verified.ts';
import type { Context } from '../context.ts';
import { clonedDatabase, storeHeads } from '../prepare/cache/heads.ts';
import { placeOf } from '../prepare/last-verified.ts';
import type { LocalDatabase } from '../prepare/local-database.ts';
import type { PreparedSync } from '../prepare/prepare-sync.ts';
import { mayWrite, type SyncRequest } from '../request.ts';

interface Ended {
  readonly database: LocalDatabase;
  readonly configuration: Pick<Configuration, 'peers'>;
  readonly prepared: PreparedSync;
  /** The head of our branch. */
  readonly head: string;
}

/**
 * Stores the last heads of the peers for the next machine, if the database is removed with this one. The next run clones
 * it again, so only heads that the source of the clone contains are stored. Any other head would look like a rewrite of
 * our branch.
 */
export async function keepHeads(request: SyncRequest, context: Context, ended: Ended): Promise<void> {
  const { database, configuration, prepared, head } = ended;
  const { allProgress, branch, lastVerified } = prepared;
  if (context.cache === undefined || !database.ephemeral || !mayWrite(request) || context.signal.aborted) return;
  const cloned = clonedDatabase(request, configuration.peers);
  if (lastVerified.root === null || cloned === null) return;
  const { source } = cloned;
  const { stateFile } = await readState(database.state, branch);
  // `backup` does not read the source. It has at least the head that was cloned, or that an earlier step recorded.
  const place = placeOf({ peer: source, branch: source.branch ?? branch }, branch, lastVerified.root);
  const sourceHead =
    allProgress.find(({ peer }) => peer.name === source.name)?.head ??
    (database.clonedFrom === source.name ? prepared.before : findEntry(stateFile, place, source.name)?.head) ??
    null;
  if (sourceHead === null) return;
  const isAdopted = allProgress.some(({ adopted }) => adopted !== null);
  const heads = [...stateFile.peers.values()].map((entry) => entry.head);
  try {
    const { root, kept } = await database.engines.use(NO_CREDENTIALS, async ({ database: sql }) => ({
      root: isAdopted ? (await rootCommit(sql, head)).hash : lastVerified.root,
      kept: new Set(await commitsAmong(sql, { from: null, to: sourceHead }, heads)),
    }));
    if (root === null) return;
    const { before, cached } = lastVerified;
    const isKept = (one: string) => kept.has(one);
    await storeHeads(cloned, context, { root, before, restored: cached, after: stateFile, isKept });
  } catch (thrown) {
    context.log.info(`the last heads of the peers were not stored: ${toFailure(thrown).message}`);
  }
}
