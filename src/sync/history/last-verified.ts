import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { z } from 'zod';
import { HASH } from '../../contract/hash.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import type { Env } from '../../core/env.ts';
import { putAside } from '../../core/files.ts';
import { lockFolder } from '../../dolt/file-lock.ts';
import { readOwnFile, writeOwnFile } from '../own-file.ts';

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

/** A head that our branch gave up for another history; a peer that still has it would bring it back. */
const retiredSchema = z.strictObject({ local: z.string(), head: hash });

/** Entries of version 1, by peer name; they lack our branch and the first commit. */
const formerSchema = z.record(
  z.string(),
  z.strictObject({ endpoint: z.string(), branch: z.string(), head: hash, at: moment }),
);

const stateSchema = z.strictObject({
  version: z.literal(2),
  peers: z.array(entrySchema),
  retired: z.array(retiredSchema),
  former: formerSchema,
});

const fileSchema = z.union([
  stateSchema,
  z.strictObject({ version: z.literal(1), peers: formerSchema }).transform(({ peers }) => ({
    version: 2 as const,
    peers: [],
    retired: [],
    former: peers,
  })),
]);

export type StateEntry = Readonly<z.infer<typeof entrySchema>>;

/** The state file: what this machine knows about the peers of a database. */
export interface StateFile {
  /** By the text of their keys, see `placeText`. */
  readonly peers: ReadonlyMap<string, StateEntry>;
  readonly retired: readonly Readonly<z.infer<typeof retiredSchema>>[];
  readonly former: Readonly<z.infer<typeof formerSchema>>;
}

/** Identifies a peer's branch and the local branch that belongs to it. Any other key has no entry. */
export type StateKey = Pick<StateEntry, 'root' | 'endpoint' | 'ref' | 'branch' | 'local'>;

export const EMPTY_STATE: StateFile = { peers: new Map(), retired: [], former: {} };

/** More than any number of peers needs; a larger file was not written by dolt-federation. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Each resolution of a rewritten history adds a few; the oldest are dropped. */
const MAX_RETIRED = 1_000;

/**
 * Inside `.dolt`, so that it moves with the database and is ignored with `.dolt`. Dolt ignores unknown files there, and
 * neither clones nor collects them (measured on 2.3.0: sql-server, clone, gc, fsck).
 */
export function stateFilePath(database: string): string {
  return join(database, '.dolt', 'dolt-federation.json');
}

/**
 * Reads the state file of a database. An unusable file is not a failure: the state is empty then, and `warning` gives
 * the reason.
 */
export async function readStateFile(
  database: string,
): Promise<{ readonly stateFile: StateFile; readonly warning: string | null }> {
  const { value, warning } = await readOwnFile(stateFilePath(database), MAX_BYTES, fileSchema);
  if (value === null) return { stateFile: EMPTY_STATE, warning };
  const { peers, retired, former } = value;
  return { stateFile: { peers: new Map(peers.map((entry) => [placeText(entry), entry])), retired, former }, warning };
}

/** The files with the state of one database. A run reads both, and writes one. */
export interface StatePlace {
  /** The folder of the database, or of a copy of it, that has the file of this run. */
  readonly folder: string;
  /** A folder with a file that other runs on the same database wrote; null: there is none. */
  readonly other: string | null;
  /** For the program that locks the folder. */
  readonly env: Env;
}

/** The records of all runs on a database. */
export interface KnownState {
  readonly stateFile: StateFile;
  /** Heads of the branch whose entry has another head in the other file. */
  readonly replaced: readonly string[];
  /** Files that cannot be used. */
  readonly unusable: readonly Diagnostic[];
  /** The other file, if it is one of them and of this user. */
  readonly damaged: string | null;
}

/** Reads the state of a branch of a database, whichever run recorded it. */
export async function readState(
  { folder, other }: Pick<StatePlace, 'folder' | 'other'>,
  local: string,
): Promise<KnownState> {
  const own = await readStateFile(folder);
  const others = other === null ? { stateFile: EMPTY_STATE, warning: null } : await readStateFile(other);
  const stateFile = combineStates(own.stateFile, others.stateFile, local);
  const replaced = [own, others].flatMap((one) => replacedHeads(one.stateFile, stateFile, local));
  const isOurs = other !== null && others.warning !== null && (await isOfThisUser(stateFilePath(other)));
  const unusable = [
    ...(own.warning === null ? [] : [unusableFile(own.warning)]),
    ...(others.warning === null ? [] : [{ ...unusableFile(others.warning), ...(isOurs ? {} : { hint: OF_OTHERS }) }]),
  ];
  return { stateFile, replaced, unusable, damaged: isOurs ? stateFilePath(other) : null };
}

/** The file may be sound, and is not ours to move. */
const OF_OTHERS =
  'The heads that another user recorded there do not count, so a rewritten history may not be recognised. Its owner can let this user read the file, or remove it.';

async function isOfThisUser(file: string): Promise<boolean> {
  const user = process.getuid?.();
  const found = await lstat(file).catch(() => null);
  return found !== null && (user === undefined || found.uid === user);
}

