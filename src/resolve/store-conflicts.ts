import { createHash } from 'node:crypto';
import { lstat, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorMessage, Failure, systemCode } from '../core/failure.ts';
import { makeFolders, readSmall, type SmallFile, writeFileAtomic } from '../core/files.ts';
import {
  type ConflictsFile,
  type LostRow,
  rowName,
  type UnresolvedCell,
  type UnresolvedMerge,
  type UnresolvedRow,
} from './conflicts-file.ts';
import { conflictsText } from './conflicts-text.ts';
import { parseConflicts } from './parse-conflicts.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const WORLD_WRITABLE = 0o002;
/** Enough for a hundred thousand rows; a larger file is useless for a person. */
export const MAX_CONFLICTS_FILE_BYTES = 64 * 1024 * 1024;

/** A conflicts file as read. */
export interface StoredConflicts {
  readonly conflicts: ConflictsFile;
  /** SHA-256 of its bytes. */
  readonly digest: string;
}

/**
 * Reads a conflicts file.
 * @throws Failure `conflicts-file-unreadable`, `conflicts-file-invalid`
 */
export async function readConflicts(file: string): Promise<StoredConflicts> {
  await refuseOthers(file);
  const found = await readSmall(file, MAX_CONFLICTS_FILE_BYTES, 'refuse');
  if (found.kind === 'absent') throw unreadable(file, 'ENOENT, it does not exist');
  if (found.kind === 'refused') throw unreadable(file, found.cause ?? found.why, NO_FILE);
  return { conflicts: parseConflicts(textOf(found.bytes, file), file), digest: digestOf(found.bytes) };
}

const NO_FILE = 'Use a regular file of at most 64 MiB, not a link.';

/** A conflicts file if it exists; a malformed one is an error, see `readConflicts`. */
export async function readConflictsIfAny(file: string): Promise<StoredConflicts | null> {
  const found = await lstat(file).catch((thrown: unknown) => {
    if (systemCode(thrown) === 'ENOENT' || systemCode(thrown) === 'ENOTDIR') return null;
    throw unreadable(file, thrown);
  });
  return found === null ? null : await readConflicts(file);
}

/** @throws Failure `conflicts-file-unreadable` if another user may have edited it */
async function refuseOthers(file: string): Promise<void> {
  const found = await lstat(file).catch(() => null);
  const user = process.geteuid?.();
  if (found === null || user === undefined || !found.isFile()) return;
  const why = othersMayWrite(found, user);
  if (why !== null) {
    throw unreadable(
      file,
      why,
      `Check the choices in it. If they are yours, run \`chown ${user} FILE; chmod 600 FILE\`.`,
    );
  }
}

/** Why another user may have written to a file; null if that is impossible. Root may write everywhere. */
export function othersMayWrite(found: { readonly uid: number; readonly mode: number }, user: number): string | null {
  if (found.uid !== user && found.uid !== 0) return `it belongs to another user (${found.uid})`;
  return (found.mode & WORLD_WRITABLE) === 0 ? null : 'every user of this machine can write to it';
}

