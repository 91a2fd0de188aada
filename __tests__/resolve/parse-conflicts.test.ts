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
    expect(text.slice(text.indexOf('version'))).toBe(`version: 2
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
  ])('reads the choice %s', (written, means) => {
    expect(parseConflicts(withChoice(written), 'f').merges[0]?.rows[0]?.cells['title']?.choose).toEqual(means);
  });

  test.each([
    ['mine', 'is "mine", which is none of the choices'],
    ['Ours', 'none of the choices'],
    ['null', 'none of the choices'],
    ['12', 'none of the choices'],
    ['[ours]', 'must be a text'],
    ['{}', 'none of the choices'],
    ['{valeu: x}', 'has no "valeu"'],
    ['{value: }', 'must be a text, or null'],
    ['{value: [1]}', 'must be a text, or null'],
    ['{value: !!binary AAAA}', 'must be a text, or null'],
  ])('refuses the choice %s, with its place', async (written, why) => {
    const failure = await failureOf(() => parseConflicts(withChoice(written), 'conflicts.yaml'));
    expect(failure).toMatchObject({ code: 'conflicts-file-invalid', location: { file: 'conflicts.yaml', line: 14 } });
    expect(failure.location?.column).toBeGreaterThan(12);
    expect(failure.message).toContain(why);
  });

  test.each([
    ['version: 1', 'version: 3', 'only 1, 2 are known'],
    ['branch: main\n', '', 'branch is missing'],
    ['    ours: ', '    our: ', 'has no "our"'],
    [`ours: ${HASH}`, 'ours: HEAD', 'ours is no commit'],
    ['kind: changed', 'kind: odd', 'kind is none of'],
    ['merges:', 'merges: [', 'invalid YAML'],
    ['        key: {id: "1"}\n', '', 'key is missing'],
    ['        key: {id: "1"}\n', '        key: {id: "1"}\n        key: {id: "2"}\n', 'stands twice'],
    ['  - peer: partner', '  - peer: null', 'peer must be a text'],
  ])('refuses %j as %j', async (from, to, why) => {
    const text = withChoice('ours');
    expect(text).toContain(from);
    const failure = await failureOf(() => parseConflicts(text.replace(from, to), 'f'));
    expect(failure.code).toBe('conflicts-file-invalid');
    expect(failure.problems.map(({ message }) => message).join('\n')).toContain(why);
  });

  test('of version 1 is read, with what its lost rows say', () => {
    const entry = `lost:\n  - peer: p\n    table: t\n    head: "${HASH}"\n    row: {id: "1"}\n`;
    expect(parseConflicts(`${withChoice('ours')}${entry}`, 'f').lost).toEqual([
      { peer: 'p', kind: 'id-collision', table: 't', head: HASH, row: { id: '1' } },
    ]);
  });

  test.each(['', '# nothing', 'text', '- a'])('refuses %j as a whole', async (text) => {
    expect(await failureOf(() => parseConflicts(text, 'f'))).toMatchObject({ code: 'conflicts-file-invalid' });
  });

  test('refuses one row twice, and tells all problems at once', async () => {
    const text = withChoice('mine');
    const again = text + text.slice(text.indexOf('      - table'));
    const failure = await failureOf(() => parseConflicts(again, 'f'));
    expect(failure.problems).toHaveLength(3);
    const twice = withChoice('ours') + withChoice('ours').slice(text.indexOf('      - table'));
    expect((await failureOf(() => parseConflicts(twice, 'f'))).message).toContain('items id=1 stands twice');
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
