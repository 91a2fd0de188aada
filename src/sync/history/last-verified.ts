import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { HASH } from '../../contract/hash.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import type { Env } from '../../core/env.ts';
import { without } from '../../core/lists.ts';
import { putOwnFileAside, readOwnFile, writeOwnFile } from '../own-file.ts';

const hash = z.string().regex(HASH);
const moment = z.iso.datetime({ precision: 3 });

/** The records of `backup` about a peer. */
export const BACKUP_FIELDS = {
  /** How large the backup there was when `backup` last measured it. */
  size: z.strictObject({ bytes: z.int().nonnegative(), of: z.enum(['clone', 'folder']) }).optional(),
  /** When a drill last proved the backup there, and how many runs with drills did not prove it since. */
  drills: z.strictObject({ provenAt: moment.nullable(), since: z.int().nonnegative() }).optional(),
};

const entrySchema = z.strictObject({
  /** First commit of our history. */
  root: hash,
  /** The place of the peer; see `dataPlaceOf`. */
  endpoint: z.string(),
  /** Git ref that holds the data of a git remote; another ref is another remote. */
  ref: z.string().nullable(),
  branch: z.string(),
  /** Our branch. */
  local: z.string(),
  /** The last head that the peer and our branch both contained. */
  head: hash,
  verifiedAt: moment.nullable(),
  ...BACKUP_FIELDS,
});

/** A head of our branch. */
const ownHeadSchema = z.strictObject({ local: z.string(), head: hash });

/** A head of a peer that our branch may lack, for one branch of ours; see begun-pushes.ts. */
const passedOnSchema = entrySchema.pick({ endpoint: true, ref: true, branch: true, local: true, head: true });

/** Entries of version 1, by peer name; they lack our branch and the first commit. */
const formerSchema = z.record(
  z.string(),
  z.strictObject({ endpoint: z.string(), branch: z.string(), head: hash, at: moment }),
);

const stateSchema = z.strictObject({
  version: z.literal(2),
  peers: z.array(entrySchema),
  retired: z.array(ownHeadSchema),
  former: formerSchema,
  /** Absent: none. */
  pushed: z.array(ownHeadSchema).default([]),
  passedOn: z.array(passedOnSchema).default([]),
});

const fileSchema = z.union([
  stateSchema,
  z.strictObject({ version: z.literal(1), peers: formerSchema }).transform(({ peers }) => ({
    version: 2 as const,
    peers: [],
    retired: [],
    former: peers,
    pushed: [],
    passedOn: [],
  })),
]);

export type StateEntry = Readonly<z.infer<typeof entrySchema>>;
export type PassedOn = Readonly<z.infer<typeof passedOnSchema>>;
type OwnHead = Readonly<z.infer<typeof ownHeadSchema>>;

/** The state file: what this machine knows about the peers of a database. */
export interface StateFile {
  /** By the text of their keys, see `placeText`. */
  readonly peers: ReadonlyMap<string, StateEntry>;
  /** Heads that our branches gave up for another history; a peer that still has one would bring it back. */
  readonly retired: readonly OwnHead[];
  readonly former: Readonly<z.infer<typeof formerSchema>>;
  /** The last heads of our branches that runs began to push. A run that is killed records nothing else about a push. */
  readonly pushed: readonly OwnHead[];
  /** Heads of peers that runs began to push to other peers before our branch had them. */
  readonly passedOn: readonly PassedOn[];
}

/** Identifies a peer's branch and the local branch that belongs to it. Any other key has no entry. */
export type StateKey = Pick<StateEntry, 'root' | 'endpoint' | 'ref' | 'branch' | 'local'>;

export const EMPTY_STATE: StateFile = { peers: new Map(), retired: [], former: {}, pushed: [], passedOn: [] };

/** More than any number of peers needs; a larger file was not written by dolt-federation. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Each resolution of a rewritten history adds a few, and each killed run; the oldest are dropped. */
const MAX_LISTED = 1_000;

/** Two lists of the state as one. */
export function bothOf<T extends object>(earlier: readonly T[], later: readonly T[]): readonly T[] {
  return [...without(earlier, later), ...later].slice(-MAX_LISTED);
}

/**
 * Inside `.dolt`, so that it moves with the database and is ignored with `.dolt`. Dolt ignores unknown files there, and
 * neither clones nor collects them (measured on 2.3.0: sql-server, clone, gc, fsck).
 */
export function stateFilePath(database: string): string {
  return join(database, '.dolt', 'dolt-federation.json');
}

interface ReadFile {
  readonly stateFile: StateFile;
  readonly warning: string | null;
}

/**
 * Reads the state file of a database. An unusable file is not a failure: the state is empty then, and `warning` gives
 * the reason.
 */
