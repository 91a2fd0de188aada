import { compareBytes } from '../core/text.ts';
import type { ConflictRow } from '../dolt/rows/conflict-rows.ts';
import type { TableShape } from '../dolt/schema/table-shape.ts';
import type { CellValue } from '../dolt/sql/cell.ts';
import { folded } from '../dolt/sql/identifier.ts';
import { appendedText } from './appended-text.ts';
import { chooseAudit } from './audit-columns.ts';
import { isOnlyDeleted, type RowConflict } from './classify.ts';
import { compareRows, compareValues } from './compare-values.ts';
import type { DocumentMerge, PathClash } from './document-merge.ts';
import { familyOf } from './families.ts';
import { pathText } from './json-text.ts';
import { otherSide, type Side } from './merging.ts';
import type { TablePolicy } from './table-policy.ts';

/** A strategy that resolves cells; `manual` does not. */
export type CellResolution = 'newest' | 'ours' | 'theirs';

/** Why a side won. */
export type Reason =
  | 'later'
  | 'greater'
  | 'strategy'
  | 'counter'
  | 'latest'
  | 'created-first'
  | 'smaller-key'
  | 'changed'
  | 'derived'
  | 'audit'
  | 'appended'
  | 'family';

/** Who won a column, a key of the document in it, or, if `column` is null, the whole row. */
export interface Win {
  readonly column: string | null;
  /** The key as a path, with its values: null if a side has no such key. */
  readonly path?: {
    readonly text: string;
    readonly base: string | null;
    readonly ours: string | null;
    readonly theirs: string | null;
  };
  readonly side: Side;
  readonly reason: Reason;
}

export interface Choice {
  readonly wins: readonly Win[];
  /** The part that their side wins: these columns, the whole row, or its deletion. */
  readonly take: readonly string[] | 'row' | 'deletion';
  /** Documents whose merged text neither side has. */
  readonly set: readonly CellValue[];
  /** Whether a person should check it although the merge continued. */
  readonly left: boolean;
  /** Columns of which a person has to confirm the value, and the side that lost there. */
  readonly confirm?: { readonly columns: readonly string[]; readonly lost: Side };
}

/** Times of changes, as text that sorts by time (see instant.ts). */
export interface Clock {
  cell(side: Side, column: string): string;
  /** When a key of a document got its value. */
  path(side: Side, column: string, path: readonly string[]): string;
  created(side: Side): string;
}

interface Rules {
  readonly strategy: CellResolution;
  readonly policy: TablePolicy;
  readonly shape: TableShape;
  /** The table's audit columns; only read for rows that both sides added. */
  readonly audit: ReadonlySet<string>;
  /** By column, the documents that are merged key by key. */
  readonly documents: ReadonlyMap<string, DocumentMerge>;
  readonly clock: Clock;
}

/** Decides one row in conflict. It is a pure function with the same result from both sides. */
export function chooseRow(row: ConflictRow, rowConflict: RowConflict, rules: Rules): Choice {
  const { strategy } = rules;
  if (rowConflict.kind === 'deleted-by-ours' || rowConflict.kind === 'deleted-by-theirs') {
    const changed = rowConflict.kind === 'deleted-by-ours' ? 'theirs' : 'ours';
    if (isOnlyDeleted(row)) return wholeRow({ side: otherSide(changed), reason: 'changed' }, rowConflict);
    if (strategy !== 'newest') return wholeRow({ side: strategy, reason: 'strategy' }, rowConflict);
    return isOnlyDerived(rowConflict, rules.policy)
      ? wholeRow({ side: otherSide(changed), reason: 'derived' }, rowConflict)
      : wholeRow({ side: changed, reason: 'changed' }, rowConflict);
  }
  if (strategy !== 'newest') {
    if (rowConflict.kind === 'added') return wholeRow({ side: strategy, reason: 'strategy' }, rowConflict);
    return byCells(rowConflict, (column) => ({ column, side: strategy, reason: 'strategy' }));
  }
  const { policy } = rules;
  const isMerged = rowConflict.kind === 'changed' && rowConflict.conflicting.length === 0;
  if (policy.kind === 'whole' && !isMerged) {
    const winner = latestRow(row, rowConflict, rules);
    const whole = wholeRow(winner, rowConflict);
    if (isAutomatic(row, policy)) return whole;
    return { ...whole, left: true, confirm: { columns: rowConflict.conflicting, lost: otherSide(winner.side) } };
  }
  if (rowConflict.kind === 'added' && policy.kind === 'cells') {
    const counted = rowConflict.conflicting.filter((column) => !isDerived(column, policy));
    const rows = { ours: row.ours ?? {}, theirs: row.theirs ?? {} };
    const audit = counted.length === 0 ? [] : chooseAudit(rows, counted, rules);
    if (audit === null) return { ...wholeRow(firstCreated(row, rules), rowConflict), left: true };
    const sides = new Map(audit.map(({ column, side }) => [column, side]));
    return byCells(rowConflict, (column) => {
      const side = sides.get(column) ?? (orderOf(row, [column], rules) > 0 ? 'ours' : 'theirs');
      return { column, side, reason: 'audit' };
    });
  }
  return mergeCells(row, rowConflict, rules);
}

