import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { readSmallText, statOf, writeFileAtomic } from '../../core/files.ts';
import { JOURNAL } from '../database-files.ts';
import { lockShared } from '../file-lock.ts';
import { lockFile } from '../server/lock.ts';
import { onlySetsRefs, ROOT_BYTES } from './journal.ts';
import { type StoredFiles, storedFiles } from './stored-files.ts';

/** The files of a database that change when an engine stores chunks. */
export interface StoreState {
  readonly files: StoredFiles;
  /** Empty without a manifest. */
  readonly manifest: string;
  /** null: it has no journal. */
  readonly journal: Journal | null;
}

interface Journal {
  readonly bytes: number;
  /** Its last bytes, which another journal does not have at this place; empty: unknown. */
  readonly end: string;
}

/**
 * Reads which data a database has.
 * @param database the folder that holds `.dolt`; no statement of its engine runs
 */
export async function storeState(database: string): Promise<StoreState> {
  const { manifest, journal } = pathsOf(database);
  return {
    files: await storedFiles(database),
    manifest: await readSmallText(manifest),
    journal: await readJournal(journal),
  };
}

async function readJournal(file: string): Promise<Journal | null> {
  const bytes = (await statOf(file))?.size;
  if (bytes === undefined) return null;
  const from = Math.max(0, bytes - ROOT_BYTES);
  return { bytes, end: (await partOf(file, from, bytes)).toString('hex') };
}

/** A part of a file; empty if the file cannot be read. */
async function partOf(file: string, from: number, to: number): Promise<Buffer> {
  const opened = await open(file, 'r').catch(() => null);
  try {
    const { buffer, bytesRead } = (await opened?.read(Buffer.alloc(to - from), 0, to - from, from)) ?? NOTHING_READ;
    return buffer.subarray(0, bytesRead);
  } finally {
    await opened?.close();
  }
}

const NOTHING_READ = { buffer: Buffer.alloc(0), bytesRead: 0 };

function pathsOf(database: string) {
  const noms = join(database, '.dolt', 'noms');
  return { manifest: join(noms, 'manifest'), journal: join(noms, JOURNAL), index: join(noms, 'journal.idx') };
}

/**
 * On the disk before the manifest is: a longer journal with an older manifest names files that are gone.
 * @throws Failure `corrupt` if it is another journal
 */
async function cutJournal(file: string, { bytes, end }: Journal): Promise<void> {
  const length = Buffer.from(end, 'hex').length;
  if ((await partOf(file, bytes - length, bytes)).toString('hex') !== end)
    throw new Failure('corrupt', 'its journal was replaced');
  const opened = await open(file, 'r+');
  try {
    await opened.truncate(bytes);
    await opened.sync();
  } finally {
    await opened.close();
  }
}

/** More than fetches write into a journal, even of many refs. */
const MAX_PART_BYTES = 64 * 1024 * 1024;

/**
 * Whether fetches alone wrote what the journal got since then. Nothing else shows that no other program worked with the
 * database after its engine had ended.
 */
async function hasOnlyFetched(file: string, before: Journal | null, now: Journal | null): Promise<boolean> {
  const [from, to] = [before?.bytes ?? 0, now?.bytes ?? 0];
  return to - from <= MAX_PART_BYTES && onlySetsRefs(await partOf(file, from, to));
}

/** Whether Dolt has the data that was there before in the same files. */
export function keepsFiles({ before, now }: { readonly before: StoreState; readonly now: StoreState }): boolean {
  return [...before.files].every(([path, file]) => now.files.get(path) === file);
}

/**
 * Gives a database whose table files are still there the journal and the manifest of an earlier state.
 * @throws Failure `corrupt` if it has another journal, errors of the file system
 */
export async function setBack(database: string, before: Pick<StoreState, 'journal' | 'manifest'>): Promise<void> {
  const { manifest, journal, index } = pathsOf(database);
  if (before.journal === null) await rm(journal, { force: true });
  else await cutJournal(journal, before.journal);
  await rm(index, { force: true });
  await writeFileAtomic(manifest, before.manifest);
}

/** An engine that was ended a moment ago may still be seen. */
const LOCK_MS = 5_000;

/**
 * Removes all that an engine stored, as if it had been killed before. Table files never change, and a journal only
 * grows: without its last records and its index, Dolt (2.3.0) opens it in the earlier state (measured).
 * @param database the folder that holds `.dolt`, whose engine has ended
 * @param states.now while the engine was idle, or after it had ended: a difference since then is the work of another
 * program
 * @param states.hasEnded whether the engine had ended before, so that `now` can contain the work of another program
 * @throws Failure `corrupt` if it is not possible; then nothing is changed
 */
export async function takeBack(
  database: string,
  states: { readonly before: StoreState; readonly now: StoreState; readonly hasEnded: boolean },
  context: { readonly env: Env; readonly signal: AbortSignal },
): Promise<void> {
  const { before, now, hasEnded } = states;
  const lock = await lockShared(lockFile(database), { env: context.env, signal: context.signal, maxWaitMs: LOCK_MS });
  if (lock.kind === 'impossible') throw new Failure('corrupt', `its files cannot be locked: ${lock.why}`);
  if (lock.kind !== 'held') throw new Failure('corrupt', 'another program has the database open');
  try {
    if (before.manifest === '' || !keepsFiles(states) || (before.journal?.bytes ?? 0) > (now.journal?.bytes ?? 0))
      throw new Failure('corrupt', 'Dolt has joined the new data with older data');
    const found = await storeState(database);
    // An engine that ends writes the manifest again, and nothing else.
    if (!isDeepStrictEqual(found.journal, now.journal) || !isDeepStrictEqual(found.files, now.files))
      throw new Failure('corrupt', 'another program wrote to the database meanwhile');
    const { journal } = pathsOf(database);
    if (hasEnded && !(await hasOnlyFetched(journal, before.journal, now.journal)))
      throw new Failure('corrupt', 'its engine has ended, and another program may have written to it since');
    await setBack(database, before);
    for (const path of now.files.keys()) if (!before.files.has(path)) await rm(join(database, '.dolt', path));
  } finally {
    await lock.release();
  }
}
