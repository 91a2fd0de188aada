import { Failure } from '../core/failure.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { commitsAmong, containsCommit } from '../dolt/sql/history.ts';
import { createTags, deleteTags, ensureTag, readTags, type Tag } from '../dolt/sql/tags.ts';
import { temporaryTagName } from '../dolt/sql/transfer.ts';
import { refuseRewrittenInbox } from '../sync/deliver.ts';
import { refuseOwnHead } from '../sync/incoming/refuse-own-head.ts';
import type { PeerProgress } from '../sync/peer-progress.ts';
import { refusedFirstPush } from '../sync/push.ts';
import type { LocalHead, SyncContext } from '../sync/sync-context.ts';
import { type PeerTags, pushTags, readPeerTags, requireTag } from './peer-tags.ts';
import { planTag, type TagPlaces } from './plan-tag.ts';

/** The commit of our branch that a run backs up, and the tag that names it. */
export interface Release {
  readonly tag: string | null;
  readonly commit: string;
  /** Whether this run made the tag. */
  readonly isNew: boolean;
  /** Whether the primary lacks the tag before the run. */
  readonly isForPrimary: boolean;
}

interface ReleaseTag {
  readonly tag: string | null;
  /** Its tag counts first; null: no primary is configured. */
  readonly primary: PeerProgress | null;
  /** The tag at the primary and at the peers that get a copy. Their branches were read and compared with ours. */
  readonly atPeers: PeerTags;
  /** The tag in the database that a server holds; null: it has none, or ours are in the database that engines open. */
  readonly atServer: Tag | null;
}

/**
 * Decides which commit is backed up. A tag that neither we nor the primary have is made at our head, and the primary gets
 * it before any backup, unless a sync would not push to it. In a dry run, nothing is made.
 * @throws Failure `tag-conflict`, `tag-not-ours`, and why the primary cannot be read or gets nothing of ours
 */
export async function chooseRelease(
  context: SyncContext,
  { ours }: LocalHead,
  { tag, primary, atPeers, atServer }: ReleaseTag,
): Promise<Release> {
  if (tag === null) return { tag, commit: ours, isNew: false, isForPrimary: false };
  if (primary !== null) requireFitForTag(tag, primary);
  const atPrimary = primary === null ? null : (atPeers.get(primary) ?? null);
  const copied = await ourTag(context, tag);
  const here = atServer ?? copied;
  const at = primary === null ? null : { name: primary.peer.name, commit: atPrimary?.commit ?? null };
  const backups = await releasedAt(context, ours, new Map([...atPeers].filter(([peer]) => peer !== primary)));
  const plan = planTag({ tag, head: ours, here: here?.commit ?? null, primary: at, backups });
  const isNew = plan.make && atPrimary === null;
  const release = { tag, commit: plan.commit, isNew, isForPrimary: plan.publish };
  await requireOurs(context, release, ours);
  if (plan.publish && primary !== null) await requireSound(context, primary, plan.commit);
  if (context.dryRun) {
    if (primary !== null) context.onProgress({ peer: primary.peer.name, step: 'done', detail: 'read' });
    return release;
  }
  const named = { name: tag, commit: plan.commit };
  if (atServer !== null && atServer.commit !== copied?.commit) await followServer(context, atServer, copied);
  if (plan.publish && primary !== null) {
    if (plan.make) await publishNew(context, named, primary);
    else await publish(context, named, primary);
  }
  if (plan.make) await makeTag(context, named, atPrimary);
  const did = plan.publish ? 'received' : 'has';
  if (primary !== null) context.onProgress({ peer: primary.peer.name, step: 'done', detail: `${did} the tag ${tag}` });
  return release;
}

/** The backups without those that have the tag at a commit that our branch lacks: that is no release of ours. */
async function releasedAt({ engines }: SyncContext, ours: string, atBackups: PeerTags): Promise<TagPlaces['backups']> {
  const all = [...atBackups].map(([{ peer }, found]) => ({ name: peer.name, commit: found?.commit ?? null }));
  const commits = all.flatMap(({ commit }) => commit ?? []);
  const known = await engines.use(NO_CREDENTIALS, ({ database }) =>
    commitsAmong(database, { from: null, to: ours }, commits),
  );
  return all.filter(({ commit }) => commit === null || known.includes(commit));
}