type Winner = Omit<Win, 'column'>;

function wholeRow(winner: Winner, rowConflict: RowConflict): Choice {
  const wins = [{ column: null, ...winner }];
  if (winner.side === 'ours') return { wins, take: [], set: [], left: false };
  return { wins, take: rowConflict.kind === 'deleted-by-theirs' ? 'deletion' : 'row', set: [], left: false };
}

function byCells(rowConflict: RowConflict, decide: (column: string) => Win): Choice {
  const wins = rowConflict.conflicting.map(decide);
  const won = wins.flatMap(({ side, column }) => (side === 'theirs' && column !== null ? [column] : []));
  return { wins, take: [...rowConflict.theirs, ...won], set: [], left: false };
}

/** Merges cell by cell; a document key by key; some columns take the greater value, regardless of the writer. */
function mergeCells(row: ConflictRow, rowConflict: RowConflict, rules: Rules): Choice {
  const { documents } = rules;
  const greatest = greatestOf(row, rowConflict, rules);
  const appended = appendedColumns(row, rowConflict, rules);
  const confirmed = confirmedColumns(rowConflict, rules).filter((column) => !appended.has(column));
  const confirmedBy = confirmed.length === 0 ? null : latestOf(row, confirmed, rules);
  const apart = new Set([...documents.keys(), ...greatest.keys(), ...appended.keys()]);
  const plain = (column: string): boolean => !apart.has(column);
  const cells = byCells({ ...rowConflict, conflicting: rowConflict.conflicting.filter(plain) }, (column) =>
    confirmedBy !== null && confirmed.includes(column) ? { column, ...confirmedBy } : latestCell(row, column, rules),
  );
  const take = [...cells.take].filter((column) => plain(column));
  const wins = [...cells.wins];
  for (const [column, side] of greatest) {
    if (rowConflict.conflicting.includes(column)) wins.push({ column, side, reason: 'latest' });
    if (side === 'theirs') take.push(column);
  }
  const set: CellValue[] = [];
  for (const [column, { text, win }] of appended) {
    wins.push(win);
    if (text === row.theirs?.[column]) take.push(column);
    else if (text !== row.ours?.[column]) set.push({ column, value: { value: text } });
  }
  for (const [column, document] of documents) {
    const fixed = confirmed.includes(column) ? confirmedBy : null;
    const decided = mergeDocument(column, document, (clash) => fixed ?? latestPath(clash, column, rules.clock));
    wins.push(...decided.wins);
    if (decided.text === row.theirs?.[column]) take.push(column);
    else if (decided.text !== row.ours?.[column]) set.push({ column, value: { value: decided.text } });
  }
  const choice = { wins, take, set, left: false };
  if (confirmedBy === null) return choice;
  return { ...choice, left: true, confirm: { columns: confirmed, lost: otherSide(confirmedBy.side) } };
}

/** Whether a setting needs no person. */
function isAutomatic(row: ConflictRow, { automatic }: Extract<TablePolicy, { readonly kind: 'whole' }>): boolean {
  if (automatic === undefined) return true;
  const key = (row.ours ?? row.theirs)?.[automatic.column] ?? '';
  return automatic.prefixes.some((prefix) => key.startsWith(prefix));
}

/** Whether every merge computes a column from others. */
export function isDerived(column: string, policy: TablePolicy): boolean {
  return policy.kind === 'cells' && (policy.derived ?? []).includes(folded(column));
}

/**
 * A row in conflict without the columns that every merge computes. They stay with a row that one side deleted, and with
 * one that both sides added if no other column differs: a person decides about the row as a whole.
 */
export function withoutDerived(rowConflict: RowConflict, policy: TablePolicy): RowConflict {
  const conflicting = rowConflict.conflicting.filter((column) => !isDerived(column, policy));
  const isWhole = rowConflict.kind === 'added' ? conflicting.length === 0 : rowConflict.kind !== 'changed';
  return isWhole ? rowConflict : { ...rowConflict, conflicting };
}

/** Whether only columns that every merge computes are in conflict. */
export function isOnlyDerived({ conflicting }: RowConflict, policy: TablePolicy): boolean {
  return conflicting.length > 0 && conflicting.every((column) => isDerived(column, policy));
}

