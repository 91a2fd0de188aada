import { expect, test } from '@jest/globals';
import { demoText, type ShownDatabase } from '../../src/report/commands/demo.ts';
import { HEAD, runResult } from '../helpers/results.ts';

const table = (title: string): ShownDatabase['before'] => [
  ['ID', 'TITLE'],
  ['well-1', title],
];
const shown = (name: string, made: Partial<ShownDatabase> = {}): ShownDatabase => ({
  name,
  before: table(`by ${name}`),
  after: table('of all'),
  result: runResult({ head: HEAD, peers: [] }),
  ...made,
});

test('the demo shows the rows of each database before, the rows of all after, and one head', () => {
  expect(demoText([shown('north'), shown('south')])).toBe(
    [
      'Before the sync, each database has changes of its own.',
      '',
      'north',
      '  ID      TITLE',
      '  well-1  by north',
      '',
      'south',
      '  ID      TITLE',
      '  well-1  by south',
      '',
      'After the sync, north, south have the same rows:',
      '  ID      TITLE',
      '  well-1  of all',
      '',
      `All 2 are at one head: ${HEAD}`,
      '',
    ].join('\n'),
  );
});

test.each([
  ['another head', { result: runResult({ head: 'f'.repeat(32), peers: [], status: 'failed' }) }],
  ['other rows', { after: table('only here') }],
])('a database with %s is shown with its report', (_, made) => {
  const text = demoText([shown('north'), shown('south', made)]);
  expect(text).toContain('After the sync, the databases differ.\n\nnorth\n  ID      TITLE\n  well-1  of all\nsync: ');
  expect(text).not.toContain('one head');
});

test('rows cannot steer a terminal', () => {
  expect(demoText([shown('north', { before: table('\u001b]0;x') })])).toContain('\\u{1b}]0;x');
});
