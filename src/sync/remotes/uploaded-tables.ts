import { requireTableFiles } from '../../dolt/git-tables.ts';
import type { Engine } from '../../dolt/server/engines.ts';
import type { PeerProgress } from '../peer-progress.ts';
import { readWithRetries } from '../read-peer.ts';
import type { SyncContext } from '../sync-context.ts';
import { timeLimit } from '../time-limits.ts';

/**
 * Checks that a git remote has every table file that its manifest names; other kinds of remotes are not asked. The
 * engine cannot notice it: it still has the chunks that were never uploaded.
 * @param engine with the credentials of the peer
 * @throws Failure `missing-table-file`, or why the repository cannot be read
 */
export async function requireUploadedTables(
  context: SyncContext,
  engine: Engine,
  { peer, reach }: PeerProgress,
): Promise<void> {
  if (peer.endpoint.kind !== 'git') return;
  const limit = timeLimit(peer, 'fetch', context.timeoutMs);
  const place = { peer: peer.name, url: peer.endpoint.dolt, ref: peer.ref, database: engine.database.folder };
  await readWithRetries(
    () => engine.runProgram(limit, reach, (program) => requireTableFiles(place, program)),
    context,
    (attempt) => context.onProgress({ peer: peer.name, step: 'retrying', detail: attempt }),
  );
}