/** Texts to which both sides appended, with both parts in the order of their times. */
function appendedColumns(
  row: ConflictRow,
  { kind, conflicting }: RowConflict,
  rules: Rules,
): Map<string, { readonly text: string; readonly win: Win }> {
  const { policy } = rules;
  const names = policy.kind === 'cells' && kind === 'changed' ? (policy.appended ?? []) : [];
  const found = new Map<string, { readonly text: string; readonly win: Win }>();
  for (const column of conflicting.filter((name) => names.includes(folded(name)))) {
    const { side } = latestOf(row, [column], rules);
    const [first, second] = [row[otherSide(side)]?.[column] ?? null, row[side]?.[column] ?? null];
    const text = appendedText(row.base?.[column] ?? null, first, second);
    if (text !== null) found.set(column, { text, win: { column, side, reason: 'appended' } });
  }
  return found;
}

/** The columns in conflict whose value a person must confirm. */
function confirmedColumns({ kind, conflicting }: RowConflict, { policy, documents }: Rules): string[] {
  const names = policy.kind === 'cells' && kind === 'changed' ? (policy.left ?? []) : [];
  return conflicting.filter((name) => names.includes(folded(name)) && documents.get(name)?.clashes.length !== 0);
}

/**
 * The columns that take the greater value of both sides, even if only one side wrote them, and the side that has it.
 */
function greatestOf(row: ConflictRow, { kind }: RowConflict, { policy, shape }: Rules): Map<string, Side> {
  const names = policy.kind === 'cells' && kind === 'changed' ? (policy.greater ?? []) : [];
  return new Map(
    shape.columns.flatMap(({ name, type }): [string, Side][] => {
      const [ours, theirs] = [row.ours?.[name] ?? null, row.theirs?.[name] ?? null];
      if (!names.includes(folded(name)) || ours === theirs) return [];
      return [[name, compareValues(ours, theirs, type) > 0 ? 'ours' : 'theirs']];
    }),
  );
}

function mergeDocument(
  column: string,
  document: DocumentMerge,
  winnerOf: (clash: PathClash) => Winner,
): { readonly text: string; readonly wins: readonly Win[] } {
  const winners = new Map(document.clashes.map((clash) => [clash, winnerOf(clash)]));
  const wins = [...winners].map(([{ path, base, ours, theirs }, winner]) => ({
    column,
    path: { text: pathText(path), base, ours, theirs },
    ...winner,
  }));
  return { text: document.merged((clash) => winners.get(clash)?.side ?? 'ours'), wins };
}

/** A key that was removed on one side and changed on the other stays; of two values the later one wins. */
function latestPath({ path, ours, theirs }: PathClash, column: string, clock: Clock): Winner {
  if (ours === null || theirs === null) return { side: ours === null ? 'theirs' : 'ours', reason: 'changed' };
  const times = { ours: clock.path('ours', column, path), theirs: clock.path('theirs', column, path) };
  if (times.ours !== times.theirs) return { side: times.ours > times.theirs ? 'ours' : 'theirs', reason: 'later' };
  return { side: compareBytes(ours, theirs) > 0 ? 'ours' : 'theirs', reason: 'greater' };
}

function latestCell(row: ConflictRow, column: string, rules: Rules): Win {
  const { policy, shape } = rules;
  if (policy.kind === 'maximum' && policy.column === column) {
    return { column, side: orderOf(row, [column], rules) > 0 ? 'ours' : 'theirs', reason: 'counter' };
  }
  // The clock gives every column of a family the time of the whole family.
  return { column, ...latestOf(row, familyOf(column, shape, policy), rules, [column]) };
}

/** The side that changed any of the conflicting cells last. */
function latestRow(row: ConflictRow, { conflicting }: RowConflict, rules: Rules): Winner {
  const all = rules.shape.columns.map(({ name }) => name);
  return latestOf(row, all, rules, conflicting);
}

/**
 * The side that wrote some columns last; at equal times, the one with the greater values.
 * @param dated the columns whose times count
 */
function latestOf(row: ConflictRow, columns: readonly string[], rules: Rules, dated = columns): Winner {
  const last = (side: Side): string =>
    dated
      .map((column) => rules.clock.cell(side, column))
      .sort()
      .at(-1) ?? '';
  const [ours, theirs] = [last('ours'), last('theirs')];
  if (ours !== theirs) return { side: ours > theirs ? 'ours' : 'theirs', reason: 'later' };
  return { side: orderOf(row, columns, rules) > 0 ? 'ours' : 'theirs', reason: 'greater' };
}

function orderOf(row: ConflictRow, columns: readonly string[], { shape }: Pick<Rules, 'shape'>): number {
  const compared = columns.flatMap((column) => shape.columns.find(({ name }) => name === column) ?? []);
  return compareRows(row.ours ?? {}, row.theirs ?? {}, compared);
}

function firstCreated(row: ConflictRow, { shape, clock }: Rules): Winner {
  const [ours, theirs] = [clock.created('ours'), clock.created('theirs')];
  if (ours !== theirs) return { side: ours < theirs ? 'ours' : 'theirs', reason: 'created-first' };
  const order = compareRows(row.ours ?? {}, row.theirs ?? {}, shape.columns);
  return { side: order > 0 ? 'ours' : 'theirs', reason: 'greater' };
}