export async function readStateFile(database: string): Promise<ReadFile> {
  const { value, warning } = await readOwnFile(stateFilePath(database), MAX_BYTES, fileSchema);
  if (value === null) return { stateFile: EMPTY_STATE, warning };
  const { peers, retired, former, pushed, passedOn } = value;
  const entries = new Map(peers.map((entry) => [placeText(entry), entry]));
  return { stateFile: { peers: entries, retired, former, pushed, passedOn }, warning };
}

/** The files with the state of one database. A run reads both, and writes one. */
export interface StatePlace {
  /** The folder of the database, or of a copy of it, that has the file of this run. */
  readonly folder: string;
  /** A folder with a file that other runs on the same database wrote; null: there is none. */
  readonly other: string | null;
  /** Further copies of the database that other runs worked in. Only the moves that they recorded there count. */
  readonly moreCopies?: readonly string[];
  /** For the program that locks the folder. */
  readonly env: Env;
}

/** Both files as they were at one moment. */
export interface StateFiles {
  readonly own: ReadFile;
  readonly other: ReadFile;
  /** The other file, if it cannot be used and is of this user: the next change of the state renames it. */
  readonly otherToRename: string | null;
}

/** The records of all runs on a database. */
export interface KnownState {
  readonly stateFile: StateFile;
  /** Heads of the branch whose entry has another head in the other file. */
  readonly replaced: readonly string[];
  /** Files that cannot be used. */
  readonly unusable: readonly Diagnostic[];
}

/** Reads the state of a database, whichever run recorded it. */
export async function readStateFiles({ folder, other }: StatePlace): Promise<StateFiles> {
  const own = await readStateFile(folder);
  if (other === null) return { own, other: { stateFile: EMPTY_STATE, warning: null }, otherToRename: null };
  const file = stateFilePath(other);
  const read = await readStateFile(other);
  const isToRename = read.warning !== null && (await isOfThisUser(file));
  return { own, other: read, otherToRename: isToRename ? file : null };
}

/** The state of a branch. @param local null: of none */
export function stateOf({ own, other, otherToRename }: StateFiles, local: string | null): KnownState {
  const stateFile = combineStates(own.stateFile, other.stateFile, local);
  const replaced = [own, other].flatMap((one) => replacedHeads(one.stateFile, stateFile, local));
  const hint = otherToRename === null ? OF_OTHERS : TO_RENAME;
  const unusable = [
    ...(own.warning === null ? [] : [unusableFile(own.warning)]),
    ...(other.warning === null ? [] : [{ ...unusableFile(other.warning), hint }]),
  ];
  return { stateFile, replaced, unusable };
}

/** Reads the state of a branch of a database. */
export async function readState(place: StatePlace, local: string): Promise<KnownState> {
  return stateOf(await readStateFiles(place), local);
}

const TO_RENAME =
  'The heads in it do not count, so a rewritten history may not be recognised. The next run that writes renames it.';

/** The file may be sound, and is not ours to move. */
const OF_OTHERS =
  'The heads that another user recorded there do not count, so a rewritten history may not be recognised. Its owner can let this user read the file, or remove it.';

async function isOfThisUser(file: string): Promise<boolean> {
  const user = process.getuid?.();
  const found = await lstat(file).catch(() => null);
  return found !== null && (user === undefined || found.uid === user);
}

export function unusableFile(message: string): Diagnostic {
  return { severity: 'warning', code: 'memory-unusable', message };
}

/**
 * Both states as one: of two entries for a peer, the one that was verified later, and all heads that were given up. Of
 * other branches than `local` our own entries stay: a run does not know which heads these branches contain.
 */
export function combineStates(own: StateFile, other: StateFile, local: string | null): StateFile {
  const peers = new Map(own.peers);
  for (const [key, entry] of other.peers) {
    const mine = peers.get(key);
    const isLater = mine === undefined || (entry.local === local && (entry.verifiedAt ?? '') > (mine.verifiedAt ?? ''));
    peers.set(key, isLater ? { ...mine, ...entry } : { ...entry, ...mine });
  }
  const retired = bothOf(other.retired, own.retired);
  return {
    peers,
    retired,
    former: { ...other.former, ...own.former },
    pushed: without(bothOf(other.pushed, own.pushed), retired),
    passedOn: bothOf(other.passedOn, own.passedOn),
  };
}

/**
 * Writes the state file atomically. An unusable file is moved aside first.
 * @returns the path of the file that was moved aside; null: none
 * @throws Failure `database-read-only`, `disk-full`, `file-owner`
 */
