import { Failure, type Location } from '../core/failure.ts';
import { suggestion } from '../core/suggestion.ts';
import { CHOICE_WORDS, type Choice, type ChoiceWord } from './choice.ts';
import { rowName, rowText, type UnresolvedCell, type UnresolvedMerge, type UnresolvedRow } from './conflicts-file.ts';
import { choosesByCell } from './conflicts-text.ts';

/** The source of a cell's value. */
export type CellChoice = Exclude<Choice, 'delete'>;

/** The decision for a row: all of its conflicting cells one by one, or the row as a whole. */
export type Decision =
  | { readonly kind: 'cells'; readonly cells: ReadonlyMap<string, DecidedCell> }
  | { readonly kind: 'row'; readonly take: ChoiceWord };

export interface DecidedCell {
  readonly choice: CellChoice;
  /** The position of the choice. */
  readonly at: Location | undefined;
}

export interface Decided {
  /** By the names of rows (see `rowName`). */
  readonly decisions: ReadonlyMap<string, Decision>;
  /** Rows and cells without a choice, for messages. */
  readonly undecided: readonly string[];
  /** Invalid entries of the file. */
  readonly problems: readonly Failure[];
}

const SIDES = ['base', 'ours', 'theirs'] as const;

/**
 * Applies the choices of a file to the rows in conflict. A row or cell without a choice is undecided. Rows, columns and
 * values in the file must match the database.
 */
export function decide(open: readonly UnresolvedRow[], written: UnresolvedMerge): Decided {
  const rows = new Map(written.rows.map((row) => [rowName(row), row]));
  const decisions = new Map<string, Decision>();
  const undecided: string[] = [];
  const problems: Failure[] = [];
  const known = new Set(open.map(rowName));
  for (const row of written.rows) if (!known.has(rowName(row))) problems.push(unknownRow(open, row));
  for (const row of open) {
    const name = rowName(row);
    const inFile = rows.get(name);
    if (inFile === undefined) {
      undecided.push(rowText(row));
      continue;
    }
    const wrong = contradictions(row, inFile);
    problems.push(...wrong);
    if (wrong.length > 0) continue;
    const decided = decideRow(row, inFile);
    problems.push(...decided.problems);
    undecided.push(...decided.undecided);
    if (decided.decision !== null) decisions.set(name, decided.decision);
  }
  return { decisions, undecided, problems };
}

function unknownRow(open: readonly UnresolvedRow[], row: UnresolvedRow): Failure {
  const tables = [...new Set(open.map(({ table }) => table))];
  const isTable = tables.includes(row.table);
  const message = isTable ? `${rowText(row)} is not in conflict` : `no row of ${row.table} is in conflict`;
  const hint = isTable ? undefined : meant(suggestion(row.table, tables));
  return invalid(message, row.at, hint);
}

function meant(near: string | null): string | undefined {
  return near === null ? undefined : `Did you mean \`${near}\`?`;
}

/**
 * Differences between a row in the file and the row in conflict: a value edited in the wrong place, or a file of other
 * heads.
 */
function contradictions(row: UnresolvedRow, written: UnresolvedRow): Failure[] {
  const text = rowText(row);
  if (written.kind !== row.kind || written.deletedBy !== row.deletedBy || !sameKey(written.otherKey, row.otherKey)) {
    return [invalid(`${text} is a different kind of conflict than in the file`, written.at)];
  }
  return Object.entries(written.cells).flatMap(([column, cell]) => {
    const there = Object.hasOwn(row.cells, column) ? row.cells[column] : undefined;
    if (there === undefined) {
      const hint = meant(suggestion(column, Object.keys(row.cells)));
      return [invalid(`${text} has no column ${column} in conflict`, cell.at, hint)];
    }
    return SIDES.filter((side) => cell[side] !== there[side]).map((side) =>
      invalid(
        `\`${side}\` of ${text}, column ${column}, differs from the database`,
        cell.at,
        'Write your choice after `choose:` and change nothing else. For a value of your own, write {value: "text"}.',
      ),
    );
  });
}

function sameKey(a: UnresolvedRow['otherKey'], b: UnresolvedRow['otherKey']): boolean {
  return JSON.stringify(Object.entries(a ?? {})) === JSON.stringify(Object.entries(b ?? {}));
}

