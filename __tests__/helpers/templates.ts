import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';

/** A file of a folder, or a folder in it. */
type Entry = { readonly content: Buffer; readonly mode: number } | 'folder';

/** Folders that were made in this test file. */
interface Template {
  /** Their folders, in order. */
  readonly paths: readonly string[];
  readonly entries: readonly ReadonlyMap<string, Entry>[];
}

/** Larger ones are made again: they would fill the memory. */
const MAX_BYTES = 4 * 1024 * 1024;

/** By key; null for one that is too large. */
const templates = new Map<string, Promise<Template | null>>();
/** The tests that use them, by key: two databases of one test share no commits unless one is made from the other. */
const owners = new Map<string, Set<string>>();

/**
 * Makes folders, or copies those that another test of this file made in the same way: for a database, that takes a
 * tenth of the time of a Dolt process.
 * @param key contains everything that determines their contents
 * @param paths below the folder of the test; the addresses of one in another are changed
 */
export async function madeOnce(key: string, paths: readonly string[], make: () => Promise<void>): Promise<void> {
  const [owner = ''] = relative(tmpdir(), paths[0] ?? '').split(sep);
  const owned = owners.get(key) ?? new Set();
  const isSecond = owned.has(owner);
  owners.set(key, owned.add(owner));
  const template = isSecond ? null : ((await templates.get(key)) ?? null);
  if (template !== null) return await copy(template, paths);
  await make();
  const made = templates.get(key) ?? read(paths);
  templates.set(key, made);
  await made;
}

/** The temporary folder of a run of all tests, which removes it: scripts/test.mjs. */
const OF_RUN = /^df-/;

/**
 * Makes a folder whose contents may be equal in all test files of a run: the first one makes it, and the others copy it.
 * Without a temporary folder of the run, each test file makes it once.
 */
export async function madeOncePerRun(name: string, path: string, make: () => Promise<void>): Promise<void> {
  if (!OF_RUN.test(basename(tmpdir()))) return await madeOnce(name, [path], make);
  const shared = join(tmpdir(), name);
  if (existsSync(shared)) return await cp(shared, path, { recursive: true });
  await make();
  const copied = await mkdtemp(`${shared}-`);
  await cp(path, copied, { recursive: true });
  // Another test file may be first.
  await rename(copied, shared).catch(() => rm(copied, { recursive: true, force: true }));
}

async function read(paths: readonly string[]): Promise<Template | null> {
  const entries: Map<string, Entry>[] = [];
  for (const path of paths) {
    const found = new Map<string, Entry>();
    for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      const { mode, size } = await stat(file);
      if (size > MAX_BYTES) return null;
      found.set(relative(path, file), entry.isDirectory() ? 'folder' : { content: await readFile(file), mode });
    }
    entries.push(found);
  }
  return { paths, entries };
}

async function copy({ paths, entries }: Template, to: readonly string[]): Promise<void> {
  for (const [index, folder] of to.entries()) {
    for (const [name, entry] of entries[index] ?? []) {
      const file = join(folder, name);
      await mkdir(entry === 'folder' ? file : dirname(file), { recursive: true });
      if (entry === 'folder') continue;
      const content = name.endsWith('.json') ? moved(entry.content, paths, to) : entry.content;
      await writeFile(file, content, { mode: entry.mode });
    }
  }
}

/** Changes the addresses of the remotes. */
function moved(content: Buffer, from: readonly string[], to: readonly string[]): string {
  return from.reduce(
    (text, path, index) => text.replaceAll(`file://${path}"`, `file://${to[index]}"`),
    content.toString('utf8'),
  );
}
