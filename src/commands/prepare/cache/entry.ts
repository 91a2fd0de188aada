import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { z } from 'zod';
import type { FileCache } from '../../../caches/file-cache.ts';
import type { Peer } from '../../../config/configuration.ts';
import { cloneIdentity } from '../../../config/endpoint/data-place.ts';
import { HASH, HASH_TEXT } from '../../../contract/hash.ts';
import { shortDigest } from '../../../core/digest.ts';
import type { Env } from '../../../core/env.ts';
import { readSmallText } from '../../../core/files.ts';
import { tablesIn } from '../../../dolt/database-files.ts';

/** A larger database is cloned again in each run: it would not fit into the time for the cache. */
export const MAX_ENTRY_BYTES = 1024 * 1024 * 1024;

/** The file of an entry that describes it. */
export const ENTRY_FILE = 'dolt-federation-cache.json';

/** The description of the database of an entry. Others may have written it. */
export const entrySchema = z.strictObject({
  version: z.literal(1),
  branch: z.string().min(1).max(255),
  /** The head of the branch, which the peer had as well. */
  head: z.string().regex(HASH),
  /** How long the last clone took. */
  cloneMs: z.int().nonnegative(),
});
export type Entry = Readonly<z.infer<typeof entrySchema>>;

const DATA_FILE = new RegExp(`^noms/(?:oldgen/)?(?:manifest|${HASH_TEXT}(?:\\.darc)?)$`);

/** Whether a file below `.dolt` holds data: the manifest, a table file or the journal. */
export function isDataFile(name: string): boolean {
  return DATA_FILE.test(name);
}

/** The data files below a `.dolt`, and their size. @throws errors of the file system */
export async function dataFilesIn(
  folder: string,
): Promise<{ readonly names: readonly string[]; readonly bytes: number }> {
  const found = await readdir(join(folder, 'noms'), { recursive: true });
  const names = found.map((file) => `noms/${file.replaceAll(sep, '/')}`).filter(isDataFile);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return { names, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

const MANIFEST = 'manifest';

/**
 * Removes files below a `.dolt` that have the name of a table file, and that no manifest names. Dolt does not read them.
 * @throws Error without a manifest, errors of the file system
 */
export async function removeUnnamed(folder: string): Promise<void> {
  const { names } = await dataFilesIn(folder);
  if (!names.includes(`noms/${MANIFEST}`)) throw new Error('it has no manifest');
  for (const part of ['noms', 'noms/oldgen']) {
    const named = tablesIn(await readSmallText(join(folder, part, MANIFEST)));
    const unnamed = names.filter((name) => {
      const file = posix.basename(name, '.darc');
      return posix.dirname(name) === part && file !== MANIFEST && !named.has(file);
    });
    for (const name of unnamed) await rm(join(folder, name));
  }
}

/** The Actions cache for clones, and the Dolt that reads them. */
export interface Caching {
  readonly cache: FileCache;
  readonly doltVersion: string;
}

/** The place of the clones of one source between runs. */
export interface Keeping {
  readonly cache: FileCache;
  /** How the keys of their entries begin. */
  readonly prefix: string;
}

/**
 * The place of clones of a peer; null: none.
 * @param branch null: the default branch
 */
export function keepingOf(
  { caching, source }: { readonly caching?: Caching | null; readonly source: Pick<Peer, 'dataPlace' | 'ref'> },
  branch: string | null,
): Keeping | null {
  if (caching == null) return null;
  const { cache, doltVersion } = caching;
  const origin = cloneIdentity(source, branch);
  // A newer Dolt may write what an older one cannot read.
  return { cache, prefix: `dolt-federation-database-${doltVersion}-${shortDigest(origin, 20)}-` };
}

/** A key that no other step has: the newest entry is restored, and no run needs an older one. */
export function newKey(prefix: string, env: Env): string {
  return `${prefix}${env['GITHUB_RUN_ID'] ?? 0}-${env['GITHUB_RUN_ATTEMPT'] ?? 1}-${randomBytes(4).toString('hex')}`;
}
