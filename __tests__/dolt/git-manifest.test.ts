import { describe, expect, test } from '@jest/globals';
import { manifestTables, missingTables } from '../../src/dolt/git-manifest.ts';

const [LOCK, ROOT, NONE] = ['3lin2najl0nkpsl1g9esdip5lr665mg7', '1rgs620kt551u9t05m1vjman0225k5rk', '0'.repeat(32)];
const [A, B] = ['2u3khv2sq086rmk6v8nhgkoanki0n32c', 'clh4i5iu185vst6un4aaf3gi7jln6h5j'];

describe('the table files of a manifest', () => {
  test.each([
    [`5:__DOLT__:${LOCK}:${ROOT}:${NONE}:${A}:15:${B}:1`, [A, B]],
    [`5:__DOLT__:${LOCK}:${ROOT}:${NONE}:${A}:15\n`, [A]],
    [`5:__DOLT__:${LOCK}:${ROOT}:${NONE}`, []],
    [`4:__DOLT__:${LOCK}:${ROOT}:${A}:15`, [A]],
    [`4:__DOLT__:${LOCK}:${ROOT}`, []],
    ['', null],
    ['5', null],
    [`5:__DOLT__:${LOCK}:${ROOT}`, null],
    [`6:__DOLT__:${LOCK}:${ROOT}:${NONE}:${A}:15`, null],
    [`5:__DOLT__:${LOCK}:${ROOT}:${NONE}:${A}`, null],
    [`5:__DOLT__:${LOCK}:${ROOT}:${NONE}:${A}:many`, null],
    [`5:__DOLT__:${LOCK}:${ROOT}:${NONE}:../manifest:15`, null],
  ])('are read from %j', (text, tables) => {
    expect(manifestTables(text)).toEqual(tables);
  });
});

describe('the missing table files of a tree', () => {
  test.each<readonly [string, readonly string[], readonly string[], readonly string[]]>([
    ['none: a table file', [A], ['manifest', A], []],
    ['none: an archive', [A], ['manifest', `${A}.darc`], []],
    ['both', [A, B], [B, `${A}.darc`, 'manifest'], []],
    ['none: an archive in parts', [A], [`${A}.darc/0001`, `${A}.darc/0002`, 'manifest'], []],
    ['none: a table file in parts', [A], [`${A}/0001`, 'manifest'], []],
    ['all: only a manifest', [A, B], ['manifest'], [A, B]],
    ['one: only the other file', [A, B], [`${B}.darc`, 'manifest'], [A]],
    ['one: files whose names only start with its name', [A], [`${A}.tail`, `${A}.records`, `${A}0`], [A]],
    ['the first part', [A], [`${A}.darc/0002`], [`${A}.darc/0001`]],
    ['parts in the middle', [A], [`${A}/0001`, `${A}/0004`], [`${A}/0002`, `${A}/0003`]],
    ['one: names that are not parts', [A], [`${A}/1`, `${A}/0001/0002`], [A]],
    ['one: a table that is listed twice', [A, A], [], [A]],
    ['none: more files than the manifest lists', [], [A, 'manifest'], []],
  ])('%s', (_, tables, blobs, missing) => {
    expect(missingTables(tables, blobs)).toEqual(missing);
  });
});
