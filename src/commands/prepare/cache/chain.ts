import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileCache, Saved } from '../../../caches/file-cache.ts';
import { shortDigest } from '../../../core/digest.ts';

/** So many jobs can add an entry at the same moment. A hostile chain costs no more requests than these. */
const MAX_STEPS = 32;

/**
 * Entries of one text that jobs update at the same time. The key of each entry follows from that of the entry before it,
 * and a cache creates no key twice, so of two jobs that read the same entry only one adds the next. The other one finds
 * that entry, and adds what it knows behind it.
 */
export interface Chain<T> {
  readonly cache: FileCache;
  /** Its name in the log. */
  readonly what: string;
  /** The beginning of its keys. */
  readonly prefix: string;
  readonly maxBytes: number;
  /** A folder for the files of this chain. */
  readonly folder: string;
  /** Others may have written the text. @returns null: it is not used */
  readonly parse: (text: string) => T | null;
}

/** An entry of a chain; `value` is null if it cannot be used. The next entry follows it in any case. */
export interface Link<T> {
  readonly key: string;
  readonly value: T | null;
}

/** The content of a new entry. */
interface Content<T> {
  /** Everything that is known: by the run, and by the jobs that stored these. */
  readonly combine: (found: readonly T[]) => T;
  readonly isSame: (one: T, other: T) => boolean;
}

/**
 * The end of a chain, oldest first. A job can finish its entry late, so that the newest entry of the cache is not the last
 * one of the chain. So those that follow it are read as well.
 */
export async function lastLinks<T>(chain: Chain<T>): Promise<readonly Link<T>[]> {
  const links: Link<T>[] = [];
  let wanted = chain.prefix;
  while (links.length < MAX_STEPS) {
    const link = await readLink(chain, wanted);
    if (link === null) break;
    links.push(link);
    wanted = keyAfter(chain, link.key);
  }
  return links;
}

/** The usable content of entries. */
export function valuesOf<T>(links: readonly Link<T>[]): readonly T[] {
  return links.flatMap(({ value }) => (value === null ? [] : [value]));
}

/**
 * Adds what a run knows to a chain, unless the last entry has all of it. The entry of a job that did not finish it is passed
 * over, because that job may have been killed. If it was not, each of the two jobs looks for the entry of the other one
 * after it finished its own, so at least the later one finds both.
 * @throws errors of the file system
 */
export async function addLink<T>(chain: Chain<T>, { combine, isSame }: Content<T>): Promise<void> {
  if (!chain.cache.mayRead) return;
  const found = [...(await lastLinks(chain))];
  const passed: string[] = [];
  let last: { readonly key: string | null; readonly value: T | null } = found.at(-1) ?? { key: null, value: null };
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const value = combine(valuesOf(found));
    if (last.value !== null && isSame(value, last.value)) return;
    const key = keyAfter(chain, last.key);
    const saved = await saveLink(chain, key, value);
    if (saved === 'failed') return;
    if (saved === 'exists') {
      const link = await readLink(chain, key);
      if (link === null) passed.push(key);
      else found.push(link);
      last = link ?? { key, value: null };
    } else {
      const next = keyAfter(chain, key);
      const met = await readLinks(chain, [...passed, next]);
      if (met.length === 0) return;
      found.push({ key, value }, ...met);
      last = met.find((link) => link.key === next) ?? { key, value };
    }
  }
}

/** The key of the entry that follows another one. @param key null: the key of the first entry */
export function keyAfter({ prefix }: Pick<Chain<unknown>, 'prefix'>, key: string | null): string {
  return `${prefix}${shortDigest(JSON.stringify([prefix, key]), 20)}`;
}

async function readLinks<T>(chain: Chain<T>, keys: readonly string[]): Promise<readonly Link<T>[]> {
  const links: Link<T>[] = [];
  for (const key of keys) {
    const link = await readLink(chain, key);
    if (link !== null) links.push(link);
  }
  return links;
}

/** @param wanted the key of an entry, or the beginning of all keys for the newest entry */
async function readLink<T>({ cache, what, prefix, maxBytes, folder, parse }: Chain<T>, wanted: string) {
  const isNewest = wanted === prefix;
  const file = join(folder, 'restored');
  try {
    const asked = { what: isNewest ? what : `a later entry of ${what}`, key: wanted, maxBytes };
    const key = await cache.restoreFile(asked, file);
    if (key === null || (!isNewest && key !== wanted)) return null;
    const value = parse(await readFile(file, 'utf8'));
    if (value === null) cache.refuse(key, 'it does not have the expected form');
    return { key, value };
  } finally {
    await rm(file, { force: true });
  }
}

async function saveLink<T>({ cache, what, folder }: Chain<T>, key: string, value: T): Promise<Saved> {
  const file = join(folder, 'stored');
  await writeFile(file, JSON.stringify(value));
  return await cache.saveFile({ what, key }, file);
}
