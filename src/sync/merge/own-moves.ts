import { join } from 'node:path';
import { z } from 'zod';
import { HASH } from '../../contract/hash.ts';
import type { KeyChanges } from '../../dolt/schema/uncommitted-keys.ts';
import { putOwnFileAside, readOwnFile, removeOwnFile, writeOwnFile } from '../own-file.ts';

const hash = z.string().regex(HASH);
const tableKeys = z.array(z.strictObject({ table: z.string(), text: z.string() }));

const move = { branch: z.string(), from: hash, to: hash };
/** Changes of foreign keys that Dolt undoes during a move. */
const undoneKeys = {
  /** Uncommitted foreign keys, which Dolt drops; absent: none. */
  keys: tableKeys.optional(),
  /** Foreign keys that were dropped and not committed, which Dolt brings back; absent: none. */
  droppedKeys: tableKeys.optional(),
};

/** A move of our branch that has begun; a branch marks its old head meanwhile. */
const markSchema = z.strictObject({ kind: z.enum(['advance', 'adopt']), ...move, ...undoneKeys });

/** A move of the branch at the user's server, recorded in the scratch copy. */
const servedSchema = z.strictObject({ kind: z.literal('served'), ...move, ...undoneKeys });

/** Uncommitted rows that a branch keeps. */
const keptSchema = z.strictObject({
  kind: z.literal('kept'),
  branch: z.string(),
  /** The head of our branch when the rows were set aside. */
  from: hash,
  /** The commit of the rows while they are away from the working set; null: the working set has them. */
  away: hash.nullable(),
});

/** Fetches that have begun; they bring and move tags. */
const fetchingSchema = z.strictObject({
  kind: z.literal('fetching'),
  /** When they began, in UTC as Dolt prints it. Tags made later are not theirs. */
  since: z.string(),
  /** The tags before. */
  tags: z.array(
    z.strictObject({
      name: z.string(),
      commit: hash,
      tagger: z.string(),
      email: z.string(),
      message: z.string(),
    }),
  ),
  /** Whether the run has begun to put tags back. */
  restoring: z.boolean(),
});

const tableFiles = z.record(z.string(), z.string());

/** Fetches whose data was not checked yet. */
const arrivingSchema = z.strictObject({
  kind: z.literal('arriving'),
  /** The table files whose chunks are known. */
  files: tableFiles,
  /** The data before the fetches, with which Dolt opened the database; absent: an earlier version recorded it. */
  before: z
    .strictObject({
      files: tableFiles,
      manifest: z.string(),
      journal: z.strictObject({ bytes: z.number(), end: z.string() }).nullable(),
    })
    .optional(),
  /** The heads of all remotes before the fetches; absent: unknown. */
  heads: z.array(hash).optional(),
});

const moveSchema = z.discriminatedUnion('kind', [markSchema, servedSchema, keptSchema, fetchingSchema, arrivingSchema]);
const fileSchema = z.strictObject({ version: z.literal(1), moves: z.record(z.string(), moveSchema) });

export type MarkedMove = Readonly<z.infer<typeof markSchema>>;
export type ServedMove = Readonly<z.infer<typeof servedSchema>>;
export type KeptRows = Readonly<z.infer<typeof keptSchema>>;
export type Fetching = Readonly<z.infer<typeof fetchingSchema>>;
export type Arriving = Readonly<z.infer<typeof arrivingSchema>>;
type OwnMove = z.infer<typeof moveSchema>;

/** The moves that this database has begun, by the name of the branch that records each. */
type OwnMoves = ReadonlyMap<string, OwnMove>;

/** A move with the changes of foreign keys that a later run makes if this one ends too early. */
export function withKeys<M extends MarkedMove | ServedMove>(of: M, { added, dropped }: KeyChanges): M {
  return {
    ...of,
    ...(added.length === 0 ? {} : { keys: [...added] }),
    ...(dropped.length === 0 ? {} : { droppedKeys: [...dropped] }),
  };
}

/** The changes of foreign keys of a recorded move. */
export function keysOf({ keys = [], droppedKeys = [] }: MarkedMove | ServedMove): KeyChanges {
  return { added: keys, dropped: droppedKeys };
}

/** More than any number of moves needs; a larger file was not written by dolt-federation. */
const MAX_BYTES = 1024 * 1024;

function movesFile(database: string): string {
  return join(database, '.dolt', 'dolt-federation-moves.json');
}

/**
 * Reads the moves that this database has begun. Only they are finished: everyone who may push branches to the database
 * can make a branch with the name of a marker. With an unusable file there are none, and `warning` gives the reason.
 */
export async function readOwnMoves(
  database: string,
): Promise<{ readonly moves: OwnMoves; readonly warning: string | null }> {
  const { value, warning } = await readOwnFile(movesFile(database), MAX_BYTES, fileSchema);
  return { moves: new Map(Object.entries(value?.moves ?? {})), warning };
}

/** The moves at a server that a scratch copy has begun, by the name of each. */
export async function servedMoves(scratch: string): Promise<readonly (readonly [string, ServedMove])[]> {
  const { moves } = await readOwnMoves(scratch);
  return [...moves].flatMap(([name, move]) => (move.kind === 'served' ? [[name, move] as const] : []));
}

/**
 * Records a move before its branch is made, or what became of it.
 * @param database the folder that the engine works on and therefore holds
 * @throws Failure `database-read-only`, `disk-full`, `file-owner`
 */
export async function recordMove(database: string, mark: string, move: OwnMove): Promise<void> {
  const { moves, warning } = await readOwnMoves(database);
  await writeOwnMoves(database, new Map([...moves, [mark, move]]), { isUsable: warning === null });
}

/** Removes the record of a move after its branch was removed. @throws errors of the file system */
export async function forgetMove(database: string, mark: string): Promise<void> {
  const { moves, warning } = await readOwnMoves(database);
  if (!moves.has(mark)) return;
  const others = new Map([...moves].filter(([name]) => name !== mark));
  await writeOwnMoves(database, others, { isUsable: warning === null });
}

/** Moves an unusable file aside first. Without moves there is no file. */
async function writeOwnMoves(
  database: string,
  moves: OwnMoves,
  present: { readonly isUsable: boolean },
): Promise<void> {
  const file = movesFile(database);
  if (!present.isUsable) await putOwnFileAside(file);
  const written: z.infer<typeof fileSchema> = { version: 1, moves: Object.fromEntries(moves) };
  if (moves.size === 0) await removeOwnFile(file);
  else await writeOwnFile(file, written);
}
