import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure, systemCode } from '../core/failure.ts';
import { oddEntries, readSmall, readSmallText } from '../core/files.ts';

const places = z
  .record(z.string(), z.looseObject({ url: z.string() }))
  .nullish()
  .transform((all) => Object.entries(all ?? {}).map(([name, { url }]) => ({ name, url })));

/** `.dolt/repo_state.json`, as far as it is of interest here (Dolt 2.3.0). */
const stateSchema = z.looseObject({
  /** Which branch is checked out. */
  head: z.string().regex(/^refs\/heads\/./),
  remotes: places,
  backups: places,
});

/** What the files of a database say without an engine. */
export type RepoState = Readonly<z.infer<typeof stateSchema>>;

/** Reads the state of a database; null where there is none that can be understood. */
export async function readRepoState(database: string): Promise<RepoState | null> {
  try {
    const text = await readSmallText(join(database, '.dolt', 'repo_state.json'));
    return stateSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** The first line of a manifest: `version:format:lock:root:…` (Dolt 2.3.0, store/nbs/file_manifest.go). */
const MANIFEST = /^(\d{1,9}):([^:]+):[0-9a-v]{32}:([0-9a-v]{32}):/;
/** What Dolt 2.3.0 writes, and reads whatever stands there: it serves a database of any other name as it is (measured). */
const VERSION = 5;
const FORMAT = '__DOLT__';
/** Formats of Dolt before 1.0, which `dolt migrate` turned into today's. */
const OLD_FORMATS = ['__LD_1__', '__DOLT_DEV__', '7.18'];
/** It lists some 45 bytes for each table file. */
const MAX_BYTES = 16 * 1024 * 1024;

/** What a manifest says about the database that it belongs to. */
type ManifestVerdict = 'readable' | 'corrupt' | 'newer' | 'older';

export function judgeManifest(text: string): ManifestVerdict {
  const [, version, format] = MANIFEST.exec(text) ?? [];
  if (version === undefined || format === undefined) return 'corrupt';
  if (Number(version) > VERSION) return 'newer';
  if (format === FORMAT) return 'readable';
  return OLD_FORMATS.includes(format) ? 'older' : 'newer';
}

/**
 * Looks at a database's manifest before an engine does: an engine that finds none in a folder full of data begins an empty
 * database there, and one that finds another format reads it as if it were its own (measured on Dolt 2.3.0).
 * @param database the folder that holds `.dolt`; one without a database is left to others to judge
 * @throws Failure `corrupt`, `client-too-old`, `database-format`
 */
export async function checkManifest(database: string): Promise<void> {
  const folder = join(database, '.dolt', 'noms');
  const text = await manifestText(join(folder, 'manifest'));
  if (text === null) {
    const names = await readdir(folder).catch(() => []);
    if (!names.some((name) => /^[0-9a-v]{32}$/.test(name))) return;
    throw new Failure('corrupt', `${folder} holds data, but no manifest that says which`);
  }
  switch (judgeManifest(text)) {
    case 'readable':
      return;
    case 'corrupt':
      throw new Failure('corrupt', `${join(folder, 'manifest')} is ${text === '' ? 'empty' : 'no manifest of Dolt'}`);
    case 'newer':
      throw new Failure('client-too-old', `${database} is in a format that only a newer Dolt reads`);
    case 'older':
      throw new Failure('database-format', `${database} is in a format of Dolt before 1.0`);
  }
}

async function manifestText(file: string): Promise<string | null> {
  const found = await readSmall(file, MAX_BYTES);
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
 * Refuses a database with a FIFO, a socket or a device among its files: an engine that opens one waits for ever, with the
 * lock of the database in its hands.
 * @param database the folder that holds `.dolt`
 * @throws Failure `corrupt`
 */
export async function checkOrdinaryFiles(database: string): Promise<void> {
  const [special] = (await oddEntries(join(database, '.dolt'))).special;
  if (special === undefined) return;
  throw new Failure('corrupt', `${special} is no ordinary file`, {
    hint: 'Remove it, or restore the database from a peer.',
    location: { file: special },
  });
}
