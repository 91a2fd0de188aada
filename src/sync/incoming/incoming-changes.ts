import type { BlockedRow } from '../../contract/result.ts';
import type { Definition } from '../../dolt/schema/code-tables.ts';
import type { ForeignCall } from '../../dolt/schema/expressions.ts';
import { folded } from '../../dolt/sql/identifier.ts';
import type { LossyMerge } from './losses/lossy-merges.ts';
import type { SchemaVersions } from './upgrades.ts';

/** The hashes of all tables of each commit, by name. */
export interface TablesOfHeads {
  readonly base: ReadonlyMap<string, string>;
  readonly ours: ReadonlyMap<string, string>;
  readonly theirs: ReadonlyMap<string, string>;
}

/** The names of the tables of a commit. */
export type TableNames = Pick<ReadonlySet<string>, 'keys' | 'has'>;

/** How a commit spells the name of a table; null if it lacks the table. Dolt finds a table in any case (2.3.0). */
export function tableNamed(tables: TableNames, wanted: string): string | null {
  const name = folded(wanted);
  return [...tables.keys()].find((table) => folded(table) === name) ?? null;
}

/** A definition of a head that differs from the merge base and from ours. */
export interface IncomingDefinition extends Pick<Definition, 'kind' | 'name'> {
  readonly change: 'new' | 'changed' | 'removed';
}

/** Deleted rows of a table, and the first of them. */
export interface Deletion {
  readonly table: string;
  /** Rows that the table had before. */
  readonly before: number;
  readonly deleted: number;
  /** Rows that were added meanwhile, and deleted rows whose contents were added under another key. */
  readonly added: number;
  readonly moved: number;
  readonly rows: readonly BlockedRow[];
  /** Whether the table is gone, or was emptied and has another name now. */
  readonly whole: boolean;
}

/** A table of which a head removes too many rows of other peers, which our branch does not have yet. */
export interface OthersLoss extends Deletion {
  /** The names of the peers that have these rows. */
  readonly peers: readonly string[];
}

/** Rows of a table with future times, and the first of them. */
export interface FutureRows {
  readonly table: string;
  readonly column: string;
  readonly count: number;
  readonly rows: readonly BlockedRow[];
}

/** A table of a head whose name is ignored (private) here. */
export interface PrivateTable {
  readonly table: string;
  /** Whether the merge base also has it, with other contents. */
  readonly inBase: boolean;
}

/** Rows of a table that other programs take addresses or credentials from, and the first of the changed rows. */
export interface SteeringRows {
  readonly table: string;
  readonly count: number;
  readonly rows: readonly BlockedRow[];
}

/** Calls in the expressions of one table. */
export interface IncomingCalls {
  readonly table: string;
  /** Null if the expressions cannot be distinguished from surrounding names. */
  readonly calls: readonly ForeignCall[] | null;
}

/** The changes of one head that our branch does not already have. */
export interface IncomingChanges {
  readonly definitions: readonly IncomingDefinition[];
  /** Tables that define what stays local, with the first of their changed rows. */
  readonly localTables: readonly {
    readonly table: string;
    readonly count: number;
    readonly rows: readonly BlockedRow[];
  }[];
  readonly dropped: readonly string[];
  /** Columns that the program of the database needs, and that lost their name or have values of another class. */
  readonly lostColumns: readonly string[];
  /** Merges of another tool that lack rows of a parent. */
  readonly lossy: readonly LossyMerge[];
  readonly deletions: readonly Deletion[];
  readonly othersLosses: readonly OthersLoss[];
  /** Commits with future dates, and the latest of these dates. */
  readonly futureCommits: { readonly count: number; readonly latest: string } | null;
  readonly futureRows: readonly FutureRows[];
  /** Tables with a difference that has no known cause. */
  readonly unexplained: readonly string[];
  readonly privateTables: readonly PrivateTable[];
  readonly expressions: readonly IncomingCalls[];
  readonly steering: readonly SteeringRows[];
  /** Tables whose definition differs. */
  readonly redefined: readonly string[];
  /** Whether new tables get another character set or collation. */
  readonly collation: boolean;
  /** Whether the head belongs to another project of a known program. */
  readonly otherProject: boolean;
  /** The versions of the schema on both sides, if they differ; only in a database of a known program. */
  readonly versions: SchemaVersions | null;
  /** Differences between beads' migrations of the two heads. */
  readonly migrations: readonly { readonly table: string; readonly ours: string; readonly theirs: string }[];
}

/** How a head differs from the merge base, without changes that we made as well. */
export function incomingDefinitions(sides: {
  readonly base: readonly Definition[];
  readonly ours: readonly Definition[];
  readonly theirs: readonly Definition[];
}): IncomingDefinition[] {
  const [base, ours, theirs] = [byKey(sides.base), byKey(sides.ours), byKey(sides.theirs)];
  const found: IncomingDefinition[] = [];
  for (const [key, { kind, name, digest }] of theirs) {
    const before = base.get(key);
    if (before?.digest === digest || ours.get(key)?.digest === digest) continue;
    found.push({ kind, name, change: before === undefined ? 'new' : 'changed' });
  }
  for (const [key, { kind, name }] of base) {
    if (!theirs.has(key) && ours.has(key)) found.push({ kind, name, change: 'removed' });
  }
  return found;
}

function byKey(definitions: readonly Definition[]): Map<string, Definition> {
  return new Map(definitions.map((one) => [JSON.stringify([one.kind, one.name]), one]));
}
