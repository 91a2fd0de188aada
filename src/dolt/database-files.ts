import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HASH, HASH_TEXT } from '../contract/hash.ts';
import { Failure, systemCode } from '../core/failure.ts';
import { isFile, isFolder, oddEntries, oddEntriesIn, readSmall, readSmallText } from '../core/files.ts';
import { parsedJson } from '../core/json.ts';

const params = z.looseObject({ git_ref: z.string().optional().catch(undefined) }).nullish();
const places = z
  .record(z.string(), z.looseObject({ url: z.string(), params }))
  .nullish()
  .transform((all) =>
    Object.entries(all ?? {}).map(([name, one]) => ({ name, url: one.url, ref: one.params?.git_ref ?? null })),
  );

/** The used part of `.dolt/repo_state.json` (Dolt 2.3.0). */
const stateSchema = z.looseObject({
  /** The checked-out branch. */
  head: z.string().regex(/^refs\/heads\/./),
  remotes: places,
  backups: places,
});

/** The state of a database as read from its files, without an engine. */
export type RepoState = Readonly<z.infer<typeof stateSchema>>;

/** Reads the state of a database; null if it is missing or malformed. */
export async function readRepoState(database: string): Promise<RepoState | null> {
  const text = await readSmallText(join(database, '.dolt', 'repo_state.json'));
  return stateSchema.safeParse(parsedJson(text)).data ?? null;
}

/** The name of the journal, which only a working database has among its table files, and which grows (Dolt 2.3.0). */
export const JOURNAL = 'v'.repeat(32);

const TABLE_FILE = new RegExp(`^${HASH_TEXT}(?:\\.darc)?$`);

/** Table files never change (Dolt 2.3.0): their name is the hash of their content. The journal is none. */
export function isTableFile(name: string): boolean {
  return TABLE_FILE.test(name) && name !== JOURNAL;
}

/** Files of Dolt in a remote without data: after a fetch of an empty one, or during or after a killed first push. */
const OF_DOLT = new RegExp(
  `^(?:LOCK|oldgen|journal\\.idx|.*\\.darc|.*\\.tmp|nbs_(?:table|manifest)_\\d+|${HASH_TEXT})$`,
);
/** Files that file systems and desktops put into every folder. */
const OF_THE_DISK = ['lost+found', '@eaDir', '$RECYCLE.BIN', 'System Volume Information'];

/**
 * The first entry that shows that a place is neither a remote nor empty; undefined if there is none.
 * @param names all entries of a folder, or of the tree of a git remote
 */
export function foreignEntry(names: readonly string[]): string | undefined {
  if (names.includes('manifest')) return undefined;
  return names.filter((name) => !OF_DOLT.test(name) && !OF_THE_DISK.includes(name) && !name.startsWith('.')).sort()[0];
}

/**
 * The first line of a manifest: `version:format:lock:root:generation`, then `:name:chunks` of each table file (Dolt 2.3.0,
 * store/nbs/file_manifest.go).
 */
const MANIFEST = new RegExp(`^(\\d{1,9}):([^:]+):${HASH_TEXT}:(${HASH_TEXT}):`);
/**
 * The version that Dolt 2.3.0 writes. It does not check it on read: it serves a database of any other version unchanged
 * (measured).
 */
const VERSION = 5;
const FORMAT = '__DOLT__';
/** Formats of Dolt before 1.0, which `dolt migrate` converted. */
const OLD_FORMATS = ['__LD_1__', '__DOLT_DEV__', '7.18'];
/** It lists some 45 bytes for each table file. */
export const MANIFEST_BYTES = 16 * 1024 * 1024;

/** The verdict about the manifest of a database. */
type ManifestVerdict = 'readable' | 'corrupt' | 'newer' | 'older';

export function judgeManifest(text: string): ManifestVerdict {
  const [, version, format] = MANIFEST.exec(text) ?? [];
  if (version === undefined || format === undefined) return 'corrupt';
  if (Number(version) > VERSION) return 'newer';
  if (format === FORMAT) return 'readable';
  return OLD_FORMATS.includes(format) ? 'older' : 'newer';
}

const FIELDS_BEFORE_TABLES = 5;

/** The table files that a manifest names, and the journal; an archive is named without `.darc`. */
export function tablesIn(manifest: string): ReadonlySet<string> {
  const fields = manifest.trim().split(':').slice(FIELDS_BEFORE_TABLES);
  return new Set(fields.filter((_, index) => index % 2 === 0));
}

/**
 * Checks a database's manifest before an engine opens it. Without a manifest, an engine creates an empty database in a
 * folder full of data; it reads another format as its own (measured on Dolt 2.3.0). It needs the state of the database.
 * @param database the folder that holds `.dolt`; a folder without a database is not checked
 * @throws Failure `corrupt`, `client-too-old`, `database-format`
 */
export async function checkManifest(database: string): Promise<void> {
  const folder = join(database, '.dolt', 'noms');
  const text = await manifestText(join(folder, 'manifest'));
  if (text === null) {
    const names = await readdir(folder).catch(() => []);
    if (!names.some((name) => HASH.test(name))) return;
    throw new Failure('corrupt', `${folder} contains data but no manifest`);
  }
  switch (judgeManifest(text)) {
    case 'readable':
      return await requireState(join(database, '.dolt', 'repo_state.json'));
    case 'corrupt':
      throw new Failure(
        'corrupt',
        `${join(folder, 'manifest')} is ${text === '' ? 'empty' : 'not a manifest of Dolt'}`,
      );
    case 'newer':
      throw new Failure('client-too-old', `${database} is in the format of a newer Dolt`);
    case 'older':
      throw new Failure('database-format', `${database} is in the format of a Dolt before 1.0`);
  }
}

async function requireState(file: string): Promise<void> {
  if (await isFile(file)) return;
  throw new Failure('corrupt', `${file} is missing`, { location: { file } });
}

async function manifestText(file: string): Promise<string | null> {
  const found = await readSmall(file, MANIFEST_BYTES);
  switch (found.kind) {
    case 'read':
      return found.bytes.toString('latin1');
    case 'absent':
      return null;
    case 'refused': {
      const { cause, why } = found;
      if (cause === undefined) throw new Failure('corrupt', `${file} cannot be read: ${why}`);
      throw new Failure('database-read-only', `${file} cannot be read: ${systemCode(cause) ?? 'unknown'}`, { cause });
    }
  }
}

/**
 * Refuses a database with a FIFO, socket or device among its files: an engine that opens one waits forever while it
 * holds the lock.
 * @param database the folder that holds `.dolt`
 * @throws Failure `corrupt`
 */
export async function checkOrdinaryFiles(database: string): Promise<void> {
  const folder = join(database, '.dolt');
  // A user can keep these on another disk. Any other link can lead to the whole of it.
  const data = [join(folder, 'noms'), join(folder, 'noms', 'oldgen')];
  const found = [await oddEntries(folder), ...(await Promise.all(data.map(oddEntriesIn)))];
  const [special] = found.flatMap((one) => one.special);
  if (special === undefined) return;
  throw new Failure('corrupt', `${special} is not a regular file`, {
    hint: 'Remove it, or restore the database from a peer.',
    location: { file: special },
  });
}

/** Whether a readable folder holds a Dolt database. */
export async function isDatabase(folder: string): Promise<boolean> {
  return isFolder(join(folder, '.dolt', 'noms'));
}