interface DecidedRow {
  readonly decision: Decision | null;
  readonly undecided: readonly string[];
  readonly problems: readonly Failure[];
}

function decideRow(row: UnresolvedRow, written: UnresolvedRow): DecidedRow {
  const chosen = Object.entries(written.cells).filter(([, cell]) => cell.choose !== null);
  if (written.choose !== null) {
    const problems = chosen.map(([column, { at }]) =>
      invalid(`${rowText(row)} has a choice for the row and one for its column ${column}; keep one`, at),
    );
    return problems.length > 0
      ? { decision: null, undecided: [], problems }
      : decideWhole(row, written, written.choose);
  }
  if (choosesByCell(row.kind)) return decideCells(row, written);
  const problems = chosen.map(([column, { at }]) =>
    invalid(`${rowText(row)}: column ${column} cannot be chosen alone`, at, 'Choose for the row.'),
  );
  return { decision: null, undecided: problems.length > 0 ? [] : [rowText(row)], problems };
}

function decideWhole(row: UnresolvedRow, written: UnresolvedRow, choice: Choice): DecidedRow {
  const allowed = allowedForRow(row);
  if (typeof choice !== 'string' || !allowed.includes(choice)) {
    const message = `${rowText(row)}: ${choiceText(choice)} cannot be chosen for this row`;
    const problem = invalid(message, written.at, `Write ${allowed.join(', ')}.`);
    return { decision: null, undecided: [], problems: [problem] };
  }
  if (choice === 'delete' || !choosesByCell(row.kind)) {
    return { decision: { kind: 'row', take: choice }, undecided: [], problems: [] };
  }
  const cells = Object.keys(row.cells).map((column) => [column, { choice, at: written.at }] as const);
  return { decision: { kind: 'cells', cells: new Map(cells) }, undecided: [], problems: [] };
}

/** The choices allowed for a row. */
export function allowedForRow({ kind, cells }: UnresolvedRow): readonly ChoiceWord[] {
  switch (kind) {
    case 'changed':
      // A column that is new on both sides has no base value.
      return Object.values(cells).every(({ base }) => base !== undefined) ? CHOICE_WORDS : ['ours', 'theirs', 'delete'];
    case 'deleted':
      return CHOICE_WORDS;
    case 'id-collision':
      return ['ours', 'theirs', 'delete'];
    case 'keyless':
    case 'duplicate':
      return ['ours', 'theirs'];
  }
}

function decideCells(row: UnresolvedRow, written: UnresolvedRow): DecidedRow {
  const cells = new Map<string, DecidedCell>();
  const undecided: string[] = [];
  const problems: Failure[] = [];
  for (const [column, there] of Object.entries(row.cells)) {
    const cell = Object.hasOwn(written.cells, column) ? written.cells[column] : undefined;
    const choice = cell?.choose ?? null;
    const text = `${rowText(row)}: ${column}`;
    if (choice === null) undecided.push(text);
    else if (choice !== 'delete' && isAllowed(there, choice)) cells.set(column, { choice, at: cell?.at });
    else problems.push(invalid(`${text}: ${choiceText(choice)} cannot be chosen for this cell`, cell?.at));
  }
  // A row with equal columns has no choice except whether it stays.
  const isWhole = undecided.length === 0 && problems.length === 0;
  return { decision: isWhole ? { kind: 'cells', cells } : null, undecided, problems };
}

/** The choices allowed for a cell; a custom value always is. */
export function allowedForCell(cell: UnresolvedCell): readonly Exclude<CellChoice, object>[] {
  return (['ours', 'theirs', 'base'] as const).filter((word) => cell[word] !== undefined);
}

function isAllowed(there: UnresolvedCell, choice: CellChoice): boolean {
  return typeof choice !== 'string' || allowedForCell(there).includes(choice);
}

function choiceText(choice: Choice): string {
  return typeof choice === 'string' ? `\`${choice}\`` : 'a value';
}

function invalid(message: string, location: Location | undefined, hint?: string): Failure {
  return new Failure('conflicts-file-invalid', message, { location, hint });
}
