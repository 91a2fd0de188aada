import { describe, expect, test } from '@jest/globals';
import { compareBytes } from '../../src/core/text.ts';
import { type Branched, branched } from '../helpers/branched.ts';
import { editedDocuments, mergedByValues, stored } from '../helpers/documents.ts';
import { fc, timesCases } from '../helpers/property.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { HASH_ORDERS } from '../helpers/two-databases.ts';

const TABLE = 'CREATE TABLE t (id VARCHAR(60) PRIMARY KEY, doc JSON, title VARCHAR(40), updated_at DATETIME)';

interface Case {
  readonly base: unknown;
  /** Written first. */
  readonly north: unknown;
  /** Written later. */
  readonly south: unknown;
  readonly merged: unknown;
}

const KEYS = ['', '*', '**', '[0]', '$', 'a.b', 'a b', 'a"b', 'a\\b', 'a\\', '\\"', 'é😀', '0', 'a\nb', '\u0001', "'"];
const every = (value: (key: string) => unknown) => Object.fromEntries(KEYS.map((key) => [key, value(key)]));
const deep = (value: unknown): unknown => JSON.parse(`${'{"a":'.repeat(40)}${JSON.stringify(value)}${'}'.repeat(40)}`);

const CASES: Readonly<Record<string, Case>> = {
  'the example': {
    base: { a: 1, k: 0 },
    north: { a: 1, k: 1, north: true },
    south: { a: 1, k: 2 },
    merged: { a: 1, k: 2, north: true },
  },
  'keys that do not clash': {
    base: { k: 0, old: 1 },
    north: { k: 1, old: 1, north: 1 },
    south: { k: 0, south: { x: null } },
    merged: { k: 1, north: 1, south: { x: null } },
  },
  'objects in objects, and arrays': {
    base: { o: { x: 1, y: 1, z: { d: 1 } }, list: [1] },
    north: { o: { x: 2, y: 1, z: { d: 1, n: 1 } }, list: [1, 2] },
    south: { o: { x: 1, y: 3, z: { d: 1, s: 1 } }, list: [1, 3] },
    merged: { o: { x: 2, y: 3, z: { d: 1, n: 1, s: 1 } }, list: [1, 3] },
  },
  'an object that both added': {
    base: {},
    north: { o: { n: 1, both: 1 } },
    south: { o: { s: 1, both: 2 } },
    merged: { o: { n: 1, s: 1, both: 2 } },
  },
  'removed keys': {
    base: { a: 1, b: 1, c: 1, o: { x: 1 } },
    north: { a: 2, c: 1, o: { x: 2 } },
    south: { b: 2 },
    merged: { a: 2, b: 2, o: { x: 2 } },
  },
  'null is a value': {
    base: { a: 1, b: null },
    north: { a: null, b: null },
    south: { a: 1, b: 2, c: null },
    merged: { a: null, b: 2, c: null },
  },
  'a key that was no object before': {
    base: { o: 1 },
    north: { o: { n: 1 } },
    south: { o: { s: 1 } },
    merged: { o: { s: 1 } },
  },
  'an array as the document': { base: [], north: [1], south: [2], merged: [2] },
  'a document that was no object': { base: 1, north: { n: 1 }, south: { s: 1 }, merged: { s: 1 } },
  'keys of any form': {
    base: every((key) => ({ [key]: 0, u: 0, v: 0 })),
    north: every((key) => ({ [key]: 1, u: 1, v: 0 })),
    south: every((key) => ({ [key]: 2, u: 0, v: 2 })),
    merged: every((key) => ({ [key]: 2, u: 1, v: 2 })),
  },
  'numbers of all sizes': {
    base: { a: 1e-7, b: 0 },
    north: { a: 1e-7, b: 0, n: 1e300 },
    south: { a: 2.5e-10, b: -0.5, s: 9007199254740991 },
    merged: { a: 2.5e-10, b: -0.5, n: 1e300, s: 9007199254740991 },
  },
  'deeper than 32': {
    base: { d: deep(0) },
    north: { d: deep(0), n: 1 },
    south: { d: deep(1), s: 1 },
    merged: { d: deep(1), s: 1 },
  },
};

