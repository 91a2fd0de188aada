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
  ])('%j', (text, tables) => {
    expect(manifestTables(text)).toEqual(tables);
  });
});

describe('the table files that a tree lacks', () => {
  test.each<readonly [string, readonly string[], readonly string[], readonly string[]]>([
    ['a table file', [A], ['manifest', A], []],
    ['an archive', [A], ['manifest', `${A}.darc`], []],
    ['both', [A, B], [B, `${A}.darc`, 'manifest'], []],
    ['an archive in parts', [A], [`${A}.darc/0001`, `${A}.darc/0002`, 'manifest'], []],
    ['a table file in parts', [A], [`${A}/0001`, 'manifest'], []],
    ['none of it', [A, B], ['manifest'], [A, B]],
    ['only the other one', [A, B], [`${B}.darc`, 'manifest'], [A]],
    ['a file that only begins with its name', [A], [`${A}.tail`, `${A}.records`, `${A}0`], [A]],
    ['no first part', [A], [`${A}.darc/0002`], [`${A}.darc/0001`]],
    ['no part in the middle', [A], [`${A}/0001`, `${A}/0004`], [`${A}/0002`, `${A}/0003`]],
    ['something that is no part', [A], [`${A}/1`, `${A}/0001/0002`], [A]],
    ['a table that is listed twice', [A, A], [], [A]],
    ['more than the manifest lists', [], [A, 'manifest'], []],
  ])('%s', (_, tables, blobs, missing) => {
    expect(missingTables(tables, blobs)).toEqual(missing);
  });
});
