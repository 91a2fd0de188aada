import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { readSmallText, statOf, writeFileAtomic } from '../../core/files.ts';
import { JOURNAL } from '../database-files.ts';
import { lockShared } from '../file-lock.ts';
import { lockFile } from '../server/lock.ts';
import { type StoredFiles, storedFiles } from './stored-files.ts';

/** The files of a database that change when an engine stores chunks. */
export interface StoreState {
  readonly files: StoredFiles;
  /** Empty without a manifest. */
  readonly manifest: string;
  /** null: it has no journal. */
  readonly journalBytes: number | null;
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
    journalBytes: (await statOf(journal))?.size ?? null,
  };
}

function pathsOf(database: string) {
  const noms = join(database, '.dolt', 'noms');
  return { manifest: join(noms, 'manifest'), journal: join(noms, JOURNAL), index: join(noms, 'journal.idx') };
}

/** On the disk before the manifest is: a longer journal with an older manifest names files that are gone. */
async function cutJournal(file: string, bytes: number): Promise<void> {
  const opened = await open(file, 'r+');
  try {
    await opened.truncate(bytes);
    await opened.sync();
  } finally {
    await opened.close();
  }
}

/** An engine that was ended a moment ago may still be seen. */
const LOCK_MS = 5_000;

/**
 * Removes all that an engine stored, as if it had been killed before. Table files never change, and a journal only
 * grows: without its last records and its index, Dolt (2.3.0) opens it in the earlier state (measured).
 * @param database the folder that holds `.dolt`, whose engine has ended
 * @param states.now while the engine was idle: a difference since then is the work of another program
 * @throws Failure `corrupt` if it is not possible; then nothing is changed
 */
export async function takeBack(
  database: string,
  states: { readonly before: StoreState; readonly now: StoreState },
  context: { readonly env: Env; readonly signal: AbortSignal },
): Promise<void> {
  const { before, now } = states;
  const lock = await lockShared(lockFile(database), { env: context.env, signal: context.signal, maxWaitMs: LOCK_MS });
  if (lock.kind === 'impossible') throw new Failure('corrupt', `its files cannot be locked: ${lock.why}`);
  if (lock.kind !== 'held') throw new Failure('corrupt', 'another program has the database open');
  try {
    const isKept = [...before.files].every(([path, file]) => now.files.get(path) === file);
    if (before.manifest === '' || !isKept || (before.journalBytes ?? 0) > (now.journalBytes ?? 0))
      throw new Failure('corrupt', 'Dolt has joined the new data with older data');
    const found = await storeState(database);
    // An engine that ends writes the manifest again, and nothing else.
    if (found.journalBytes !== now.journalBytes || !isDeepStrictEqual(found.files, now.files))
      throw new Failure('corrupt', 'another program wrote to the database meanwhile');
    const { manifest, journal, index } = pathsOf(database);
    if (before.journalBytes === null) await rm(journal, { force: true });
    else await cutJournal(journal, before.journalBytes);
    await rm(index, { force: true });
    await writeFileAtomic(manifest, before.manifest);
    for (const path of now.files.keys()) if (!before.files.has(path)) await rm(join(database, '.dolt', path));
  } finally {
    await lock.release();
  }
}
