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
      'contains the unresolved choices, sorted by name',
      null,
      { merges: [merge('q', NEW), merge('p', NEW)] },
      [merge('p', NEW), merge('q', NEW)],
    ],
    ['omits resolved conflicts', last(merge('p', OLD)), {}, []],
    [
      'keeps choices for unchanged rows at new heads',
      last(merge('p', OLD, { choose: 'ours' })),
      { merges: [merge('p', NEW)] },
      [merge('p', NEW, { choose: 'ours' })],
    ],
    [
      'drops choices for rows that changed',
      last(merge('p', OLD, { choose: 'ours' })),
      { merges: [merge('p', NEW, { ours: 'changed since' })] },
      [merge('p', NEW, { ours: 'changed since' })],
    ],
    [
      'keeps peers that this run did not read',
      last(merge('r', OLD, { choose: 'base' })),
      {},
      [merge('r', OLD, { choose: 'base' })],
    ],
    ['drops peers that are no longer configured', last(merge('x', OLD)), {}, []],
    ['starts over for another branch', { ...last(merge('r', OLD)), branch: 'other' }, {}, []],
  ])('%s', (_, before, now, merges) => {
    expect(nextFile(before, { ...found, ...now }).merges).toEqual(merges);
  });

  test('keeps lost rows once each until a person removes them', () => {
    expect(nextFile({ ...last(), lost: [lost] }, { ...found, lost: [lost] }).lost).toEqual([lost]);
    expect(nextFile({ ...last(), lost: [lost] }, found).lost).toEqual([lost]);
  });
});

describe('the stored conflicts file', () => {
  test('is written atomically and only for its owner, and is removed when it is empty', async () => {
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

  test('is an error if it cannot be read or written', async () => {
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
