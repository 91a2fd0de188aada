import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HASH } from '../../../contract/hash.ts';
import { shortDigest } from '../../../core/digest.ts';
import type { Env } from '../../../core/env.ts';
import { parsedJson } from '../../../core/json.ts';
import { inPrivateFolder } from '../../../core/private-folder.ts';
import { BACKUP_FIELDS, type StateFile, type StateKey } from '../../../sync/history/last-verified.ts';
import type { Context } from '../../context.ts';
import { type Shard, shardText } from '../../fan-out/shard.ts';
import { newKey } from './entry.ts';

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

export const NO_HEADS: CachedHeads = { version: 1, heads: [], retired: [] };

/** The entry of one peer; null: there is none. */
export function cachedHead({ heads }: CachedHeads, place: StateKey): CachedHeads['heads'][number] | null {
  const wanted = placeDigest(place);
  return heads.find((one) => one.place === wanted) ?? null;
}

/** The heads that a local branch gave up. */
export function cachedRetired({ retired }: CachedHeads, local: string): readonly string[] {
  const wanted = localDigest(local);
  return retired.flatMap((one) => (one.local === wanted ? [one.head] : []));
}

/**
 * The heads for the next run: those that this run knows, then the restored ones of other peers, up to the limit. An
 * entry that others filled displaces no head of this run.
 * @param isKept whether a head is still there on a new machine
 */
export function headsToCache(
  { peers, retired }: Pick<StateFile, 'peers' | 'retired'>,
  before: CachedHeads,
  { root, isKept }: { readonly root: string; readonly isKept: (head: string) => boolean },
): CachedHeads {
  const heads = new Map<string, CachedHeads['heads'][number]>();
  for (const entry of peers.values()) {
    if (entry.root !== root || !isKept(entry.head)) continue;
    const place = placeDigest(entry);
    const { head, verifiedAt, size, drills } = entry;
    heads.set(place, { place, head, verifiedAt, size, drills });
  }
  const gone = new Map(before.retired.map((one) => [`${one.local} ${one.head}`, one]));
  for (const { local, head } of retired) gone.set(`${localDigest(local)} ${head}`, { local: localDigest(local), head });
  const byPlace = [...heads.values()].sort((a, b) => (a.place < b.place ? -1 : 1));
  const all = [...byPlace, ...before.heads.filter(({ place }) => !heads.has(place))];
  return { version: 1, heads: all.slice(0, MAX_HEADS), retired: [...gone.values()].slice(-MAX_HEADS) };
}

function placeDigest({ endpoint, ref, branch, local, root }: StateKey): string {
  return shortDigest(JSON.stringify([endpoint, ref, branch, local, root]), 64);
}

function localDigest(local: string): string {
  return shortDigest(JSON.stringify(local), 64);
}

/** The owner of heads: the database with that first commit, and the leg of a fan-out. */
interface HeadsOf {
  readonly root: string;
  readonly shard: Shard | undefined;
}

/** Restores the heads that the last run of this workflow, or of this leg, knew of a database. */
export async function restoreHeads(of: HeadsOf, context: Context): Promise<CachedHeads> {
  const { cache } = context;
  if (cache === undefined) return NO_HEADS;
  return await inPrivateFolder(context, 'heads', async (folder) => {
    const file = join(folder, 'heads.json');
    const wanted = { what: 'the last heads of the peers', key: headsPrefix(of, context.env), maxBytes: MAX_BYTES };
    const key = await cache.restoreFile(wanted, file);
    if (key === null) return NO_HEADS;
    const parsed = cachedSchema.safeParse(parsedJson(await readFile(file, 'utf8')));
    if (parsed.success) return parsed.data;
    cache.refuse(key, 'it does not have the expected form');
    return NO_HEADS;
  });
}

/** Stores the heads for the next run, unless nothing changed. @throws errors of the file system */
export async function storeHeads(
  of: HeadsOf,
  context: Context,
  { before, after }: { readonly before: CachedHeads; readonly after: CachedHeads },
): Promise<void> {
  const { cache, env } = context;
  const text = JSON.stringify(after);
  if (cache === undefined || text === JSON.stringify(before)) return;
  await inPrivateFolder(context, 'heads', async (folder) => {
    const file = join(folder, 'heads.json');
    await writeFile(file, text);
    await cache.saveFile({ what: 'the last heads of the peers', key: newKey(headsPrefix(of, env), env) }, file);
  });
}

/** The beginning of all keys for these heads. Legs run at the same time, and each knows the heads of its own peers. */
export function headsPrefix({ root, shard }: HeadsOf, env: Env): string {
  const leg = shard === undefined ? [] : [shardText(shard)];
  const words = [env['GITHUB_REPOSITORY'] ?? '', env['GITHUB_WORKFLOW'] ?? '', root, ...leg];
  return `dolt-federation-heads-${shortDigest(JSON.stringify(words), 20)}-`;
}