const text = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const json = (document: unknown) => text(JSON.stringify(document));
const update = (id: string, document: unknown, more: string) =>
  `UPDATE t SET doc = ${json(document)}, ${more} WHERE id = ${text(id)}`;

async function mergeInBoth(sides: Branched, ...queries: readonly string[]) {
  const { conflicts } = (await sides.merge()).run('south');
  const [rows = [], ...found] = await sides.read('SELECT id, CAST(doc AS CHAR) AS doc FROM t', ...queries);
  const documents = rows.map(({ id, doc }): [string, unknown] => [String(id), JSON.parse(String(doc ?? null))]);
  return { documents: Object.fromEntries(documents), conflicts, found };
}

describe.each(HASH_ORDERS)('with %s, a JSON document under newest', (order) => {
  test('is merged key by key, and lost values are listed by path', async () => {
    await using folder = await tempFolder();
    const cases = Object.entries(CASES);
    const rows = cases.map(([id, { base }]) => `(${text(id)}, ${json(base)}, 'old', '2026-01-01')`);
    const sides = branched(folder, TABLE, `INSERT INTO t VALUES ${rows.join(', ')}`);
    await sides.edit(
      cases.map(([id, { north }]) => update(id, north, "title = 'n', updated_at = '2026-01-02'")),
      cases.map(([id, { south }]) => update(id, south, "title = 's', updated_at = '2026-01-03'")),
      order,
    );
    const { documents, conflicts } = await mergeInBoth(sides);
    expect(documents).toEqual(Object.fromEntries(cases.map(([id, { merged }]) => [id, merged])));
    const pathsByKey = new Map(conflicts.map(({ key, paths }) => [key['id'], paths]));
    expect(pathsByKey.get('the example')).toEqual([
      { column: 'doc', path: '$.k', base: '0', ours: '1', theirs: '2', resolution: 'theirs (later)' },
    ]);
    expect(pathsByKey.get('keys that do not clash')).toBeUndefined();
    expect(pathsByKey.get('removed keys')?.map(({ path, resolution }) => [path, resolution])).toEqual([
      ['$.a', 'ours (changed rows win over deleted rows)'],
      ['$.b', 'theirs (changed rows win over deleted rows)'],
      ['$.o', 'ours (changed rows win over deleted rows)'],
    ]);
    expect(pathsByKey.get('keys of any form')?.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['$."*"."*"', '$."a\\"b"."a\\"b"', '$."a\\\\"."a\\\\"']),
    );
    expect(conflicts.every(({ left }) => !left)).toBe(true);
  });

  test('counts each key with the commit that wrote it', async () => {
    await using folder = await tempFolder();
    const start = { k: 0, o: { p: 0, q: 0 } };
    const sides = branched(folder, TABLE, `INSERT INTO t VALUES ('1', ${json(start)}, 'old', '2026-01-01')`);
    const write = (document: unknown, day: number) => update('1', document, `updated_at = '2026-01-0${day}'`);
    const commit = "CALL DOLT_COMMIT('-A', '-m', 'n1')";
    await sides.edit(
      [write({ k: 1, o: { p: 0, q: 0 } }, 2), commit, write({ k: 1, o: { p: 1, q: 0 } }, 9)],
      [write({ k: 2, o: { p: 0, q: 0 } }, 5), commit, write({ k: 2, o: { p: 2, q: 0 } }, 6)],
      order,
    );
    expect((await mergeInBoth(sides)).documents).toEqual({ 1: { k: 2, o: { p: 1, q: 0 } } });
  });

  test('is merged or in conflict by the same rules if Dolt finds no conflict in its row', async () => {
    await using folder = await tempFolder();
    const keys = ['a\\b', 'a\nb', '\u0001', 'é\\', 'plain'];
    const cases = [
      ...keys.flatMap((key) => [
        { base: { [key]: { u: 0, x: 1 } }, ours: { [key]: { u: 1, x: 1 } }, theirs: { [key]: { u: 0, x: 2 } } },
        { base: { o: { [key]: 0, m: 1 } }, ours: { o: { [key]: 0, m: 2 } }, theirs: { o: { [key]: 1, m: 1 } } },
      ]),
      { base: { '': { l: 1 }, b: { x: 1 } }, ours: { '': { l: 2 }, b: { x: 1, y: 2 } }, theirs: { '': { l: 1 } } },
      { base: { l: [1, 2, 3], m: 1 }, ours: { l: [1], m: 1 }, theirs: { l: [1, 2, 3], m: 2 } },
      { base: { l: [], m: 1 }, ours: { l: [], m: 2 }, theirs: { l: ['first', 'second'], m: 1 } },
      { base: { l: ['x'] }, ours: { l: ['x', 'y'] }, theirs: { l: ['x', 'y', 'z'] } },
      // In conflict by the rules, and invalid in Dolt.
      {
        base: { l: ['x'], m: 1, 'a\nb': 0 },
        ours: { l: ['x', 'y'], m: 2, 'a\nb': 0 },
        theirs: { l: ['x', 'y', 'z'], m: 1, 'a\nb': 1 },
      },
      ...fc.sample(editedDocuments, timesCases(60)),
    ].map((versions, index) => {
      let clashes = 0;
      const { base, ours, theirs } = versions;
      const merged = mergedByValues([base, ours, theirs], (a, b) => {
        clashes += 1;
        if (a === undefined || b === undefined) return a ?? b;
        // All cells have the time of their row.
        return compareBytes(stored(a), stored(b)) > 0 ? a : b;
      });
      return { id: `${index}`, base, north: ours, south: theirs, merged, isClash: clashes > 0 };
    });
    const rows = cases.map(({ id, base }) => `('${id}', ${json(base)}, 'old', '2026-01-01')`);
    const [wide, narrow] = ['id VARCHAR(60) PRIMARY KEY', 'updated_at DATETIME'];
    const sides = branched(
      folder,
      `${TABLE.slice(0, -1)} DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, CHECK (doc IS NOT NULL OR id = 'contested'))`,
      `INSERT INTO t VALUES ${rows.join(', ')}, ('contested', NULL, 'old', '2026-01-01')`,
      `CREATE TABLE renamed (${wide}, doc JSON, ${narrow})`,
      `CREATE TABLE strict (${wide}, doc JSON NOT NULL, ${narrow}, n INT AS (JSON_LENGTH(doc)) STORED NOT NULL, CHECK (JSON_LENGTH(doc) < 99))`,
      `CREATE TABLE shifted (${wide}, doc JSON, ${narrow}, n INT AS (JSON_LENGTH(doc)) VIRTUAL)`,
      `CREATE TABLE named (${wide}, doc JSON, ${narrow}, title VARCHAR(60) UNIQUE, n INT AS (LENGTH(title)) STORED)`,
      'INSERT INTO renamed SELECT id, doc, updated_at FROM t WHERE doc IS NOT NULL',
      'INSERT INTO named (id, doc, updated_at, title) SELECT id, doc, updated_at, id FROM renamed',
      // Dolt reads the documents for these columns while it merges, also those that it makes invalid.
      ...['strict', 'shifted'].map(
        (table) =>
          `INSERT INTO ${table} (id, doc, updated_at) SELECT * FROM renamed WHERE INSTR(CAST(doc AS CHAR), CHAR(92)) = 0`,
      ),
    );
    const clashes = cases.filter(({ isClash }) => isClash).map(({ id }) => id);
    const updates = (side: 'north' | 'south') => [
      `UPDATE t SET title = '${side}' WHERE id = 'contested'`,
      ...cases.map((one) => update(one.id, one[side], 'updated_at = updated_at')),
      ...['renamed', 'strict', 'shifted', 'named'].map(
        (table) => `UPDATE ${table} SET doc = (SELECT doc FROM t WHERE t.id = ${table}.id)`,
      ),
      // A table with renamed columns and rows in conflict is not merged.
      `UPDATE renamed SET doc = '{}' WHERE id IN (${clashes.map(text).join(', ')})`,
    ];
    await sides.edit(
      [...updates('north'), 'ALTER TABLE renamed RENAME COLUMN id TO name'],
      [...updates('south'), 'ALTER TABLE renamed RENAME COLUMN doc TO body'],
      order,
    );
    const names = (conflicts: readonly { readonly table: string; readonly key: Readonly<Record<string, unknown>> }[]) =>
      conflicts.map(({ table, key }) => `${table} ${key['id']}`).sort();
    const isEscaped = (id: string) => JSON.stringify(cases[Number(id)]?.base).includes('\\');
    const inConflict = [
      ...['t', 'named'].flatMap((table) => clashes.map((id) => `${table} ${id}`)),
      ...['strict', 'shifted'].flatMap((table) => clashes.filter((id) => !isEscaped(id)).map((id) => `${table} ${id}`)),
    ];
    const expected = [...inConflict, 't contested'].sort();
    const undone = (await sides.run('manual')).run('south');
    expect(undone.failure).toMatchObject({ code: 'conflict' });
    expect(names(undone.conflicts)).toEqual(expected);
    const differing = (table: string, doc: string, more = 'FALSE') =>
      `SELECT t.id FROM t JOIN ${table} ON t.id = ${table}.${table === 'renamed' ? 'name' : 'id'} WHERE NOT (t.doc <=> ${doc}) OR ${more}`;
    const { documents, conflicts, found } = await mergeInBoth(
      sides,
      differing('strict', 'strict.doc', 'n <> JSON_LENGTH(t.doc)'),
      differing('shifted', 'shifted.doc', 'n <> JSON_LENGTH(t.doc)'),
      differing('named', 'named.doc'),
      "SELECT id FROM t WHERE updated_at <> '2026-01-01' AND id <> 'contested'",
      differing('renamed', 'body'),
      'SELECT name FROM renamed',
    );
    expect(names(conflicts)).toEqual(expected);
    expect(documents).toEqual({
      ...Object.fromEntries(cases.map(({ id, merged }) => [id, merged])),
      contested: null,
    });
    const [inStrict, inShifted, inNamed, dated, inRenamed = [], renamed] = found;
    expect({ inStrict, inShifted, inNamed, dated }).toEqual({ inStrict: [], inShifted: [], inNamed: [], dated: [] });
    expect(clashes).toEqual(expect.arrayContaining(inRenamed.map(({ id }) => id)));
    expect(renamed).toHaveLength(cases.length);
  });

  test('is one cell if it is too large or Dolt would round its numbers', async () => {
    await using folder = await tempFolder();
    const size = 1_100_000;
    const sides = branched(
      folder,
      TABLE,
      `INSERT INTO t VALUES ('big', JSON_OBJECT('big', 18446744073709551615), 'old', '2026-01-01'), ('large', JSON_OBJECT('l', REPEAT('x', ${size})), 'old', '2026-01-01')`,
    );
    const edit = (key: string, day: number) => [
      `UPDATE t SET doc = JSON_OBJECT('big', 18446744073709551615, '${key}', 1), title = '${key}', updated_at = '2026-01-0${day}' WHERE id = 'big'`,
      `UPDATE t SET doc = JSON_SET(doc, '$.${key}', 1), title = '${key}', updated_at = '2026-01-0${day}' WHERE id = 'large'`,
    ];
    await sides.edit(edit('north', 2), edit('south', 3), order);
    const { documents } = await mergeInBoth(sides);
    expect(documents['large']).toEqual({ l: 'x'.repeat(size), south: 1 });
    const stored = await sides.sql("SELECT doc FROM t WHERE id = 'big'");
    expect(stored).toContain('{"big":18446744073709551615,"south":1}');
  });
});
