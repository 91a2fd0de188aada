import { folded, quoted } from '../sql/identifier.ts';
import { indexParts, tableItems } from './create-table.ts';
import { generatedColumns } from './generated-columns.ts';

/** The parts of a table's definition that affect the columns of Dolt's system tables. */
export interface TableDefinition {
  /** Names in order. */
  readonly columns: readonly string[];
  /** The columns as CREATE TABLE defines them, in their order. */
  readonly columnTexts: readonly string[];
  readonly virtualColumns: readonly string[];
  /** Names of functional indexes; Dolt keeps a hidden column for each. */
  readonly functionalIndexes: readonly string[];
  /** Names of the primary key columns; empty for a keyless table. */
  readonly key: readonly string[];
}

/** The versions of a table in a merge; null if a commit lacks it. */
export interface TableVersions {
  readonly base: TableDefinition | null;
  readonly ours: TableDefinition | null;
  readonly theirs: TableDefinition | null;
  readonly merged: TableDefinition;
}

/** Why the columns of a system table cannot be read by name. */
export interface Defect {
  /** Values are not under their columns, or two columns share a name. */
  readonly cause: 'virtual-column' | 'functional-index' | 'system-name';
  /** Name of the column or index. */
  readonly name: string;
}

export interface Readability {
  /** Defects of `dolt_conflicts_<table>`. */
  readonly conflicts: readonly Defect[];
}

/**
 * User columns that share a name with a system table's column, in lower case (Dolt 2.3.0, measured). Other system
 * columns, such as `dolt_conflict_id`, do not clash: there the user's columns have a prefix.
 */
const SHADOWED = {
  /** Beside `our_diff_type` and `their_diff_type`. */
  conflicts: ['diff_type'],
  /** Beside `our_cardinality` and similar columns, which only keyless tables have. */
  keylessConflicts: ['cardinality'],
  /** In `dolt_diff_<table>`, `dolt_commit_diff_<table>` and `dolt_diff()`, beside `to_commit`, `from_commit_date`, … */
  diffs: ['commit', 'commit_date'],
} as const;

const LIST = /^(?:enum|set)\((?:'(?:[^'\\]|\\.|'')*'|[^')])*\)/i;

/** The type of a column as CREATE TABLE prints it, such as `varchar(20)`; empty if the table lacks the column. */
export function typeOfColumn({ columns, columnTexts }: TableDefinition, name: string): string {
  const text = columnTexts[columns.indexOf(name)] ?? '';
  const rest = text.slice(quoted(name).length).trim();
  // A value of a list can have blanks.
  return LIST.exec(rest)?.[0] ?? rest.split(' ')[0] ?? '';
}

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

/** Which system tables of a table cannot be read by column name during an open merge, and why. */
export function readability({ base, ours, theirs, merged }: TableVersions): Readability {
  const versions = [base, ours, theirs, merged].flatMap((version) => version ?? []);
  // Each version has its own columns in the conflicts.
  return { conflicts: unique(versions.flatMap((version) => [...shifts(version), ...shadows(version)])) };
}

/**
 * A reason for shifted columns: a system table counts hidden and virtual columns, but its rows lack them (Dolt 2.3.0,
 * measured).
 */
export function shifts({ virtualColumns, functionalIndexes }: TableDefinition): Defect[] {
  return [
    ...virtualColumns.map((name): Defect => ({ cause: 'virtual-column', name })),
    ...functionalIndexes.map((name): Defect => ({ cause: 'functional-index', name })),
  ];
}

/** The facts that decide whether Dolt can list the rows of a table that differ. */
export interface DiffedTable extends Pick<TableDefinition, 'key' | 'virtualColumns'> {
  /** Names in order; of a table without a primary key with the hidden columns of functional indexes. */
  readonly allColumns: readonly string[];
}

/**
 * Whether `dolt_diff` of these versions ends the engine (Dolt 2.3.0, measured): in a table without a primary key it looks
 * for a column at the wrong position, behind one whose values are not stored. Only hidden columns at the end do no harm.
 */
export function crashesDiff(versions: readonly DiffedTable[]): boolean {
  if (!versions.some(({ key }) => key.length === 0)) return false;
  if (versions.some(({ virtualColumns }) => virtualColumns.length > 0)) return true;
  const [first = [], ...others] = versions.map(({ allColumns }) => allColumns);
  if (![first, ...others].some((names) => names.some(isHidden))) return false;
  const isSame = others.every((names) => JSON.stringify(names) === JSON.stringify(first));
  return (
    !isSame || versions.some(({ key }) => key.length > 0) || !first.slice(first.findIndex(isHidden)).every(isHidden)
  );
}

/**
 * Whether a merge or a verification ends the engine where it checks a foreign key of a table (Dolt 2.3.0, measured): without
 * a primary key, and with a column before those of the key whose values are not stored.
 */
export function crashesKeyCheck({ key, virtualColumns, allColumns }: DiffedTable, columns: readonly string[]): boolean {
  if (key.length > 0) return false;
  const first = allColumns.findIndex((name) => isHidden(name) || virtualColumns.includes(name));
  return first !== -1 && columns.some((name) => allColumns.indexOf(name) > first);
}

/** Whether Dolt hides a column, because it belongs to a functional index. */
function isHidden(column: string): boolean {
  return column.startsWith('!hidden!');
}

function shadows({ columns, key }: TableDefinition): Defect[] {
  const isDouble = (name: string): boolean =>
    isShadowed('conflicts', name) || (key.length === 0 && isShadowed('keylessConflicts', name));
  return columns.filter(isDouble).map((name) => ({ cause: 'system-name', name }));
}

/** Whether a table has a column that shadows one of its diff tables. */
export function hasShadowedDiff(columns: Iterable<string>): boolean {
  return [...columns].some((name) => isShadowed('diffs', name));
}

/** Dolt treats names that differ only in case as equal. */
function isShadowed(table: keyof typeof SHADOWED, column: string): boolean {
  const names: readonly string[] = SHADOWED[table];
  return names.includes(folded(column));
}

function unique(defects: readonly Defect[]): Defect[] {
  return [...new Map(defects.map((defect) => [JSON.stringify([defect.cause, defect.name]), defect])).values()];
}

/**
 * Whether columns may have been renamed between two versions. Names alone are ambiguous: a column dropped and another
 * one added look the same, and two columns that exchange names only change places.
 */
export function mayRename(before: TableDefinition, after: TableDefinition): boolean {
  const kept = before.columns.filter((name) => after.columns.includes(name));
  const isReplaced = kept.length < before.columns.length && kept.length < after.columns.length;
  const order = after.columns.filter((name) => before.columns.includes(name));
  return isReplaced || order.some((name, index) => kept[index] !== name);
}

/** The defects as text: `the functional index fx, the VIRTUAL column v`. */
export function defectsText(defects: readonly Defect[]): string {
  const kinds = {
    'virtual-column': 'the VIRTUAL column',
    'functional-index': 'the functional index',
    'system-name': 'the column',
  } as const satisfies Record<Defect['cause'], string>;
  return defects.map(({ cause, name }) => `${kinds[cause]} ${name}`).join(', ');
}