/**
 * A tag brings its commits to everyone who fetches from the primary, as a push does.
 * @throws Failure why the primary could not be read, or has another history
 */
function requireFitForTag(tag: string, primary: PeerProgress): void {
  refuseRewrittenInbox(primary);
  throwFailure(primary);
  if (primary.state !== 'remote-empty') return;
  const { name } = primary.peer;
  throw new Failure('remote-empty', `${name} is the primary and has no data, so it cannot get the tag ${tag}`, {
    hint: 'Push to it first with `dolt-federation push`.',
  });
}

/** Without the primary it is unknown which commit was released, so the whole run stops. */
function throwFailure({ peer, failure }: PeerProgress): void {
  if (failure === null) return;
  const { code, message, hint, toolText } = failure;
  const about = message.startsWith(`${peer.name} `) ? message : `the primary ${peer.name} failed: ${message}`;
  throw new Failure(code, about, { hint, toolText: toolText ?? undefined, cause: failure });
}

async function ourTag({ engines }: SyncContext, tag: string): Promise<Tag | null> {
  return await engines.use(
    NO_CREDENTIALS,
    async ({ database }) => (await readTags(database)).find(({ name }) => name === tag) ?? null,
  );
}

/** Only commits of our branch were checked when they came in, and can become the head of the branch at a backup. */
async function requireOurs({ engines, branch }: SyncContext, { tag, commit }: Release, ours: string): Promise<void> {
  if (await engines.use(NO_CREDENTIALS, ({ database }) => containsCommit(database, ours, commit))) return;
  throw new Failure('tag-not-ours', `the tag ${tag} names ${commit}, which our branch ${branch} does not contain`);
}

/** @throws Failure if the primary may not get the commit */
async function requireSound(context: SyncContext, primary: PeerProgress, commit: string): Promise<void> {
  if (primary.head === null && !context.initEmpty) throw refusedFirstPush(primary);
  await context.engines.use(NO_CREDENTIALS, (engine) => refuseOwnHead(context, engine, [primary], commit));
  throwFailure(primary);
}

/** Gives the scratch copy, from which tags are pushed, the tag of the database at the server. */
async function followServer(context: SyncContext, atServer: Tag, copied: Tag | null): Promise<void> {
  if (copied !== null) await context.engines.use(NO_CREDENTIALS, ({ database }) => deleteTags(database, [copied.name]));
  await makeTag(context, atServer, atServer);
}

/** @param like the same tag at the primary or at the server, whose tagger and message ours gets */
async function makeTag({ engines }: SyncContext, tag: Pick<Tag, 'name' | 'commit'>, like: Tag | null): Promise<void> {
  await engines.use(NO_CREDENTIALS, async ({ database }) => {
    // If Dolt refuses the tagger, the tag is still made, with ours.
    if (like !== null) await createTags(database, [like]);
    await ensureTag(database, tag);
  });
}

/**
 * Publishes a tag that is not here yet, under a temporary name. If the run is killed before the primary has the tag, no
 * later run takes it for a tag that was released.
 */
async function publishNew(
  context: SyncContext,
  tag: Pick<Tag, 'name' | 'commit'>,
  primary: PeerProgress,
): Promise<void> {
  const source = temporaryTagName();
  await context.engines.use(NO_CREDENTIALS, ({ database }) => ensureTag(database, { ...tag, name: source }));
  try {
    await publish(context, tag, primary, source);
  } catch (thrown) {
    await context.engines.finish(({ database }) => deleteTags(database, [source])).catch(() => undefined);
    throw thrown;
  }
}

/** @param source the name of the tag here */
async function publish(
  context: SyncContext,
  tag: Pick<Tag, 'name' | 'commit'>,
  primary: PeerProgress,
  source = tag.name,
): Promise<void> {
  await pushTags(context, { tag: tag.name, source }, [primary]);
  throwFailure(primary);
  const found = (await readPeerTags(context, tag.name, [primary])).get(primary) ?? null;
  throwFailure(primary);
  requireTag(tag, primary, found);
}
