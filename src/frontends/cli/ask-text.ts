import { counted, plain, shorten } from '../../core/text.ts';
import type { Answer, LostQuestion, Question, RowQuestion } from '../../resolve/ask-rows.ts';
import type { ChoiceWord } from '../../resolve/choice.ts';
import {
  type ConflictsFile,
  isOpen,
  type LostKind,
  rowText,
  type UnresolvedCell,
  type UnresolvedKind,
  type Values,
} from '../../resolve/conflicts-file.ts';
import { openLost } from '../../resolve/lost-choices.ts';
import { noStatement } from '../../resolve/restore-statements.ts';
import type { SideDetails } from '../../resolve/row-details.ts';

/** Longer values are cut for display; the conflicts file has the whole value. */
const SHOWN = 200;
const MAX_MESSAGE = 68;
/** Groups of equal rows that are shown of a table without a primary key. */
const MAX_GROUPS = 20;

/** How many rows there are to decide, and what the two sides are. */
export function headingLines({ branch, merges, lost }: ConflictsFile): string[] {
  const open = merges
    .map(({ peer, rows }) => ({ peer, count: rows.filter(isOpen).length }))
    .filter(({ count }) => count > 0);
  const waiting = openLost(lost).length;
  const total = open.reduce((sum, { count }) => sum + count, waiting);
  const parts = [
    ...open.map(({ peer, count }) => `${count} in conflict with ${plain(peer)}`),
    ...(waiting === 0 ? [] : [`${waiting} that a merge left out`]),
  ];
  const [only] = open;
  const theirs = open.length === 1 && only !== undefined ? plain(only.peer) : 'the peer that each question names';
  return [
    `${counted(total, 'row')} ${total === 1 ? 'needs' : 'need'} a decision: ${parts.join(', ')}.`,
    ...(open.length === 0 ? [] : [`  ours    ${plain(branch)} of this database`, `  theirs  ${theirs}`]),
    'Every answer is kept when you quit. Type ? for help.',
  ];
}

/** A question with everything that helps to answer it. */
export function questionLines(question: Question): string[] {
  return question.kind === 'row' ? rowLines(question) : lostLines(question);
}

/** `(1/3)` */
export function positionText({ position, total }: Question): string {
  return `(${position}/${total})`;
}

const KIND_TEXTS: Readonly<Record<UnresolvedKind, string>> = {
  changed: 'both sides changed it',
  deleted: 'one side deleted it, the other changed it',
  'id-collision': 'each side added a different row with this key',
  keyless: 'both sides changed the number of equal rows',
  duplicate: 'two rows have one unique value, and only one can stay',
};

function rowLines(question: RowQuestion): string[] {
  const { row, peer, column, details } = question;
  const what =
    row.deletedBy === undefined
      ? KIND_TEXTS[row.kind]
      : row.deletedBy === 'ours'
        ? `this database deleted it, ${plain(peer)} changed it`
        : `${plain(peer)} deleted it, this database changed it`;
  const shown =
    column === null ? Object.entries(row.cells) : Object.entries(row.cells).filter(([name]) => name === column);
  const sides =
    details === undefined ? [] : [...sideLines('ours', details.ours), ...sideLines('theirs', details.theirs)];
  return [
    `${positionText(question)} ${plain(peer)}: ${plain(rowText(row))}: ${what}`,
    ...(row.otherKey === undefined ? [] : [`  theirs has the key ${keyText(row.otherKey)}`]),
    ...sides,
    ...shown.flatMap(([name, cell]) => cellLines(name, cell)),
    ...(row.rows ?? []).slice(0, MAX_GROUPS).map(groupLine),
    ...((row.rows?.length ?? 0) > MAX_GROUPS ? [`  and ${(row.rows?.length ?? 0) - MAX_GROUPS} more`] : []),
    ...otherLines(question),
  ];
}

function sideLines(side: 'ours' | 'theirs', { row, written }: SideDetails): string[] {
  const label = `  ${side.padEnd(6)}  ${row === null ? 'deleted' : ''}`;
  if (written === null) return row === null ? [label] : [];
  const by = `${row === null ? ' by ' : ''}${plain(written.by)}, ${written.date.slice(0, 16)} UTC`;
  return [`${label}${by}`, `          "${plain(shorten(written.message, MAX_MESSAGE))}"`];
}

function cellLines(name: string, cell: UnresolvedCell): string[] {
  const values = (['base', 'ours', 'theirs'] as const).flatMap((side) => {
    const value = cell[side];
    return value === undefined ? [] : [`    ${side.padEnd(6)}  ${valueText(value)}`];
  });
  return [`  ${plain(name)}`, ...values];
}

function groupLine({ row, base, ours, theirs }: NonNullable<RowQuestion['row']['rows']>[number]): string {
  return `  ${keyText(row)}: base ${base}, ours ${ours}, theirs ${theirs}`;
}

/** The columns that are not in conflict, for context. */
function otherLines({ row, details }: RowQuestion): string[] {
  if (details === undefined) return [];
  const { ours, theirs } = details;
  const names = Object.keys(ours.row ?? theirs.row ?? {});
  const others = names.filter((name) => !Object.hasOwn(row.cells, name) && !Object.hasOwn(row.key, name));
  const lines = others.map((name) => {
    const [own, other] = [ours.row?.[name], theirs.row?.[name]];
    if (own === undefined || other === undefined || own === other)
      return `    ${plain(name)} = ${valueText(own ?? other ?? null)}`;
    return `    ${plain(name)} = ${valueText(own)} (ours), ${valueText(other)} (theirs)`;
  });
  return lines.length === 0 ? [] : ['  not in conflict', ...lines];
}

