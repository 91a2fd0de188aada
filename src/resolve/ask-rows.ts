import type { Choice } from './choice.ts';
import type { ConflictsFile, UnresolvedCell, UnresolvedMerge, UnresolvedRow } from './conflicts-file.ts';
import { rowText } from './conflicts-file.ts';
import { choosesByCell } from './conflicts-text.ts';
import { allowedForCell, allowedForRow } from './decide.ts';

/** Something to decide: a row, or one of its cells. */
export interface Question {
  readonly peer: string;
  /** For example `issues id=bd-1`. */
  readonly row: string;
  /** What kind of conflict it is, and who deleted the row. */
  readonly kind: UnresolvedRow['kind'];
  readonly deletedBy: UnresolvedRow['deletedBy'];
  /** The values of the sides: one column for a question about a cell, all conflicting columns otherwise. */
  readonly cells: UnresolvedRow['cells'];
  /** Allowed answers. */
  readonly words: readonly Exclude<Choice, object>[];
  /** Whether a custom value is allowed. */
  readonly edit: boolean;
  /** Whether the user can decide the row cell by cell. */
  readonly cellByCell: boolean;
}

/** `cells` decides the row cell by cell, `skip` leaves it undecided, `quit` leaves all remaining rows undecided. */
export type Answer = Choice | 'cells' | 'skip' | 'quit';

/** Asks one question. */
export type Ask = (question: Question) => Promise<Answer>;

/** A prompt for several questions. */
export interface Asker {
  /** @throws Failure `interrupted` */
  readonly ask: Ask;
  close(): void;
}

/**
 * Asks for every undecided row, in the order of the file. A row with one cell in conflict is a question about the cell.
 * @returns the file with the answers
 */
export async function askRows(conflicts: ConflictsFile, ask: Ask): Promise<ConflictsFile> {
  const asking = new Asking(ask);
  const merges: UnresolvedMerge[] = [];
  for (const merge of conflicts.merges) {
    const rows: UnresolvedRow[] = [];
    for (const row of merge.rows) rows.push(await asking.row(merge.peer, row));
    merges.push({ ...merge, rows });
  }
  return { ...conflicts, merges };
}

class Asking {
  readonly #ask: Ask;
  #isOver = false;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async row(peer: string, row: UnresolvedRow): Promise<UnresolvedRow> {
    const open = Object.entries(row.cells).filter(([, cell]) => cell.choose === null);
    const isByCell = choosesByCell(row.kind);
    if (this.#isOver || row.choose !== null || (isByCell && open.length === 0)) return row;
    const isBegun = open.length < Object.keys(row.cells).length;
    if (isByCell && (isBegun || open.length === 1)) return this.#cells(peer, row);
    const answer = await this.#put({
      ...asked(peer, row),
      cells: row.cells,
      words: allowedForRow(row),
      edit: false,
      cellByCell: isByCell,
    });
    if (answer === 'cells') return this.#cells(peer, row);
    return answer === null ? row : { ...row, choose: answer };
  }

  async #cells(peer: string, row: UnresolvedRow): Promise<UnresolvedRow> {
    const cells: [string, UnresolvedCell][] = [];
    for (const [name, cell] of Object.entries(row.cells)) {
      const answer =
        this.#isOver || cell.choose !== null
          ? null
          : await this.#put({
              ...asked(peer, row),
              cells: { [name]: cell },
              words: allowedForCell(cell),
              edit: true,
              cellByCell: false,
            });
      cells.push([name, answer === null || answer === 'cells' ? cell : { ...cell, choose: answer }]);
    }
    return { ...row, cells: Object.fromEntries(cells) };
  }

  async #put(question: Question): Promise<Choice | 'cells' | null> {
    const answer = await this.#ask(question);
    if (answer === 'quit') this.#isOver = true;
    return answer === 'quit' || answer === 'skip' ? null : answer;
  }
}

function asked(peer: string, row: UnresolvedRow): Pick<Question, 'peer' | 'row' | 'kind' | 'deletedBy'> {
  return { peer, row: rowText(row), kind: row.kind, deletedBy: row.deletedBy };
}
