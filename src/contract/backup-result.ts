import { z } from 'zod';
import { HASH } from './hash.ts';
import { DRILL_KINDS, DRILLS, ROLES } from './vocabulary.ts';

const hash = z.string().regex(HASH);
const count = z.int().nonnegative();
const tables = z.array(z.strictObject({ name: z.string(), rows: count }));

/** The backup at one peer, as the run left it. */
export const drillSchema = z.strictObject({
  /** What the drill found. */
  kind: z.enum(DRILL_KINDS),
  /** Whether the peer had the tag, or this run pushed it; null: there is none, or it did not get there. */
  tag: z.enum(['present', 'pushed']).nullable(),
  /** Hash of the database at the commit, read in a fresh clone; null if nothing was proven. */
  databaseHash: hash.nullable(),
  /** Rows of each table, counted in a fresh clone; null if they were not counted. */
  tables: tables.nullable(),
  /** Size of the backup; null: unknown. */
  bytes: count.nullable(),
  /** How much it grew since the last run on this machine; null: there is none. */
  growth: z.int().nullable(),
  /** How long the drill took; null: there was none. */
  durationMs: count.nullable(),
});
export type Drill = Readonly<z.infer<typeof drillSchema>>;

/** What was backed up, and to how many peers. */
export const backupSchema = z.strictObject({
  tag: z.string().nullable(),
  /** The commit that was backed up; null if the run ended before it was known. */
  commit: hash.nullable(),
  drill: z.enum(DRILLS),
  /** Peers that have the proven commit; without a drill, those whose push was verified. */
  copies: count,
  /** How many must have it; null: every peer. */
  required: count.nullable(),
  /** The file with the proof; null: no backup was proven, or no file was asked for. */
  proof: z.string().nullable(),
});

/** The proof: what was read in fresh clones of the backups of one commit. */
export const proofSchema = z.strictObject({
  version: z.literal(1),
  /** The program that made it. */
  madeBy: z.string(),
  date: z.string(),
  /** Name of the database. */
  database: z.string(),
  branch: z.string(),
  tag: z.string().nullable(),
  commit: hash,
  /** `dolt_hashof_db` at the commit, in our database. */
  databaseHash: hash,
  doltVersion: z.string(),
  copies: count,
  required: count.nullable(),
  peers: z.array(
    z.strictObject({
      name: z.string(),
      endpoint: z.string(),
      role: z.enum(ROLES),
      kind: z.enum(DRILL_KINDS),
      /** The head of the branch there. */
      head: hash.nullable(),
      databaseHash: hash.nullable(),
      tables: tables.nullable(),
      bytes: count.nullable(),
      durationMs: count.nullable(),
    }),
  ),
});
export type Proof = Readonly<z.infer<typeof proofSchema>>;
