import { describe, expect, test } from '@jest/globals';
import type { Choice } from '../../src/resolve/choice.ts';
import { conflictsText } from '../../src/resolve/conflicts-text.ts';
import { parseConflicts } from '../../src/resolve/parse-conflicts.ts';
import { failureOf } from '../helpers/thrown.ts';

const HASH = '0123456789abcdefghijklmnopqrstuv';

describe('a conflicts file', () => {
  test('is easy to read and to fill in', () => {
    const cells = { title: { base: 'one', ours: 'first\nsecond', theirs: null, choose: null } };
    const rows = [{ table: 'items', key: { id: '1' }, kind: 'changed' as const, cells, choose: null }];
    const text = conflictsText({
      branch: 'main',
      merges: [{ peer: 'partner', ours: HASH, theirs: HASH, rows }],
      lost: [],
    });
    expect(text.slice(text.indexOf('version'))).toBe(`version: 3
branch: main
merges:
  - peer: partner
    ours: "${HASH}"
    theirs: "${HASH}"
    rows:
      - table: items
        key:
          id: "1"
        kind: changed
        choose:
        cells:
          title:
            base: one
            ours: |-
              first
              second
            theirs: null
            choose:
`);
  });

  test.each<[string, Choice]>([
    ['ours', 'ours'],
    ['"theirs"', 'theirs'],
    ['{value: text}', { value: 'text' }],
    ['{value: 12345678901234567890.10}', { value: '12345678901234567890.10' }],
    ['{value: null}', { value: null }],
    ['{value: "null"}', { value: 'null' }],
    ['{value: ""}', { value: '' }],
    ['{value: true}', { value: 'true' }],
    ['{value: 0x00FF}', { value: '0x00FF' }],
    ['\n              value: |\n                a\n                b', { value: 'a\nb\n' }],
  ])('accepts the choice %s', (written, means) => {
    expect(parseConflicts(withChoice(written), 'f').merges[0]?.rows[0]?.cells['title']?.choose).toEqual(means);
  });

  test.each([
    ['mine', 'is "mine", which is not a choice'],
    ['Ours', 'not a choice'],
    ['null', 'not a choice'],
    ['12', 'not a choice'],
    ['[ours]', 'is a list, which is not a choice'],
    ['{}', 'not a choice'],
    ['{valeu: x}', 'has no "valeu"'],
    ['{value: }', 'must be a text, or null'],
    ['{value: [1]}', 'must be a text, or null'],
    ['{value: !!binary AAAA}', 'must be a text, or null'],
  ])('is refused with the place of the choice %s', async (written, why) => {
    const failure = await failureOf(() => parseConflicts(withChoice(written), 'conflicts.yaml'));
    expect(failure).toMatchObject({ code: 'conflicts-file-invalid', location: { file: 'conflicts.yaml', line: 14 } });
    expect(failure.location?.column).toBeGreaterThan(12);
    expect(failure.message).toContain(why);
  });

  test.each([
    ['version: 1', 'version: 4', 'only 1, 2, 3 are supported'],
    ['branch: main\n', '', 'branch is missing'],
    ['    ours: ', '    our: ', 'has no "our"'],
    [`ours: ${HASH}`, 'ours: HEAD', 'ours is not a commit'],
    ['kind: changed', 'kind: odd', 'kind is not one of'],
    ['merges:', 'merges: [', 'invalid YAML'],
    ['        key: {id: "1"}\n', '', 'key is missing'],
    ['        key: {id: "1"}\n', '        key: {id: "1"}\n        key: {id: "2"}\n', 'appears twice'],
    ['  - peer: partner', '  - peer: null', 'peer must be a text'],
    ['  - peer: partner', '  - peer:', 'peer must be a text'],
    ['kind: changed', 'kind:', 'kind is not one of'],
    ['base: one', 'base:', 'base of the cell "title" must be a text, or null'],
    ['base: one', 'base: [one]', 'base of the cell "title" must be a text, or null'],
    ['base: one', 'base: !!js/function one', 'base of the cell "title" must be a text, or null'],
    ['peer: partner\n', 'peer: &a partner\n    ours: *a\n', 'the key "ours" appears twice'],
    ['branch: main', 'branch: &a main\nlost: *a', 'lost must be a list'],
    ['base: one', 'base: &a one\n            ours: *a', 'ours of the cell "title" must be a text, or null'],
    ['key: {id: "1"}', 'key: {<<: {id: "1"}}', '<< of key must be a text'],
    ['key: {id: "1"}', 'key: {1: a, "1": b}', 'the key "1" appears twice'],
    ['key: {id: "1"}', 'key: {[id]: "1"}', 'a key is not text'],
    ['key: {id: "1"}', 'key: id', 'key must be a mapping'],
    ['key: {id: "1"}', `key: ${'['.repeat(300)}`, 'the YAML is nested too deeply'],
    ['branch: main', 'branch: inbox/eve', 'the branch "inbox/eve" is reserved'],
    ['branch: main', 'branch: HEAD~1', 'the branch "HEAD~1" contains "~"'],
    ['base: one', 'base: o\u0007ne', 'it contains the character U+0007'],
    ['version: 1', 'version: 1\n__proto__: x', 'a conflicts file has no "__proto__"'],
  ])('is refused with %j as %j', async (from, to, why) => {
    const text = withChoice('ours');
    expect(text).toContain(from);
    const failure = await failureOf(() => parseConflicts(text.replace(from, to), 'f'));
    expect(failure.code).toBe('conflicts-file-invalid');
    expect(failure.problems.map(({ message }) => message).join('\n')).toContain(why);
  });

  test('names columns by their exact letters, even with another meaning in JavaScript', () => {
    const text = withChoice('ours').replace('key: {id: "1"}', 'key: {1: a, true: b, __proto__: c, 0x10: ~, 2.0: 2.0}');
    const key = parseConflicts(text, 'f').merges[0]?.rows[0]?.key ?? {};
    expect(Object.entries(key)).toEqual([
      ['1', 'a'],
      ['true', 'b'],
      ['__proto__', 'c'],
      ['0x10', null],
      ['2.0', '2.0'],
    ]);
  });

  test('of version 1 is read with its lost rows', () => {
    const entry = `lost:\n  - peer: p\n    table: t\n    head: "${HASH}"\n    row: {id: "1"}\n`;
    expect(parseConflicts(`${withChoice('ours')}${entry}`, 'f').lost).toEqual([
      {
        ...{ peer: 'p', kind: 'id-collision', table: 't', head: HASH, row: { id: '1' }, choose: null },
        at: expect.objectContaining({ line: 16 }),
      },
    ]);
  });

  test.each(['', '# nothing', 'text', '- a'])('is refused as a whole: %j', async (text) => {
    expect(await failureOf(() => parseConflicts(text, 'f'))).toMatchObject({ code: 'conflicts-file-invalid' });
  });

  test('is refused with a duplicate row, and all problems are reported at once', async () => {
    const text = withChoice('mine');
    const again = text + text.slice(text.indexOf('      - table'));
    const failure = await failureOf(() => parseConflicts(again, 'f'));
    expect(failure.problems).toHaveLength(3);
    const twice = withChoice('ours') + withChoice('ours').slice(text.indexOf('      - table'));
    expect((await failureOf(() => parseConflicts(twice, 'f'))).message).toContain('items id=1 appears twice');
  });
});

function withChoice(written: string): string {
  return `version: 1
branch: main
merges:
  - peer: partner
    ours: ${HASH}
    theirs: ${HASH}
    rows:
      - table: items
        key: {id: "1"}
        kind: changed
        cells:
          title:
            base: one
            choose: ${written}
`;
}
