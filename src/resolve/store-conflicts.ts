import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage, Failure } from '../core/failure.ts';
import { readSmall } from '../core/read-small.ts';
import { systemCode } from '../core/system-code.ts';
import { writeWhole } from '../core/write-whole.ts';
import type { ConflictsFile } from './conflicts-file.ts';
import { conflictsText } from './conflicts-text.ts';
import { isEmptyFile } from './keep-choices.ts';
import { parseConflicts } from './parse-conflicts.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** A hundred thousand rows; more is no file for a person. */
export const MAX_CONFLICTS_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Reads a conflicts file.
 * @throws Failure `conflicts-file-unreadable`, `conflicts-file-invalid`
 */
export async function readConflicts(file: string): Promise<ConflictsFile> {
  return parseConflicts(await readText(file), file);
}

/** A conflicts file if it is there; what a person made unreadable is an error of its own, see `readConflicts`. */
export async function readConflictsIfAny(file: string): Promise<ConflictsFile | null> {
  const found = await stat(file).catch((thrown: unknown) => {
    if (systemCode(thrown) === 'ENOENT' || systemCode(thrown) === 'ENOTDIR') return null;
    throw unreadable(file, thrown);
  });
  return found === null ? null : await readConflicts(file);
}

async function readText(file: string): Promise<string> {
  const found = await readSmall(file, MAX_CONFLICTS_FILE_BYTES);
  if (found.kind === 'absent') throw unreadable(file, 'ENOENT, it does not exist');
  if (found.kind === 'refused') throw unreadable(file, found.cause ?? found.why);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(found.bytes);
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

function unreadable(file: string, thrown: unknown): Failure {
  return new Failure('conflicts-file-unreadable', `cannot read ${file}: ${errorMessage(thrown)}`, {
    location: { file },
    cause: thrown,
  });
}

/**
 * Puts a conflicts file where it belongs, whole or not at all, for nobody else to read; one that holds nothing is
 * removed instead.
 * @returns whether there is a file now
 * @throws Failure `conflicts-file-unwritten`
 */
export async function storeConflicts(file: string, conflicts: ConflictsFile): Promise<boolean> {
  try {
    if (isEmptyFile(conflicts)) {
      await rm(file, { force: true });
      return false;
    }
    await mkdir(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
    const text = conflictsText(conflicts);
    if (Buffer.byteLength(text) > MAX_CONFLICTS_FILE_BYTES) {
      throw new Error(`the rows left for a person take more than ${MAX_CONFLICTS_FILE_BYTES / (1024 * 1024)} MiB`);
    }
    await writeWhole(file, text, PRIVATE_FILE);
    return true;
  } catch (thrown) {
    throw new Failure('conflicts-file-unwritten', `${file}: ${errorMessage(thrown)}`, {
      location: { file },
      cause: thrown,
    });
  }
}

/** Puts a file that cannot be read aside, so that nothing that a person wrote is lost. @returns its new path */
export async function setAside(file: string): Promise<string> {
  const aside = `${file}.unreadable`;
  await rename(file, aside);
  return aside;
}
