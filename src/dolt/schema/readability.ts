import { indexParts, tableItems } from './create-table.ts';
import { generatedColumns } from './generated-columns.ts';

/** A table at one commit, as far as the columns of Dolt's system tables depend on it. */
export interface TableDefinition {
  /** Names in their order. */
  readonly columns: readonly string[];
  /** The columns as CREATE TABLE defines them, in their order. */
  readonly columnTexts: readonly string[];
  readonly virtualColumns: readonly string[];
  /** Names of the indexes over an expression; Dolt keeps a hidden column for each. */
  readonly functionalIndexes: readonly string[];
  /** Names of the primary key's columns; empty for a keyless table. */
  readonly key: readonly string[];
}

/** The versions of a table that meet in a merge; null where a commit lacks it. */
export interface TableVersions {
  readonly base: TableDefinition | null;
  readonly ours: TableDefinition | null;
  readonly theirs: TableDefinition | null;
  readonly merged: TableDefinition;
}

/** Why a system table of a user's table cannot be read by the names of its columns. */
export interface Defect {
  /** Values are not under their columns, or two columns have one name. */
  readonly cause: 'virtual-column' | 'functional-index' | 'system-name';
  /** Name of the column or index. */
  readonly name: string;
}

export interface Readability {
  /** Defects of `dolt_conflicts_<table>`. */
  readonly conflicts: readonly Defect[];
}

/**
 * Columns of a user that have a namesake in a system table, in lower case (Dolt 2.3.0, measured). Other names of system
 * columns, such as `dolt_conflict_id`, do not clash: there the user's columns have a prefix.
 */
const SHADOWED = {
  /** Beside `our_diff_type` and `their_diff_type`. */
  conflicts: ['diff_type'],
  /** Beside `our_cardinality` and its kin, which only a table without a primary key has. */
  keylessConflicts: ['cardinality'],
  /** In `dolt_diff_<table>`, `dolt_commit_diff_<table>` and `dolt_diff()`, beside `to_commit`, `from_commit_date`, … */
  diffs: ['commit', 'commit_date'],
} as const;

/** Reads the output of SHOW CREATE TABLE. */
export function tableDefinition(createTable: string): TableDefinition {
  const items = tableItems(createTable);
  const columns = items.filter(({ kind }) => kind === 'column');
  const key = items.filter(({ kind }) => kind === 'primary key').flatMap(indexParts);
  return {
    columns: columns.map(({ name }) => name),
    columnTexts: columns.map(({ text }) => text),
    virtualColumns: [...generatedColumns(createTable)].flatMap(([name, { stored }]) => (stored ? [] : [name])),
    functionalIndexes: items.flatMap((item) =>
      item.kind === 'index' && indexParts(item).some((part) => 'expression' in part) ? [item.name] : [],
    ),
    key: key.flatMap((part) => ('column' in part ? [part.column] : [])),
  };
}

/** Which system tables of a table cannot be read by the names of their columns while a merge of it is open, and why. */
export function readability({ base, ours, theirs, merged }: TableVersions): Readability {
  const versions = [base, ours, theirs, merged].flatMap((version) => version ?? []);
  // Each version has columns of its own in the conflicts.
  return { conflicts: unique(versions.flatMap((version) => [...shifts(version), ...shadows(version)])) };
}

/** What shifts columns: a system table counts hidden and virtual columns among its columns, and its rows lack them (Dolt 2.3.0, measured). */
export function shifts({ virtualColumns, functionalIndexes }: TableDefinition): Defect[] {
  return [
    ...virtualColumns.map((name): Defect => ({ cause: 'virtual-column', name })),
    ...functionalIndexes.map((name): Defect => ({ cause: 'functional-index', name })),
  ];
}

function shadows({ columns, key }: TableDefinition): Defect[] {
  const isDouble = (name: string): boolean =>
    isShadowed('conflicts', name) || (key.length === 0 && isShadowed('keylessConflicts', name));
  return columns.filter(isDouble).map((name) => ({ cause: 'system-name', name }));
}

/** Whether the columns of a table have a namesake in what shows its differences. */
export function hasShadowedDiff(columns: Iterable<string>): boolean {
  return [...columns].some((name) => isShadowed('diffs', name));
}

/** Names that differ in their case only are one name for Dolt. */
function isShadowed(table: keyof typeof SHADOWED, column: string): boolean {
  const names: readonly string[] = SHADOWED[table];
  return names.includes(column.toLowerCase());
}

function unique(defects: readonly Defect[]): Defect[] {
  return [...new Map(defects.map((defect) => [JSON.stringify([defect.cause, defect.name]), defect])).values()];
}

/**
 * Whether columns may have been renamed between two versions. Names alone cannot tell: a column dropped and another one
 * added look the same, and two columns that exchanged their names only change places.
 */
export function mayRename(before: TableDefinition, after: TableDefinition): boolean {
  const kept = before.columns.filter((name) => after.columns.includes(name));
  const isReplaced = kept.length < before.columns.length && kept.length < after.columns.length;
  const order = after.columns.filter((name) => before.columns.includes(name));
  return isReplaced || order.some((name, index) => kept[index] !== name);
}

/** The defects in words: `the functional index fx, the VIRTUAL column v`. */
export function defectsText(defects: readonly Defect[]): string {
  const kinds = {
    'virtual-column': 'the VIRTUAL column',
    'functional-index': 'the functional index',
    'system-name': 'the column',
  } as const satisfies Record<Defect['cause'], string>;
  return defects.map(({ cause, name }) => `${kinds[cause]} ${name}`).join(', ');
}
