import { expect, test } from '@jest/globals';
import { namesIn, refuseMergedCycle, refuseViewCycle, type Views } from '../../../src/dolt/schema/view-cycles.ts';

const views = (texts: Readonly<Record<string, string>>): Views =>
  new Map(Object.entries(texts).map(([name, text]) => [name, { name, text: `CREATE VIEW ${name} AS ${text}` }]));

test.each([
  ['CREATE VIEW a AS SELECT * FROM b', ['b'], ['a']],
  ['CREATE VIEW a (x) AS SELECT c AS b FROM t', ['c', 't'], ['a', 'b', 'x']],
  ["CREATE VIEW a AS SELECT 'b' FROM t", ['t'], ['b']],
  ['CREATE VIEW a AS SELECT * FROM "b c"', ['b c'], []],
  ['CREATE VIEW a AS SELECT * FROM `b c`.`d`', ['b c', 'd'], []],
  ['CREATE VIEW a AS SELECT * FROM db.B', ['b'], []],
  ['CREATE VIEW a AS TABLE b', ['b'], []],
  ['CREATE VIEW a AS SELECT * FROM `B` AS OF "x"', ['b'], []],
  ["CREATE VIEW a AS SELECT '\\'' FROM b -- '", ['b'], []],
  ["CREATE VIEW a AS SELECT 1 /* ' */ FROM `b c` # '", ['b c'], []],
  ["CREATE VIEW a AS SELECT * FROM dolt_query_diff('SELECT * FROM b', '')", ['b'], []],
  ['CREATE VIEW a AS SELECT * FROM \u017fome', ['some'], []],
])('%s refers to %j, and not to %j', (text, named, not) => {
  const found = namesIn(text);
  for (const name of named) expect(found).toContain(name);
  for (const name of not) expect(found).not.toContain(name);
});

test('a cycle of many views is found, and views that only refer to it are not named', () => {
  const chain = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, n) => [`v${n}`, `SELECT * FROM v${(n + 1) % 5_000}`]),
  );
  const theirs = views({ ...chain, outside: 'SELECT * FROM v0', apart: 'SELECT 1' });
  expect(() => refuseViewCycle({ theirs, proved: [] })).toThrow(/^5000 views \(v0, v1, .* more\) would refer/);
  expect(() => refuseViewCycle({ theirs, proved: [views({})] })).toThrow();
  expect(() => refuseViewCycle({ theirs, proved: [theirs] })).not.toThrow();
});

test('a name with quotes counts as mentioned if a text has quotes that may hide it', () => {
  const theirs: Views = new Map([
    ['a`b', { name: 'a`b', text: 'CREATE VIEW `a``b` AS SELECT * FROM c' }],
    ['c', { name: 'c', text: 'CREATE VIEW c AS SELECT * /* */ FROM `a``b`' }],
  ]);
  expect(() => refuseViewCycle({ theirs, proved: [] })).toThrow('2 views (a`b, c)');
});

test.each([
  [
    'each side has one half',
    { a: 'SELECT 1', b: 'SELECT 1' },
    { a: 'TABLE b', b: 'SELECT 1' },
    { a: 'SELECT 1', b: 'TABLE a' },
    true,
  ],
  [
    'both changed one view',
    { a: 'SELECT 1', b: 'TABLE a' },
    { a: 'SELECT 2', b: 'TABLE a' },
    { a: 'TABLE b', b: 'SELECT 1' },
    false,
  ],
  [
    'one side reversed both',
    { a: 'TABLE b', b: 'SELECT 1' },
    { a: 'TABLE b', b: 'SELECT 1' },
    { a: 'SELECT 1', b: 'TABLE a' },
    false,
  ],
  [
    'one side dropped one view',
    { a: 'SELECT 1', b: 'TABLE a' },
    { a: 'SELECT 1' },
    { a: 'TABLE b', b: 'TABLE a' },
    false,
  ],
  ['each side adds one view', {}, { a: 'TABLE b' }, { b: 'TABLE a' }, true],
])('a cycle is found only if the merge creates it: %s', (_, base, ours, theirs, isCycle) => {
  const merge = () => refuseMergedCycle({ base: views(base), ours: views(ours), theirs: views(theirs) });
  if (isCycle) expect(merge).toThrow('2 views (a, b)');
  else expect(merge).not.toThrow();
});
