import { describe, expect, test } from '@jest/globals';
import { planDocument, textAtPath } from '../../src/rows/document-merge.ts';
import { MAX_DOCUMENT_BYTES, parseDocument, pathText } from '../../src/rows/json-text.ts';
import { documentsOf, type Json, mergedByValues, stored } from '../helpers/documents.ts';
import { fc, timesCases } from '../helpers/property.ts';

describe('a document is merged key by key', () => {
  test.each<[string, Json, Json, Json, Json | null]>([
    ['keys of both', { a: 1 }, { a: 1, b: 1 }, { a: 1, c: 1 }, { a: 1, b: 1, c: 1 }],
    ['ours wins a collision', { a: 1 }, { a: 2 }, { a: 3, c: 1 }, { a: 2, c: 1 }],
    ['a key that both removed', { a: 1, b: 1 }, { b: 2 }, { b: 1, c: 1 }, { b: 2, c: 1 }],
    ['an object that becomes empty', { o: { a: 1, b: 1 } }, { o: { b: 1 } }, { o: { a: 1 } }, { o: {} }],
    ['an object against an array', { o: {} }, { o: { a: 1 } }, { o: [] }, { o: { a: 1 } }],
    ['null as an entry', {}, { a: null }, { b: null }, { a: null, b: null }],
    ['no object in the base', [], { a: 1 }, { b: 1 }, null],
    ['no object on one side', {}, { a: 1 }, 'text', null],
  ])('%s', (_, base, ours, theirs, merged) => {
    const plan = planDocument(stored(base), stored(ours), stored(theirs));
    expect(plan?.merged(() => 'ours') ?? null).toEqual(merged === null ? null : stored(merged));
  });

  test('a side without a document makes it one cell', () => {
    expect(planDocument(null, '{}', '{"a":1}')).toBeNull();
    expect(planDocument('{}', null, '{"a":1}')).toBeNull();
  });

  const documents = documentsOf(
    ['', 'a', 'b', 'a.b', '"', '\\', '*', 'é', '😀', '\n'],
    [null, true, 0, 1, -1.5, 1e300, 'x', '"\\\n', [], [1, {}]],
  );

  test('the result is the same from both sides, and equals that of a merge by values', () => {
    fc.assert(
      fc.property(documents, documents, documents, (base, ours, theirs) => {
        const [b, o, t] = [stored(base), stored(ours), stored(theirs)];
        const merged = planDocument(b, o, t)?.merged(() => 'theirs');
        expect(planDocument(b, t, o)?.merged(() => 'ours')).toBe(merged);
        const expected = mergedByValues([base, ours, theirs], (_, theirValue) => theirValue);
        expect(merged).toBe(stored(expected ?? null));
      }),
      { numRuns: timesCases(200) },
    );
  });

  test('a change of one side is taken, and unchanged parts are kept', () => {
    fc.assert(
      fc.property(documents, documents, (base, changed) => {
        const [b, c] = [stored(base), stored(changed)];
        for (const plan of [planDocument(b, c, b), planDocument(b, b, c), planDocument(b, c, c)]) {
          expect(plan?.clashes).toEqual([]);
          expect(plan?.merged(() => 'ours')).toBe(c);
        }
      }),
    );
  });
});

describe('a document that is one cell', () => {
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  test.each([
    ['nested deeper than 32', nested(32), nested(33)],
    [
      'nested deeper than 32 by arrays',
      `{"a":${'['.repeat(31)}${']'.repeat(31)}}`,
      `{"a":${'['.repeat(32)}${']'.repeat(32)}}`,
    ],
    [
      'larger than 1 MB',
      `{"a":"${'x'.repeat(MAX_DOCUMENT_BYTES - 8)}"}`,
      `{"a":"${'x'.repeat(MAX_DOCUMENT_BYTES - 7)}"}`,
    ],
    ['larger than 1 MB in bytes', `{"a":"${'é'.repeat(10)}"}`, `{"a":"${'é'.repeat(MAX_DOCUMENT_BYTES / 2)}"}`],
    ['with an integer that no double can represent', '{"a":9007199254740992}', '{"a":9007199254740993}'],
    ['with a number of more digits than a double has', '{"a":0.1}', '{"a":0.1000000000000000055}'],
    ['not an object', '{}', '[1]'],
    ['not JSON', '{"a":[1,{"b":null}],"c":-0}', '{"a":1,}'],
    ['truncated', '{"a":"}"}', '{"a":"}'],
    ['followed by other text', ' {"a" : 1 , "b" : 2 } ', '{"a":1}{'],
  ])('%s', (_, merged, whole) => {
    expect(parseDocument(merged)).not.toBeNull();
    expect(parseDocument(whole)).toBeNull();
  });
});

test('a path finds its value, and shows keys as MySQL writes them', () => {
  const document = stored({ a: { 'b.c': [1, null], '': null } });
  expect(textAtPath(document, ['a', 'b.c'])).toBe('[1,null]');
  expect(textAtPath(document, ['a', ''])).toBe('null');
  expect(textAtPath(document, ['a', 'x', 'y'])).toBeNull();
  expect(textAtPath(document, ['a', 'b.c', '0'])).toBeNull();
  expect(textAtPath(null, ['a'])).toBeNull();
  expect(pathText(['a', 'b.c', '', '0', 'é', '"'])).toBe('$.a."b.c".""."0"."é"."\\""');
});
