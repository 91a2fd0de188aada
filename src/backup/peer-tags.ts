import { Failure, toFailure } from '../core/failure.ts';
import { throwIfInterrupted } from '../core/interruption.ts';
import type { Engine } from '../dolt/server/engines.ts';
import { readTags, type Tag } from '../dolt/sql/tags.ts';
import { fetchTag, pushTag, temporaryTagName } from '../dolt/sql/transfer.ts';
import { inEngines } from '../sync/in-engines.ts';
import type { PeerProgress } from '../sync/peer-progress.ts';
import { readWithRetries, TAGS_MS } from '../sync/read-peer.ts';
import { requireUploadedTables } from '../sync/remotes/uploaded-tables.ts';
import { send } from '../sync/send-branch.ts';
import { withSshReason } from '../sync/ssh-reason.ts';
import type { SyncContext } from '../sync/sync-context.ts';
import { keepTags } from '../sync/tags.ts';
import { timeLimit } from '../sync/time-limits.ts';
import { tagConflict } from './plan-tag.ts';

/** The tag as each peer has it; null: the peer has no such tag. A peer that cannot be read is absent, and has failed. */
export type PeerTags = ReadonlyMap<PeerProgress, Tag | null>;

/**
 * Reads one tag of each peer under a temporary name, also if it names a commit that is not here: Dolt (2.3.0) replaces a
 * tag at a peer without asking, so a push may follow only where the tag is known to be absent. Our own tags stay.
 */
export async function readPeerTags(
  context: SyncContext,
  tag: string,
  allProgress: readonly PeerProgress[],
): Promise<PeerTags> {
  const found = new Map<PeerProgress, Tag | null>();
  // A folder that does not exist yet has no tags.
  for (const progress of allProgress) if (!progress.registered && progress.failure === null) found.set(progress, null);
  const readable = allProgress.filter(({ registered, failure }) => registered && failure === null);
  if (readable.length === 0) return found;
  await keepTags(context, [], (around) =>
    inEngines(context, { allProgress: readable, plain: 'last', around }, async (engine, progress) => {
      try {
        found.set(progress, await readPeerTag(context, tag, engine, progress));
      } catch (thrown) {
        progress.fail(toFailure(thrown));
      }
    }),
  );
  // A peer may be refused after its tag was read, because of other data that it sent.
  for (const progress of readable) if (progress.failure !== null) found.delete(progress);
  return found;
}

async function readPeerTag(
  context: SyncContext,
  tag: string,
  engine: Engine,
  progress: PeerProgress,
): Promise<Tag | null> {
  const { name } = progress.peer;
  context.onProgress({ peer: name, step: 'fetching', detail: `the tag ${tag}` });
  const as = temporaryTagName();
  const fetched = async () => (await readTags(engine.database)).find((one) => one.name === as) ?? null;
  const limit = timeLimit(progress.peer, 'fetch', context.timeoutMs);
  // Other tags follow, which are removed anyway.
  const enough = { reached: async () => (await fetched()) !== null, milliseconds: TAGS_MS };
  const from = { remote: progress.remote, user: progress.user, tag, as };
  const read = () =>
    withSshReason(engine, progress, limit, () =>
      engine.operationUntil(limit, progress.reach, enough, (sql) => fetchTag(sql, from)),
    );
  try {
    // The push of a tag writes a new manifest.
    await requireUploadedTables(context, engine, progress);
    await readWithRetries(read, context, (detail) => context.onProgress({ peer: name, step: 'retrying', detail }));
  } catch (thrown) {
    const { code } = toFailure(thrown);
    if (code === 'remote-empty') progress.foundEmpty(code);
    if (code === 'remote-empty' || code === 'branch-missing') return null;
    throw thrown;
  }
  const found = await fetched();
  if (found === null) throw new Failure('unknown', `the tag ${tag} of ${name} was fetched, but is not here`);
  return { ...found, name: tag };
}

/**
 * Pushes our tag to each peer; a failure is recorded in its `PeerProgress`. Dolt (2.3.0) replaces a tag there.
 * @param named.source the name of the tag here
 */
export async function pushTags(
  context: SyncContext,
  { tag, source = tag }: { readonly tag: string; readonly source?: string },
  allProgress: readonly PeerProgress[],
): Promise<void> {
  await inEngines(context, { allProgress, plain: 'first' }, async (engine, progress) => {
    context.onProgress({ peer: progress.peer.name, step: 'pushing', detail: `the tag ${tag}` });
    const to = { remote: progress.remote, user: progress.user, source, tag };
    try {
      throwIfInterrupted(context.signal);
      const limit = timeLimit(progress.peer, 'push', context.timeoutMs);
      await send(engine, progress, limit, (sql) => pushTag(sql, to));
    } catch (thrown) {
      progress.fail(toFailure(thrown), 'failed');
    }
  });
}

/**
 * The tag at a peer after a push.
 * @throws Failure `tag-conflict` if another writer set it meanwhile, `unverified` if it is not there
 */
export function requireTag(
  { name, commit }: Pick<Tag, 'name' | 'commit'>,
  { peer }: PeerProgress,
  found: Tag | null,
): void {
  if (found?.commit === commit) return;
  if (found === null) {
    throw new Failure('unverified', `the push of the tag ${name} to ${peer.name} returned, but the tag is not there`);
  }
  throw tagConflict({ tag: name, peer: peer.name, there: found.commit, wanted: commit });
}