function unusableFile(message: string): Diagnostic {
  return { severity: 'warning', code: 'memory-unusable', message };
}

/**
 * Both states as one: of two entries for a peer, the one that was verified later, and all heads that were given up. Of
 * other branches than `local` our own entries stay: a run does not know which heads these branches contain.
 */
export function combineStates(own: StateFile, other: StateFile, local: string): StateFile {
  const peers = new Map(own.peers);
  for (const [key, entry] of other.peers) {
    const mine = peers.get(key);
    const isLater = mine === undefined || (entry.local === local && (entry.verifiedAt ?? '') > (mine.verifiedAt ?? ''));
    peers.set(key, isLater ? { ...mine, ...entry } : { ...entry, ...mine });
  }
  const isRetired = ({ local, head }: StateFile['retired'][number]): boolean =>
    own.retired.some((one) => one.local === local && one.head === head);
  const retired = [...other.retired.filter((one) => !isRetired(one)), ...own.retired].slice(-MAX_RETIRED);
  return { peers, retired, former: { ...other.former, ...own.former } };
}

/**
 * Writes the state file atomically. An unusable file is moved aside first.
 * @returns the path of the file that was moved aside; null: none
 * @throws errors of the file system
 */
export async function writeStateFile(database: string, { peers, retired, former }: StateFile): Promise<string | null> {
  const sorted = [...peers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  const written: z.infer<typeof stateSchema> = { version: 2, peers: sorted, retired: [...retired], former };
  const file = stateFilePath(database);
  const aside = (await readStateFile(database)).warning === null ? null : await putAside(file);
  await writeOwnFile(file, written);
  return aside;
}

/** Peers of one run are pushed to in parallel; their writes of the state file are not. */
const oneByOne = pLimit(1);
/** Longer than a run needs to write. A user who locks the folder for ever must not stop our runs. */
const MAX_WAIT_MS = 10_000;

/**
 * Changes the state of a branch. Runs with different scratch copies write one file at the same time, so they take turns
 * under a lock of its folder, and `change` gets what the others have recorded.
 * @param change returns the same state if there is nothing to write
 * @returns warnings about unusable files of this user that were moved aside
 * @throws errors of `change` and of the file system
 */
export async function changeState(
  { folder, other, env }: StatePlace,
  local: string,
  change: (known: KnownState) => StateFile | Promise<StateFile>,
): Promise<Diagnostic[]> {
  return await oneByOne(async () => {
    // An interrupted run still records its heads.
    const { signal } = new AbortController();
    const lock = await lockFolder(dirname(stateFilePath(folder)), { env, signal, maxWaitMs: MAX_WAIT_MS });
    try {
      const known = await readState({ folder, other }, local);
      const next = await change(known);
      const aside = next === known.stateFile ? null : await writeStateFile(folder, next);
      const otherAside = known.damaged === null ? null : await putAside(known.damaged).catch(() => null);
      return [
        ...(aside === null ? [] : [unusableFile(`${renamed(aside)}, and a new one was started`)]),
        ...(otherAside === null ? [] : [unusableFile(renamed(otherAside))]),
      ];
    } finally {
      if (lock.kind === 'held') await lock.release();
    }
  });
}

/**
 * Records a head that our branch is about to give up, before anything moves: after that, no later run could learn it.
 * If the move is not made, our branch still contains the head, and then it has no effect.
 * @returns a warning about an unusable state file that was moved aside
 * @throws errors of the file system
 */
export async function retireBeforeMove(state: StatePlace, local: string, head: string): Promise<Diagnostic[]> {
  // The end of the run finds out which heads of the other file our branch contains.
  return await changeState({ ...state, other: null }, local, ({ stateFile }) => retire(stateFile, local, [head]));
}

function renamed(aside: string): string {
  return `the unusable state file was renamed to ${aside}`;
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
export function replacedHeads(before: StateFile, after: StateFile, local: string): string[] {
  return [...before.peers].flatMap(([key, entry]) =>
    entry.local === local && after.peers.get(key)?.head !== entry.head ? [entry.head] : [],
  );
}

/** The state with heads that our branch gave up; the same object if it has all of them. */
export function retire(stateFile: StateFile, local: string, heads: readonly string[]): StateFile {
  const isRetired = (head: string) => stateFile.retired.some((one) => one.local === local && one.head === head);
  if (heads.every(isRetired)) return stateFile;
  const others = stateFile.retired.filter((one) => one.local !== local || !heads.includes(one.head));
  return { ...stateFile, retired: [...others, ...heads.map((head) => ({ local, head }))].slice(-MAX_RETIRED) };
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

/** The state with the records of a run of `backup` about peers that have an entry. */
export function addBackups(
  stateFile: StateFile,
  learned: readonly { readonly place: StateKey; readonly record: BackupRecord }[],
): StateFile {
  const peers = new Map(stateFile.peers);
  for (const { place, record } of learned) {
    const entry = peers.get(placeText(place));
    if (entry !== undefined) peers.set(placeText(place), { ...entry, ...record });
  }
  return { ...stateFile, peers };
}
