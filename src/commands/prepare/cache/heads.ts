import { z } from 'zod';
import type { Peer } from '../../../config/configuration.ts';
import { cloneIdentity } from '../../../config/endpoint/data-place.ts';
import { HASH } from '../../../contract/hash.ts';
import { shortDigest } from '../../../core/digest.ts';
import type { Env } from '../../../core/env.ts';
import { parsedJson } from '../../../core/json.ts';
import { type FolderPlace, inPrivateFolder } from '../../../core/private-folder.ts';
import { BACKUP_FIELDS, type StateFile, type StateKey } from '../../../sync/history/last-verified.ts';
import type { Context } from '../../context.ts';
import { type Shard, shardText } from '../../fan-out/shard.ts';
import type { SyncRequest } from '../../request.ts';
import { addLink, type Chain, lastLinks, valuesOf } from './chain.ts';
import { bootstrapPeer, branchToClone } from './clone-place.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_HEADS = 2_000;

const hash = z.string().regex(HASH);
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** Only hashes, dates and sizes: a reader of the cache learns no name and no address. */
const cachedSchema = z.strictObject({
  version: z.literal(1),
  heads: z
    .array(
      z.strictObject({
        place: digest,
        head: hash,
        verifiedAt: z.iso.datetime({ precision: 3 }).nullable(),
        ...BACKUP_FIELDS,
      }),
    )
    .max(MAX_HEADS),
  retired: z.array(z.strictObject({ local: digest, head: hash })).max(MAX_HEADS),
});

/** Heads that an earlier run of the workflow knew, on another machine. Others may have written them. */
export type CachedHeads = Readonly<z.infer<typeof cachedSchema>>;

type Head = CachedHeads['heads'][number];

/** The entry of one peer; null: there is none. */
export function cachedHead({ heads }: CachedHeads, place: StateKey): Head | null {
  const wanted = placeDigest(place);
  return heads.find((one) => one.place === wanted) ?? null;
}

/** The heads that a local branch gave up. */
export function cachedRetired({ retired }: CachedHeads, local: string): readonly string[] {
  const wanted = localDigest(local);
  return retired.flatMap((one) => (one.local === wanted ? [one.head] : []));
}

/** Everything that a run knows of one database. */
export interface KnownHeads {
  readonly root: string;
  /** The state before it read any peer, with restored heads. */
  readonly before: Pick<StateFile, 'peers'>;
  /** The content of the entries that it restored, oldest first. */
  readonly restored: readonly CachedHeads[];
  /** The state at its end. */
  readonly after: Pick<StateFile, 'peers' | 'retired'>;
  /** Whether a head is still there on a new machine. */
  readonly isKept: (head: string) => boolean;
}

/**
 * The heads for the next run, up to the limit: those of this run, then those of jobs that stored theirs meanwhile. An entry
 * that others filled displaces no head of this run.
 * @param found the content of the last entries, oldest first
 */
export function headsToCache(known: KnownHeads, found: readonly CachedHeads[]): CachedHeads {
  const { root, before, restored, after, isKept } = known;
  const begun = begunWith([...headsOf(before, root), ...unitedHeads(restored).heads], restored);
  const others = found.reduce<Head[]>((heads, one) => combineHeads(begun, heads, one.heads), []);
  const own = headsOf(after, root).filter(({ head }) => isKept(head));
  const heads = combineHeads(begun, others, own).slice(0, MAX_HEADS);
  const retired = new Map<string, CachedHeads['retired'][number]>();
  const ownRetired = after.retired.map(({ local, head }) => ({ local: localDigest(local), head }));
  for (const one of [...found.flatMap((cached) => cached.retired), ...ownRetired]) {
    const key = `${one.local} ${one.head}`;
    // The oldest ones are dropped first.
    retired.delete(key);
    retired.set(key, one);
  }
  return { version: 1, heads, retired: [...retired.values()].slice(-MAX_HEADS) };
}

/** The heads of a database in the form of the cache. */
function headsOf({ peers }: Pick<StateFile, 'peers'>, root: string): readonly Head[] {
  return [...peers.values()]
    .filter((entry) => entry.root === root)
    .map((entry) => {
      const { head, verifiedAt, size, drills } = entry;
      return { place: placeDigest(entry), head, verifiedAt, size, drills };
    })
    .sort((a, b) => (a.place < b.place ? -1 : 1));
}

/** The heads that a run knew at its start. */
interface Begun {
  readonly byPlace: ReadonlyMap<string, Head>;
  /** Whether a head is one of them, or in an entry that the run restored. */
  readonly wasThere: (head: Head) => boolean;
}

function begunWith(heads: readonly Head[], restored: readonly CachedHeads[]): Begun {
  const textOf = ({ place, head, verifiedAt }: Head) => JSON.stringify([place, head, verifiedAt]);
  const all = new Set([...heads, ...restored.flatMap((entry) => entry.heads)].map(textOf));
  return { byPlace: new Map(heads.map((one) => [one.place, one])), wasThere: (head) => all.has(textOf(head)) };
}

/** Several entries as one. @param entries oldest first */
export function unitedHeads(entries: readonly CachedHeads[]): CachedHeads {
  const none = begunWith([], []);
  const heads = entries.reduce<Head[]>((all, one) => combineHeads(none, all, one.heads), []);
  return { version: 1, heads, retired: entries.flatMap(({ retired }) => retired) };
}