export async function writeStateFile(database: string, stateFile: StateFile): Promise<string | null> {
  const { peers, retired, former, pushed, passedOn } = stateFile;
  const sorted = [...peers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  const written: z.input<typeof stateSchema> = {
    version: 2,
    peers: sorted,
    retired: [...retired],
    former,
    ...(pushed.length === 0 ? {} : { pushed: [...pushed] }),
    ...(passedOn.length === 0 ? {} : { passedOn: [...passedOn] }),
  };
  const file = stateFilePath(database);
  const aside = (await readStateFile(database)).warning === null ? null : await putOwnFileAside(file);
  await writeOwnFile(file, written);
  return aside;
}

function placeText({ root, endpoint, ref, branch, local }: StateKey): string {
  return JSON.stringify([endpoint, ref, branch, local, root]);
}

/** The recorded head of a peer. `certain`: our branch is known to have contained the head. */
export interface Remembered {
  readonly head: string;
  readonly verifiedAt: string | null;
  readonly certain: boolean;
  /** It came from the Actions cache. */
  readonly isRestored?: true;
}

/** The entry of one key; an entry of version 1 counts until the key has its own. */
export function findEntry(stateFile: StateFile, place: StateKey, name: string): Remembered | null {
  const own = stateFile.peers.get(placeText(place));
  if (own !== undefined) return { head: own.head, verifiedAt: own.verifiedAt, certain: true };
  const former = Object.hasOwn(stateFile.former, name) ? stateFile.former[name] : undefined;
  if (former?.endpoint !== place.endpoint || former.branch !== place.branch) return null;
  return { head: former.head, verifiedAt: former.at, certain: false };
}

/** The facts that a run learned about one peer. */
export interface Finding {
  readonly place: StateKey;
  readonly name: string;
  readonly head: string;
  /** null: the peer was read but not verified; the last verification time stays. */
  readonly verifiedAt: string | null;
}

/** The state with what a run learned; entries of other peers stay. */
export function remember(stateFile: StateFile, findings: readonly Finding[]): StateFile {
  const peers = new Map(stateFile.peers);
  const former = new Map(Object.entries(stateFile.former));
  for (const { place, name, head, verifiedAt } of findings) {
    const before = findEntry(stateFile, place, name);
    const key = placeText(place);
    peers.set(key, { ...peers.get(key), ...place, head, verifiedAt: verifiedAt ?? before?.verifiedAt ?? null });
    if (before?.certain === false) former.delete(name);
  }
  return { ...stateFile, peers, former: Object.fromEntries(former) };
}

/**
 * The heads of a branch whose entries got another head: nothing else records that our branch contained them. The branch
 * gave up those that it no longer contains.
 */
export function replacedHeads(before: StateFile, after: StateFile, local: string | null): string[] {
  return [...before.peers].flatMap(([key, entry]) =>
    entry.local === local && after.peers.get(key)?.head !== entry.head ? [entry.head] : [],
  );
}

/** The state with heads that our branch gave up; the same object if it has all of them. */
export function retire(stateFile: StateFile, local: string, heads: readonly string[]): StateFile {
  const isRetired = (head: string) => stateFile.retired.some((one) => one.local === local && one.head === head);
  if (heads.every(isRetired)) return stateFile;
  const others = stateFile.retired.filter((one) => one.local !== local || !heads.includes(one.head));
  const added = [...new Set(heads)].map((head) => ({ local, head }));
  return { ...stateFile, retired: [...others, ...added].slice(-MAX_LISTED) };
}

/**
 * The size of a backup: of the table files in a clone of it, or of the folder that holds it. Only equal kinds compare.
 */
export type BackupSize = NonNullable<StateEntry['size']>;
export type DrillHistory = NonNullable<StateEntry['drills']>;
export type BackupRecord = Pick<StateEntry, 'size' | 'drills'>;

/** The records about the backup at a place; null: the place has no entry. */
export function findBackup(stateFile: StateFile, place: StateKey): BackupRecord | null {
  const entry = stateFile.peers.get(placeText(place));
  return entry === undefined ? null : { size: entry.size, drills: entry.drills };
}

/** The state with the records of a run of `backup` about peers that have an entry; the same object without news. */
export function addBackups(
  stateFile: StateFile,
  learned: readonly { readonly place: StateKey; readonly record: BackupRecord }[],
): StateFile {
  const peers = new Map(stateFile.peers);
  let hasNews = false;
  for (const { place, record } of learned) {
    const entry = peers.get(placeText(place));
    if (entry === undefined) continue;
    const next = { ...entry, ...record };
    if (isDeepStrictEqual([entry.size, entry.drills], [next.size, next.drills])) continue;
    peers.set(placeText(place), next);
    hasNews = true;
  }
  return hasNews ? { ...stateFile, peers } : stateFile;
}