function textOf(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const lines = bytes.toString('latin1').split('\n');
    const isBroken = (line: string): boolean => {
      const original = Buffer.from(line, 'latin1');
      return !Buffer.from(original.toString('utf8')).equals(original);
    };
    throw new Failure('conflicts-file-unreadable', `${file} is not UTF-8`, {
      hint: 'Save it as UTF-8, or delete it and run `sync` to write it again.',
      location: { file, line: lines.findIndex(isBroken) + 1, column: 1 },
      cause,
    });
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function unreadable(file: string, thrown: unknown, hint?: string): Failure {
  const why = typeof thrown === 'string' ? thrown : errorMessage(thrown);
  return new Failure('conflicts-file-unreadable', `cannot read ${file}: ${why}`, {
    location: { file },
    cause: thrown,
    hint,
  });
}

/** @returns the path for a conflicts file in a new folder @throws Failure `conflicts-file-unwritten` */
export async function newConflictsFile(parent: string): Promise<string> {
  const folder = join(parent, 'dolt-federation-conflicts-');
  return join(
    await mkdtemp(folder).catch((thrown: unknown) => {
      throw unwritten(folder, errorMessage(thrown), { cause: thrown });
    }),
    'conflicts.yaml',
  );
}

/**
 * Writes a conflicts file atomically, readable only for its owner; removes it if it would be empty. A link is not
 * followed: it would write the rows of the database elsewhere.
 * @returns whether the file exists now
 * @throws Failure `conflicts-file-unwritten`
 */
export async function storeConflicts(file: string, conflicts: ConflictsFile): Promise<boolean> {
  try {
    await refuseLinks(file);
    if (isEmptyFile(conflicts)) {
      await rm(file, { force: true });
      return false;
    }
    await makeFolders(dirname(file), PRIVATE_FOLDER);
    const text = conflictsText(conflicts);
    if (Buffer.byteLength(text) > MAX_CONFLICTS_FILE_BYTES) {
      throw new Error(`the rows that need a decision take more than ${MAX_CONFLICTS_FILE_BYTES / (1024 * 1024)} MiB`);
    }
    await writeFileAtomic(file, text, PRIVATE_FILE);
    return true;
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw unwritten(file, errorMessage(thrown), { cause: thrown });
  }
}

/**
 * Writes a conflicts file that was read before. If it has changed since, it stays, and the new content goes to a file
 * beside it.
 * @returns the digest of the file now; null if it was removed
 * @throws Failure `conflicts-file-unwritten`
 */
export async function rewriteConflicts(
  file: string,
  conflicts: ConflictsFile,
  digest: string | null,
): Promise<string | null> {
  if (digest === (await digestNow(file))) {
    await storeConflicts(file, conflicts);
    return await digestNow(file);
  }
  const beside = `${file}.mine`;
  if (!isEmptyFile(conflicts)) await storeConflicts(beside, conflicts);
  const hint = isEmptyFile(conflicts)
    ? 'Check it, and remove it if it has no open rows.'
    : `The new content is in ${beside}. Merge the two files into one and run resolve with it.`;
  throw unwritten(file, 'another process changed the file after it was read', { hint });
}

/** @returns null if there is no readable file */
async function digestNow(file: string): Promise<string | null> {
  const found: SmallFile = await readSmall(file, MAX_CONFLICTS_FILE_BYTES, 'refuse');
  return found.kind === 'read' ? digestOf(found.bytes) : null;
}

async function refuseLinks(file: string): Promise<void> {
  for (const path of [dirname(file), file]) {
    const found = await lstat(path).catch(() => null);
    if (found?.isSymbolicLink() === true) {
      throw unwritten(path, 'it is a symbolic link', { hint: 'Remove the link, then run again.' });
    }
  }
}

function unwritten(file: string, why: string, details: { readonly hint?: string; readonly cause?: unknown }): Failure {
  return new Failure('conflicts-file-unwritten', `${file}: ${why}`, { location: { file }, ...details });
}

/** The results of a run, for a conflicts file. */
interface Found {
  readonly branch: string;
  /** Merges that are unresolved, of any peers. */
  readonly merges: readonly UnresolvedMerge[];
  readonly lost: readonly LostRow[];
  /** Peers whose entries this run replaces or removes; entries of the others stay. */
  readonly checked: readonly string[];
  /** The configured peers that may be merged from. */
  readonly configured: readonly string[];
}

/**
 * The next conflicts file. It keeps from the last one: merges with unchecked peers, lost rows that the user has not
 * removed, and choices for unchanged rows.
 * @param last null if there is none
 */
export function nextFile(last: ConflictsFile | null, found: Found): ConflictsFile {
  const before = last?.branch === found.branch ? last.merges : [];
  const silent = before.filter(({ peer }) => found.configured.includes(peer) && !found.checked.includes(peer));
  const kept = found.merges.map((merge) =>
    withChoices(
      merge,
      before.find(({ peer }) => peer === merge.peer),
    ),
  );
  const merges = [...silent, ...kept].toSorted((a, b) => (a.peer < b.peer ? -1 : 1));
  const lost = new Map((last?.lost ?? []).map((row) => [lostName(row), row]));
  for (const row of found.lost) {
    const name = lostName(row);
    lost.set(name, { ...row, choose: lost.get(name)?.choose ?? row.choose });
  }
  return { branch: found.branch, merges, lost: [...lost.values()] };
}

/** A row that two runs found is the same; `sql` may differ, because it depends on the free keys. */
export function lostName({ kind, table, row }: LostRow): string {
  return JSON.stringify([kind, table, Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

function withChoices(merge: UnresolvedMerge, last: UnresolvedMerge | undefined): UnresolvedMerge {
  const rows = new Map(last?.rows.map((row) => [rowName(row), row]));
  return { ...merge, rows: merge.rows.map((row) => chosenBefore(row, rows.get(rowName(row)))) };
}

function chosenBefore(row: UnresolvedRow, last: UnresolvedRow | undefined): UnresolvedRow {
  if (last === undefined || contents(row) !== contents(last)) return row;
  const cells = Object.entries(row.cells).map(([name, cell]) => {
    return [name, { ...cell, choose: last.cells[name]?.choose ?? null }] as const;
  });
  return { ...row, choose: last.choose, cells: Object.fromEntries(cells) };
}

function contents({ kind, deletedBy, otherKey, cells, rows }: UnresolvedRow): string {
  const versions = (cell: UnresolvedCell) => (['base', 'ours', 'theirs'] as const).map((side) => [side, cell[side]]);
  const all = Object.entries(cells).map(([name, cell]) => [name, versions(cell)] as const);
  return JSON.stringify([kind, deletedBy, otherKey, all.toSorted(([a], [b]) => (a < b ? -1 : 1)), rows]);
}

/** Whether a file has no entry for a person. */
export function isEmptyFile({ merges, lost }: ConflictsFile): boolean {
  return merges.length === 0 && lost.length === 0;
}
