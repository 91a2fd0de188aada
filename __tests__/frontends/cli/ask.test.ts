import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { askOn } from '../../../src/frontends/cli/ask.ts';
import type { Question } from '../../../src/resolve/ask-rows.ts';
import { failureOf } from '../../helpers/thrown.ts';

const CELL: Question = {
  peer: 'partner',
  row: 'items id=1',
  kind: 'changed',
  deletedBy: undefined,
  cells: { title: { base: null, ours: 'o\u001b[31m', theirs: 'x'.repeat(500), choose: null } },
  words: ['ours', 'theirs', 'base'],
  edit: true,
  cellByCell: false,
};
const ROW: Question = { ...CELL, words: ['ours', 'theirs', 'base', 'delete'], edit: false, cellByCell: true };

async function asked(questions: readonly Question[], typed: string) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const asker = askOn({ input, output, signal: new AbortController().signal });
  input.end(typed);
  const answers: unknown[] = [];
  for (const question of questions) answers.push(await asker.ask(question));
  asker.close();
  output.end();
  return { answers, shown: String(output.read() ?? '') };
}

describe('a person who is asked', () => {
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
  ])('answers (%#) %j', async (question, typed, answer) => {
    expect((await asked([question], typed)).answers).toEqual([answer]);
  });

  test('may type ahead', async () => {
    expect((await asked([CELL, ROW, CELL], 'o\nd\nt\n')).answers).toEqual(['ours', 'delete', 'theirs']);
  });

  test('sees the values as they are, cut where they are long, and what is allowed', async () => {
    const { shown } = await asked([CELL], 'nonsense\nq\n');
    expect(shown).toContain('partner: items id=1 (changed)\n  title\n    base   NULL\n    ours   o\\u{1b}[31m\n');
    expect(shown).toMatch(/theirs x{199}…\n/);
    expect(shown).toContain('[o]urs, [t]heirs, [b]ase, [e]dit, [s]kip, [q]uit? ');
    expect(shown).toContain('nonsense is not one of these.');
    expect((await asked([{ ...ROW, deletedBy: 'ours' }], 'q\n')).shown).toContain('(deleted by ours)');
  });

  test('may interrupt', async () => {
    const controller = new AbortController();
    const asker = askOn({ input: new PassThrough(), output: new PassThrough(), signal: controller.signal });
    const answer = failureOf(() => asker.ask(CELL));
    controller.abort();
    expect(await answer).toMatchObject({ code: 'interrupted' });
    asker.close();
  });
});
