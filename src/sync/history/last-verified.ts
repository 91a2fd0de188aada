import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../../core/failure.ts';
import { readSmall, writeFileAtomic } from '../../core/files.ts';
import { putAside } from '../../core/put-aside.ts';

const hash = z.string().regex(/^[0-9a-v]{32}$/);
const moment = z.iso.datetime({ precision: 3 });

const entrySchema = z.strictObject({
  /** First commit of our history. */
  root: hash,
  endpoint: z.string(),
  /** Git ref that holds the data of a git remote: another ref is another remote. */
  ref: z.string().nullable(),
  branch: z.string(),
  /** Our branch. */
  local: z.string(),
  /** The last head that the peer and our branch both contained. */
  head: hash,
  verifiedAt: moment.nullable(),
});

/** A head that our branch gave up for another history: a peer that still has it would bring it back. */
const retiredSchema = z.strictObject({ local: z.string(), head: hash });

/** Entries of version 1, by the peer's name: it knew neither our branch nor the first commit. */
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

/** What this machine remembers of the peers of a database. */
export interface StateFile {
  /** By what `placeText` makes of their places. */
  readonly peers: ReadonlyMap<string, StateEntry>;
  readonly retired: readonly Readonly<z.infer<typeof retiredSchema>>[];
  readonly former: Readonly<z.infer<typeof formerSchema>>;
}

/** Where a peer is and which of our branches belongs to it: under another place nothing is remembered. */
export type StateKey = Pick<StateEntry, 'root' | 'endpoint' | 'ref' | 'branch' | 'local'>;

export const EMPTY_STATE: StateFile = { peers: new Map(), retired: [], former: {} };

/** More than any number of peers needs; a file that is larger was not written by us. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Each way out of a rewritten history adds a few; the oldest go. */
const MAX_RETIRED = 1_000;

/**
 * Inside `.dolt`, so that it goes where the database goes and whatever ignores `.dolt` ignores it. Dolt looks at no file
 * there that it did not make, and neither clones nor collects it (measured on 2.3.0: sql-server, clone, gc, fsck).
 */
export function stateFilePath(database: string): string {
  return join(database, '.dolt', 'dolt-federation.json');
}

/**
 * Reads what this machine remembers of a database. A memory that cannot be used is no failure: nothing is remembered then,
 * and `warning` says why.
 */
export async function readStateFile(
  database: string,
): Promise<{ readonly stateFile: StateFile; readonly warning: string | null }> {
  const file = stateFilePath(database);
  const nothing = (warning: string | null) => ({ stateFile: EMPTY_STATE, warning });
  try {
    const found = await readSmall(file, MAX_BYTES, 'refuse');
    if (found.kind === 'absent') return nothing(null);
    if (found.kind === 'refused') return nothing(`${file} is no file of ours: ${found.why}`);
    const raw: unknown = JSON.parse(found.bytes.toString('utf8'));
    const parsed = fileSchema.safeParse(raw);
    if (!parsed.success) return nothing(`${file} does not hold what it should`);
    const { peers, retired, former } = parsed.data;
    return {
      stateFile: { peers: new Map(peers.map((entry) => [placeText(entry), entry])), retired, former },
      warning: null,
    };
  } catch (thrown) {
    return nothing(`${file} cannot be read: ${errorMessage(thrown)}`);
  }
}

/**
 * Writes a memory: the file is the old one or the new one, never a part. One that cannot be used is put aside before.
 * @returns where it was put; null: nothing was
 * @throws what the system refuses with
 */
export async function writeStateFile(database: string, { peers, retired, former }: StateFile): Promise<string | null> {
  const sorted = [...peers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  const written: z.infer<typeof stateSchema> = { version: 2, peers: sorted, retired: [...retired], former };
  const file = stateFilePath(database);
  const aside = (await readStateFile(database)).warning === null ? null : await putAside(file);
  await writeFileAtomic(file, `${JSON.stringify(written)}\n`, 0o600);
  return aside;
}

function placeText({ root, endpoint, ref, branch, local }: StateKey): string {
  return JSON.stringify([endpoint, ref, branch, local, root]);
}

/** What is remembered of a peer. `certain`: our branch is known to have contained the head. */
export interface Remembered {
  readonly head: string;
  readonly verifiedAt: string | null;
  readonly certain: boolean;
}

/** What is remembered of one place; an entry of version 1 counts until the place has one of its own. */
export function recall(stateFile: StateFile, place: StateKey, name: string): Remembered | null {
  const own = stateFile.peers.get(placeText(place));
  if (own !== undefined) return { head: own.head, verifiedAt: own.verifiedAt, certain: true };
  const former = Object.hasOwn(stateFile.former, name) ? stateFile.former[name] : undefined;
  if (former?.endpoint !== place.endpoint || former.branch !== place.branch) return null;
  return { head: former.head, verifiedAt: former.at, certain: false };
}

/** What a run found out about one peer. */
export interface Finding {
  readonly place: StateKey;
  readonly name: string;
  readonly head: string;
  /** null: it was read, and nothing was proven; the moment of the last proof stays. */
  readonly verifiedAt: string | null;
}

/** A memory with what a run found out; other peers keep what they have. */
export function remember(stateFile: StateFile, findings: readonly Finding[]): StateFile {
  const peers = new Map(stateFile.peers);
  const former = new Map(Object.entries(stateFile.former));
  for (const { place, name, head, verifiedAt } of findings) {
    const before = recall(stateFile, place, name);
    peers.set(placeText(place), { ...place, head, verifiedAt: verifiedAt ?? before?.verifiedAt ?? null });
    if (before?.certain === false) former.delete(name);
  }
  return { ...stateFile, peers, former: Object.fromEntries(former) };
}

/** A memory of heads that our branch gave up as well. */
export function retire(stateFile: StateFile, local: string, heads: readonly string[]): StateFile {
  const others = stateFile.retired.filter((one) => one.local !== local || !heads.includes(one.head));
  return { ...stateFile, retired: [...others, ...heads.map((head) => ({ local, head }))].slice(-MAX_RETIRED) };
}
