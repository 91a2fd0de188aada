import { readFile, stat } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { putAside } from '../../src/core/files.ts';
import type { Choice } from '../../src/resolve/choice.ts';
import type { ConflictsFile, LostRow, UnresolvedMerge } from '../../src/resolve/conflicts-file.ts';
import { nextFile, readConflictsIfAny, storeConflicts } from '../../src/resolve/store-conflicts.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const OLD = '0'.repeat(32);
const NEW = '1'.repeat(32);

function merge(peer: string, heads: string, over: { ours?: string; choose?: Choice | null } = {}): UnresolvedMerge {
  const { ours = 'a', choose = null } = over;
  const cells = { title: { base: 'o', ours, theirs: 'b', choose } };
  return {
    peer,
    ours: heads,
    theirs: heads,
    rows: [{ table: 't', key: { id: '1' }, kind: 'changed', cells, choose: null }],
  };
}
const lost: LostRow = {
  ...{ peer: 'p', kind: 'id-collision', table: 't', head: OLD, row: { id: '1', title: 'gone' } },
  choose: null,
};
const last = (...merges: UnresolvedMerge[]): ConflictsFile => ({ branch: 'main', merges, lost: [] });
const found = { branch: 'main', merges: [], lost: [], checked: ['p', 'q'], configured: ['p', 'q', 'r'] };

describe('the next conflicts file', () => {
  test.each([
    [
      'holds the remaining choices, in the order of the names',
      null,
      { merges: [merge('q', NEW), merge('p', NEW)] },
      [merge('p', NEW), merge('q', NEW)],
    ],
    ['forgets what is solved', last(merge('p', OLD)), {}, []],
    [
      'keeps choices for rows that are as they were, under new heads',
      last(merge('p', OLD, { choose: 'ours' })),
      { merges: [merge('p', NEW)] },
      [merge('p', NEW, { choose: 'ours' })],
    ],
    [
      'drops choices for rows that are other ones now',
      last(merge('p', OLD, { choose: 'ours' })),
      { merges: [merge('p', NEW, { ours: 'changed since' })] },
      [merge('p', NEW, { ours: 'changed since' })],
    ],
    [
      'keeps what this run did not hear of',
      last(merge('r', OLD, { choose: 'base' })),
      {},
      [merge('r', OLD, { choose: 'base' })],
    ],
    ['forgets peers that are not configured any more', last(merge('x', OLD)), {}, []],
    ['starts over for another branch', { ...last(merge('r', OLD)), branch: 'other' }, {}, []],
  ])('%s', (_, before, now, merges) => {
    expect(nextFile(before, { ...found, ...now }).merges).toEqual(merges);
  });

  test('keeps rows that lost their key until a person removes them, each once', () => {
    expect(nextFile({ ...last(), lost: [lost] }, { ...found, lost: [lost] }).lost).toEqual([lost]);
    expect(nextFile({ ...last(), lost: [lost] }, found).lost).toEqual([lost]);
  });
});

describe('on the disk', () => {
  test('a file is written whole and for its owner only, and is removed when it is empty', async () => {
    await using folder = await tempFolder();
    const file = folder.file('a', 'b', 'conflicts.yaml');
    expect(await readConflictsIfAny(file)).toBeNull();
    expect(await storeConflicts(file, last(merge('p', OLD)))).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(folder.file('a', 'b'))).mode & 0o777).toBe(0o700);
    expect(await readConflictsIfAny(file)).toMatchObject({ conflicts: { merges: [{ peer: 'p' }] } });
    expect(await storeConflicts(file, last())).toBe(false);
    expect(await readConflictsIfAny(file)).toBeNull();
  });

  test('a file that cannot be read or written is an error', async () => {
    await using folder = await tempFolder();
    expect(await failureOf(() => readConflictsIfAny(folder.path))).toMatchObject({ code: 'conflicts-file-unreadable' });
    const failure = await failureOf(() => storeConflicts(folder.path, last(merge('p', OLD))));
    expect(failure).toMatchObject({ code: 'conflicts-file-unwritten' });
    for (const name of ['one', 'two']) {
      await storeConflicts(folder.file('f'), last(merge(name, OLD)));
      const aside = await putAside(folder.file('f'));
      expect(await readFile(aside, 'utf8')).toContain(`peer: ${name}`);
    }
    expect(await readFile(folder.file('f.unreadable'), 'utf8')).toContain('peer: one');
    expect(await readConflictsIfAny(folder.file('f'))).toBeNull();
  });
});
