import type { Choice, ChoiceWord } from './choice.ts';
import type { ConflictsFile, LostChoice, LostRow, UnresolvedRow } from './conflicts-file.ts';
import { isOpen } from './conflicts-file.ts';
import { choosesByCell } from './conflicts-text.ts';
import { allowedForCell, allowedForRow } from './decide.ts';
import { openLost, rootOf } from './lost-choices.ts';
import type { Restoration } from './restore-statements.ts';
import type { Details, RowDetails } from './row-details.ts';

interface QuestionBase {
  /** Its number among all rows to decide, from 1. */
  readonly position: number;
  readonly total: number;
  readonly peer: string;
  /** Whether an answer can be undone. */
  readonly undo: boolean;
}

/** A row in conflict to decide, or one of its cells. */
export interface RowQuestion extends QuestionBase {
  readonly kind: 'row';
  readonly row: UnresolvedRow;
  readonly details: RowDetails | undefined;
  /** The column to decide; null: the whole row. */
  readonly column: string | null;
  /** Allowed answers. */
  readonly words: readonly ChoiceWord[];
  /** Whether a custom value is allowed. */
  readonly edit: boolean;
  /** Whether the user can decide the row cell by cell. */
  readonly cellByCell: boolean;
}

/** A lost row to decide. */
export interface LostQuestion extends QuestionBase {
  readonly kind: 'lost';
  readonly row: LostRow;
  /** The effect of restoring it; null if it cannot be restored. */
  readonly restoration: Restoration | null;
  /** How many other lost rows follow the decision. */
  readonly followers: number;
}

export type Question = RowQuestion | LostQuestion;

/**
 * `cells` decides the row cell by cell, `all-…` this row and all later ones of the peer. `skip` leaves it undecided,
 * `undo` takes the last answer back, `quit` leaves all remaining rows undecided.
 */
export type Answer = Choice | LostChoice | 'all-ours' | 'all-theirs' | 'cells' | 'skip' | 'undo' | 'quit';

/** A prompt for several questions. */
export interface Asker {
  /** Shows what there is to decide, before the first question. */
  begin(conflicts: ConflictsFile): void;
  /**
   * Asks one question.
   * @throws Failure `interrupted`
   */
  readonly ask: (question: Question) => Promise<Answer>;
  /**
   * Asks whether to do what a sentence says.
   * @throws Failure `interrupted`
   */
  confirm(intended: string): Promise<boolean>;
  close(): void;
}

/** Facts about the rows besides the file. */
export interface Known {
  readonly details: Details;
  /** How a lost row would be restored; null if it cannot be. */
  readonly restorationOf: (row: LostRow) => Restoration | null;
}

/**
 * Asks for every undecided row, in the order of the file.
 * @param onAnswer called with the file after each answer, to save it
 * @returns the file with the answers
 */
export async function askRows(
  conflicts: ConflictsFile,
  ask: Asker['ask'],
  known: Known,
  onAnswer: (file: ConflictsFile) => Promise<void> = async () => undefined,
): Promise<ConflictsFile> {
  const names = itemsOf(conflicts).map(({ name }) => name);
  let state: State = { file: conflicts, skipped: new Set(), byCell: new Set() };
  const past: State[] = [];
  for (;;) {
    const item = itemsOf(state.file).find(({ name }) => !state.skipped.has(name));
    if (item === undefined) return state.file;
    const position = names.indexOf(item.name) + 1;
    const about = { position, total: names.length, peer: item.peer, undo: past.length > 0 };
    const question = questionOf(item, { about, state, known });
    const answer = await ask(question);
    if (answer === 'quit') return state.file;
    if (answer === 'undo') {
      state = past.pop() ?? state;
    } else {
      past.push(state);
      state = next(state, { item, question, answer });
    }
    await onAnswer(state.file);
  }
}

interface State {
  readonly file: ConflictsFile;
  /** Names of rows that wait until later. */
  readonly skipped: ReadonlySet<string>;
  /** Names of rows that are decided cell by cell. */
  readonly byCell: ReadonlySet<string>;
}

/** An undecided row, by its place in the file. */
type Item = { readonly name: string; readonly peer: string } & (
  | { readonly kind: 'row'; readonly merge: number; readonly index: number; readonly row: UnresolvedRow }
  | { readonly kind: 'lost'; readonly index: number; readonly row: LostRow }
);

function itemsOf({ merges, lost }: ConflictsFile): Item[] {
  const rows = merges.flatMap(({ peer, rows }, merge) =>
    rows.flatMap((row, index): Item[] =>
      isOpen(row) ? [{ kind: 'row', name: `${merge}/${index}`, peer, merge, index, row }] : [],
    ),
  );
  const open = new Set(openLost(lost));
  const left = lost.flatMap((row, index): Item[] =>
    open.has(row) ? [{ kind: 'lost', name: `lost/${index}`, peer: row.peer, index, row }] : [],
  );
  return [...rows, ...left];
}