/** Both as one, those of `later` first. */
function combineHeads(begun: Begun, earlier: readonly Head[], later: readonly Head[]): Head[] {
  const others = new Map(earlier.map((one) => [one.place, one]));
  const places = new Set(later.map(({ place }) => place));
  const chosen = later.map((one) => {
    const other = others.get(one.place);
    return other === undefined ? one : combineHead(begun, other, one);
  });
  return [...chosen, ...earlier.filter(({ place }) => !places.has(place))];
}

function combineHead(begun: Begun, earlier: Head, later: Head): Head {
  const { head, verifiedAt } = isOvertaken(begun, earlier, later) ? earlier : later;
  const known = begun.byPlace.get(later.place);
  return {
    place: later.place,
    head,
    verifiedAt,
    size: changed(known?.size, earlier.size, later.size),
    drills: changed(known?.drills, earlier.drills, later.drills),
  };
}

/**
 * Whether the head of `earlier` counts: of two heads that jobs recorded at the same time, the one that was verified last. A
 * head that was there before the run does not count beside a new one, whatever its date: others may have written it.
 */
function isOvertaken({ byPlace, wasThere }: Begun, earlier: Head, later: Head): boolean {
  if (wasThere(earlier) && !wasThere(later)) return false;
  const [one, other] = [earlier.verifiedAt ?? '', later.verifiedAt ?? ''];
  return one === other ? byPlace.get(later.place)?.head === later.head && wasThere(later) : one > other;
}

/** The record that changed; the later one if both did. */
function changed<R>(begun: R | undefined, earlier: R | undefined, later: R | undefined): R | undefined {
  const isSame = JSON.stringify(later) === JSON.stringify(begun);
  return isSame ? (earlier ?? later) : (later ?? earlier);
}

function isSameContent(one: CachedHeads, other: CachedHeads): boolean {
  const texts = ({ heads, retired }: CachedHeads) =>
    [...heads, ...retired].map((entry) => JSON.stringify(entry)).sort();
  return JSON.stringify(texts(one)) === JSON.stringify(texts(other));
}

function placeDigest({ endpoint, ref, branch, local, root }: StateKey): string {
  return shortDigest(JSON.stringify([endpoint, ref, branch, local, root]), 64);
}

function localDigest(local: string): string {
  return shortDigest(JSON.stringify(local), 64);
}

/** The clone that heads belong to. All databases of a federation have the same first commit. */
interface ClonedDatabase<P = Pick<Peer, 'dataPlace' | 'ref'>> {
  /** The peer that was cloned. */
  readonly source: P;
  /** The branch that was asked for; null: the default branch. */
  readonly branch: string | null;
  /** The leg of a fan-out. */
  readonly shard: Shard | undefined;
}

/** The clone that a step uses; null: it has no peer to clone. */
export function clonedDatabase(
  { bootstrap, branch, shard }: Pick<SyncRequest, 'bootstrap' | 'branch' | 'shard'>,
  peers: readonly Peer[],
): ClonedDatabase<Peer> | null {
  const source = bootstrapPeer(peers, bootstrap);
  return source === undefined ? null : { source, branch: branchToClone(source, branch), shard };
}

type CacheOfStep = FolderPlace & Pick<Context, 'cache' | 'env'>;

/**
 * Restores the heads that the last runs of this workflow, or of this leg, knew of a database.
 * @returns the content of the last entries, oldest first
 */
export async function restoreHeads(
  of: ClonedDatabase,
  root: string,
  context: CacheOfStep,
): Promise<readonly CachedHeads[]> {
  const { cache } = context;
  if (cache === undefined) return [];
  return await inPrivateFolder(context, 'heads', async (folder) =>
    valuesOf(await lastLinks(headsChain(of, root, { cache, folder, env: context.env }))),
  );
}

/** Stores the heads for the next run, with those that jobs at the same time store. @throws errors of the file system */
export async function storeHeads(of: ClonedDatabase, context: CacheOfStep, known: KnownHeads): Promise<void> {
  const { cache, env } = context;
  if (cache === undefined) return;
  await inPrivateFolder(context, 'heads', async (folder) => {
    const combine = (found: readonly CachedHeads[]) => headsToCache(known, found);
    await addLink(headsChain(of, known.root, { cache, folder, env }), { combine, isSame: isSameContent });
  });
}

function headsChain(
  of: ClonedDatabase,
  root: string,
  { cache, folder, env }: Pick<Chain<CachedHeads>, 'cache' | 'folder'> & { readonly env: Env },
): Chain<CachedHeads> {
  return {
    cache,
    folder,
    what: 'the last heads of the peers',
    prefix: headsPrefix(of, root, env),
    maxBytes: MAX_BYTES,
    parse: (text) => cachedSchema.safeParse(parsedJson(text)).data ?? null,
  };
}

/** The beginning of all keys for these heads. Legs run at the same time, and each knows the heads of its own peers. */
export function headsPrefix({ source, branch, shard }: ClonedDatabase, root: string, env: Env): string {
  const leg = shard === undefined ? [] : [shardText(shard)];
  const workflow = [env['GITHUB_REPOSITORY'] ?? '', env['GITHUB_WORKFLOW'] ?? ''];
  const words = [...workflow, cloneIdentity(source, branch), root, ...leg];
  return `dolt-federation-heads-${shortDigest(JSON.stringify(words), 20)}-`;
}