const LOST_TEXTS: Readonly<Record<LostKind, string>> = {
  changed: 'both sides changed it, and a merge has the later value',
  'id-collision': 'another row has its key, so a merge left it out',
  dependant: 'a merge left it out with the row that it depends on',
  duplicate: 'another row has its unique value, so a merge left it out',
  'unique-conflict': 'another row has its new unique value, so a merge gave it the old one',
  reference: 'it refers to the row that has the key now, perhaps instead of the row left out',
  renamed: 'one side changed it, the other side gave it another key; both rows were kept',
};

function lostLines(question: LostQuestion): string[] {
  const { row, peer, followers, restoration } = question;
  const cells = Object.entries(row.row).map(([name, value]) => `    ${plain(name)} = ${valueText(value)}`);
  return [
    `${positionText(question)} ${plain(peer)}: ${plain(rowText({ table: row.table, key: row.key ?? {} }))}: ${LOST_TEXTS[row.kind]}`,
    `  the row in commit ${row.head.slice(0, 8)}`,
    ...cells,
    ...(row.otherKey === undefined ? [] : [`  its other key is ${keyText(row.otherKey)}`]),
    ...(restoration === null ? [`  ${noStatement(row)}`] : []),
    ...(followers === 0
      ? []
      : [
          `  ${counted(followers, 'row')} that ${followers === 1 ? 'belongs' : 'belong'} to it ${followers === 1 ? 'follows' : 'follow'} the decision`,
        ]),
  ];
}

/** A possible answer. */
export interface Letter {
  readonly letter: string;
  /** Accepted instead of the letter. */
  readonly word: string;
  readonly does: string;
  /** `edit` asks for values first, `help` prints what the letters do. */
  readonly answer: Answer | 'edit' | 'help';
}

/** The letters that are possible for a question, in the order of the prompt. */
export function lettersOf(question: Question): Letter[] {
  const undo: Letter = { letter: 'u', word: 'undo', does: 'undo the last answer', answer: 'undo' };
  return [
    ...(question.kind === 'row' ? rowLetters(question) : lostLetters(question)),
    { letter: 's', word: 'skip', does: 'skip: decide later', answer: 'skip' },
    ...(question.undo ? [undo] : []),
    { letter: 'q', word: 'quit', does: 'quit: keep the answers and decide the rest later', answer: 'quit' },
    { letter: '?', word: 'help', does: 'print this help', answer: 'help' },
  ];
}

function rowLetters({ row, words, edit, cellByCell, column, peer: name }: RowQuestion): Letter[] {
  const peer = plain(name);
  const what = column === null ? 'the row' : `the value of ${plain(column)}`;
  const all = row.kind === 'keyless' ? 'all rows' : what;
  const does: Readonly<Record<ChoiceWord, string>> = {
    ours: `ours: ${all} of this database`,
    theirs: `theirs: ${all} of ${peer}`,
    base: `base: ${what} before both changes`,
    delete: 'delete the row',
  };
  const own: Letter = {
    letter: 'e',
    word: 'edit',
    does: `edit: write a value for ${plain(column ?? '')}`,
    answer: 'edit',
  };
  const cells: Letter = { letter: 'c', word: 'cells', does: 'decide each column in conflict', answer: 'cells' };
  const later = `for this row and all later rows in conflict with ${peer}`;
  return [
    ...words.map((word) => ({ letter: word.charAt(0), word, does: does[word], answer: word })),
    ...(edit ? [own] : []),
    ...(cellByCell ? [cells] : []),
    { letter: 'O', word: 'all ours', does: `ours ${later}`, answer: 'all-ours' },
    { letter: 'T', word: 'all theirs', does: `theirs ${later}`, answer: 'all-theirs' },
  ];
}

function lostLetters({ row, restoration }: LostQuestion): Letter[] {
  const drop: Letter = { letter: 'd', word: 'drop', does: DROP_TEXTS[row.kind], answer: 'drop' };
  if (restoration === null) return [drop];
  const { values } = restoration;
  const edit: Letter = { letter: 'e', word: 'edit', does: 'the same with values of your own', answer: 'edit' };
  return [
    { letter: 'n', word: 'new', does: restoreText(row.kind, values, row.otherKey), answer: 'restore' },
    ...(Object.keys(values).length === 0 ? [] : [edit]),
    drop,
  ];
}

function restoreText(kind: LostKind, values: Values, otherKey: Values | undefined): string {
  const given = Object.keys(values).length === 0 ? '' : ` with ${keyText(values)}`;
  switch (kind) {
    case 'id-collision':
    case 'dependant':
    case 'duplicate':
      return `add the row again${given === '' ? ' under its old key' : given}`;
    case 'changed':
      return `give the row these values${given}`;
    case 'unique-conflict':
      return `give the row a new value: ${keyText(values)}`;
    case 'reference':
      return `let it refer to the row that is added again: ${keyText(values)}`;
    case 'renamed':
      return `copy the change to the row ${keyText(otherKey ?? {})}`;
  }
}

const DROP_TEXTS: Readonly<Record<LostKind, string>> = {
  changed: 'leave the row unchanged',
  'id-collision': 'drop: leave the row out',
  dependant: 'drop: leave the row out',
  duplicate: 'drop: leave the row out',
  'unique-conflict': 'drop the new value: leave the row unchanged',
  reference: 'leave the reference unchanged',
  renamed: 'leave both rows unchanged',
};

function keyText(values: Values): string {
  return Object.entries(values)
    .map(([name, value]) => `${plain(name)}=${valueText(value)}`)
    .join(', ');
}

function valueText(value: string | null): string {
  return value === null ? 'NULL' : plain(shorten(value, SHOWN));
}