function questionOf(
  item: Item,
  { about, state, known }: { readonly about: QuestionBase; readonly state: State; readonly known: Known },
): Question {
  if (item.kind === 'lost') {
    const { row } = item;
    const restoration = known.restorationOf(row);
    const followers = state.file.lost.filter((one) => one.choose === null && rootOf(one, state.file.lost) === row);
    return { ...about, kind: 'lost', row, restoration, followers: followers.length };
  }
  const { row, peer } = item;
  const details = known.details(peer, row);
  const column = columnToDecide(item, state);
  const cell = column === null ? undefined : row.cells[column];
  if (column === null || cell === undefined) {
    const cellByCell = choosesByCell(row.kind) && Object.keys(row.cells).length > 0;
    return { ...about, kind: 'row', row, details, column: null, words: allowedForRow(row), edit: false, cellByCell };
  }
  const words = allowedForCell(cell);
  return { ...about, kind: 'row', row, details, column, words, edit: true, cellByCell: false };
}

/** The next cell to decide; null: the row as a whole. A row with one cell in conflict is decided by this cell. */
function columnToDecide({ name, row }: Extract<Item, { kind: 'row' }>, { byCell }: State): string | null {
  if (!choosesByCell(row.kind)) return null;
  const open = Object.keys(row.cells).filter((column) => row.cells[column]?.choose === null);
  const isBegun = byCell.has(name) || open.length < Object.keys(row.cells).length;
  return isBegun || open.length === 1 ? (open[0] ?? null) : null;
}

function next(
  state: State,
  { item, question, answer }: { readonly item: Item; readonly question: Question; readonly answer: Answer },
): State {
  if (answer === 'skip') return { ...state, skipped: new Set([...state.skipped, item.name]) };
  if (answer === 'cells') return { ...state, byCell: new Set([...state.byCell, item.name]) };
  if (item.kind === 'lost')
    return isLostChoice(answer) ? { ...state, file: chooseLost(state.file, item, answer) } : state;
  if (answer === 'all-ours' || answer === 'all-theirs') {
    return { ...state, file: chooseAll(state.file, item, answer === 'all-ours' ? 'ours' : 'theirs') };
  }
  if (isLostChoice(answer) || question.kind === 'lost' || answer === 'undo' || answer === 'quit') return state;
  const row = choose(item.row, question.column, answer);
  return { ...state, file: withRow(state.file, item, row) };
}

function isLostChoice(answer: Answer): answer is LostChoice {
  return typeof answer === 'string' ? answer === 'restore' || answer === 'drop' : 'as' in answer;
}

function choose(row: UnresolvedRow, column: string | null, choice: Choice): UnresolvedRow {
  const cell = column === null ? undefined : row.cells[column];
  if (column === null || cell === undefined) return { ...row, choose: choice };
  return { ...row, cells: { ...row.cells, [column]: { ...cell, choose: choice } } };
}

function withRow(
  file: ConflictsFile,
  { merge, index }: { readonly merge: number; readonly index: number },
  row: UnresolvedRow,
): ConflictsFile {
  const merges = file.merges.map((one, number) =>
    number === merge ? { ...one, rows: one.rows.map((old, place) => (place === index ? row : old)) } : one,
  );
  return { ...file, merges };
}

function chooseLost(file: ConflictsFile, { index }: { readonly index: number }, choice: LostChoice): ConflictsFile {
  return { ...file, lost: file.lost.map((row, place) => (place === index ? { ...row, choose: choice } : row)) };
}

/** Chooses a side for an undecided row and all later ones of its peer; decided cells keep their choice. */
function chooseAll(
  file: ConflictsFile,
  from: { readonly merge: number; readonly index: number },
  side: 'ours' | 'theirs',
): ConflictsFile {
  const merges = file.merges.map((one, number) => {
    if (number !== from.merge) return one;
    return { ...one, rows: one.rows.map((row, place) => (place < from.index ? row : chooseSide(row, side))) };
  });
  return { ...file, merges };
}

function chooseSide(row: UnresolvedRow, side: 'ours' | 'theirs'): UnresolvedRow {
  if (!isOpen(row)) return row;
  const isBegun = Object.values(row.cells).some((cell) => cell.choose !== null);
  if (!isBegun) return { ...row, choose: side };
  const cells = Object.entries(row.cells).map(([name, cell]) => {
    const isFree = cell.choose === null && cell[side] !== undefined;
    return [name, isFree ? { ...cell, choose: side } : cell] as const;
  });
  return { ...row, cells: Object.fromEntries(cells) };
}
