import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { askOn } from '../../../src/frontends/cli/ask.ts';
import type { LostQuestion, Question, RowQuestion } from '../../../src/resolve/ask-rows.ts';
import { failureOf } from '../../helpers/thrown.ts';

const CELL: RowQuestion = {
  kind: 'row',
  position: 1,
  total: 3,
  peer: 'partner',
  undo: false,
  row: {
    table: 'items',
    key: { id: '1' },
    kind: 'changed',
    cells: { title: { base: null, ours: 'o\u001b[31m', theirs: 'x'.repeat(500), choose: null } },
    choose: null,
  },
  details: undefined,
  column: 'title',
  words: ['ours', 'theirs', 'base'],
  edit: true,
  cellByCell: false,
};
const ROW: RowQuestion = {
  ...CELL,
  column: null,
  words: ['ours', 'theirs', 'base', 'delete'],
  edit: false,
  cellByCell: true,
  undo: true,
};
const LOST: LostQuestion = {
  kind: 'lost',
  position: 3,
  total: 3,
  peer: 'partner',
  undo: true,
  row: {
    peer: 'partner',
    kind: 'id-collision',
    table: 'items',
    key: { id: '1' },
    head: '0'.repeat(32),
    row: { id: '1', title: null },
    choose: null,
  },
  restoration: { sql: 'INSERT', key: { id: '2' }, values: { id: '2', slug: null } },
  followers: 2,
};

async function asked(questions: readonly Question[], typed: string) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const asker = askOn({ input, output, signal: new AbortController().signal, color: false });
  input.end(typed);
  const answers: unknown[] = [];
  for (const question of questions) answers.push(await asker.ask(question));
  asker.close();
  output.end();
  return { answers, shown: String(output.read() ?? '') };
}

describe('a person at the prompt', () => {
  test.each([
    [CELL, 'o\n', 'ours'],
    [CELL, ' THEIRS \n', 'theirs'],
    [CELL, 'b\n', 'base'],
    [CELL, 's\n', 'skip'],
    [CELL, 'q\n', 'quit'],
    [CELL, '', 'quit'],
    [CELL, 'e\nmy own: # text\n', { value: 'my own: # text' }],
    [CELL, 'e\n\\N\n', { value: null }],
    [CELL, 'e\n\n', { value: '' }],
    [CELL, 'e\n', 'quit'],
    [CELL, 'd\nc\nx\n\no\n', 'ours'],
    [ROW, 'd\n', 'delete'],
    [ROW, 'c\n', 'cells'],
    [ROW, 'e\nt\n', 'theirs'],
    [ROW, 'O\n', 'all-ours'],
    [ROW, 'all theirs\n', 'all-theirs'],
    [ROW, 'u\n', 'undo'],
    [CELL, 'u\ns\n', 'skip'],
    [LOST, 'n\n', 'restore'],
    [LOST, 'o\nD\n', 'drop'],
    [LOST, 'e\n\nx-1\n', { as: { id: '2', slug: 'x-1' } }],
    [LOST, 'e\n7\n\\N\n', { as: { id: '7', slug: null } }],
    [LOST, 'e\n7\n', 'quit'],
    [{ ...LOST, restoration: null }, 'n\nq\n', 'quit'],
  ] as const)('answers (%#) %j', async (question, typed, answer) => {
    expect((await asked([question], typed)).answers).toEqual([answer]);
  });

  test('reads why no statement restores a row', async () => {
    const { shown } = await asked([{ ...LOST, restoration: null }], 'q\n');
    expect(shown).toContain('no free value was found that fits its key, its unique columns or its references');
  });

  test.each([
    ['y\n', true, ''],
    ['\n Yes \n', true, ''],
    ['n\n', false, ''],
    ['sure\nq\n', false, 'sure is neither y nor n.'],
    ['', false, ''],
  ])('confirms only with a clear yes: %j', async (typed, isConfirmed, said) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const asker = askOn({ input, output, signal: new AbortController().signal, color: false });
    input.end(typed);
    expect(await asker.confirm('Merge partner')).toBe(isConfirmed);
    asker.close();
    output.end();
    const shown = String(output.read() ?? '');
    expect(shown).toContain('Merge partner [y,n]? ');
    expect(shown).toContain(said);
  });

  test('may type ahead', async () => {
    expect((await asked([CELL, ROW, CELL], 'o\nd\nt\n')).answers).toEqual(['ours', 'delete', 'theirs']);
  });

  test('sees the stored values, cut if they are long, and the allowed answers', async () => {
    const { shown } = await asked([CELL], 'nonsense\nq\n');
    expect(shown).toContain('(1/3) partner: items id=1: both sides changed it\n  title\n    base    NULL\n');
    expect(shown).toContain('    ours    o\\u{1b}[31m\n');
    expect(shown).toMatch(/theirs {2}x{199}…\n/);
    expect(shown).toContain('(1/3) Which version [o,t,b,e,O,T,s,q,?]? ');
    expect(shown).toContain('nonsense is not one of these. Type ? for help.');
    const deleted = { ...ROW, row: { ...ROW.row, kind: 'deleted', deletedBy: 'ours' } } as const;
    expect((await asked([deleted], 'q\n')).shown).toContain('this database deleted it, partner changed it');
  });

  test('gets help for every letter', async () => {
    const { shown } = await asked([ROW, LOST], '?\nq\n?\nq\n');
    for (const letter of [...'otbdcOTsuq?', ...'nedsuq?']) expect(shown).toContain(`  ${letter}  `);
    expect(shown).toContain('  n  add the row again with id=2, slug=NULL\n');
    expect(shown).toContain('2 rows that belong to it follow the decision');
  });

  test('may interrupt the questions', async () => {
    const controller = new AbortController();
    const asker = askOn({
      input: new PassThrough(),
      output: new PassThrough(),
      signal: controller.signal,
      color: false,
    });
    const answer = failureOf(() => asker.ask(CELL));
    controller.abort();
    expect(await answer).toMatchObject({ code: 'interrupted' });
    asker.close();
  });
});
