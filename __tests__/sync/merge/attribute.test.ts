import { expect, test } from '@jest/globals';
import { attributeAll } from '../../../src/sync/merge/attribute.ts';
import { MergeLimits } from '../../../src/sync/merge/limits.ts';
import { conflict } from '../../helpers/results.ts';
import { branchHeads, withBranches } from '../../helpers/workshop.ts';

test('the rows of a head are read at the head, whatever branch is checked out', async () => {
  const base = ['CREATE TABLE t (id INT PRIMARY KEY, v INT)', 'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)'];
  const theirs = ['UPDATE t SET v = 7 WHERE id = 1', 'DELETE FROM t WHERE id = 2'];
  const heads = await branchHeads({ base, ours: ['UPDATE t SET v = 8'], theirs });
  const dropped = await branchHeads({ base, ours: [], theirs: ['DROP TABLE t'] });
  const of = (id: string, v: string | null) =>
    conflict({ table: 't', key: { id }, columns: ['v'], theirs: v === null ? null : { v } });
  const conflicts = [of('1', '7'), of('2', null), of('3', '9')];
  const peers = async (first: string, ours: string): Promise<readonly string[]> => {
    const steps = [{ head: ours, onto: [first, 'last'], conflicts }];
    const of = { steps, ours, parts: new Map(), limits: new MergeLimits(60_000, 2) };
    const found = await withBranches((engine) => attributeAll(engine, of));
    if (found.kind !== 'attributed') throw found.failure;
    return found.conflicts.map(({ head }) => head);
  };
  expect(await peers(heads.theirs, heads.ours)).toEqual([heads.theirs, heads.theirs, 'last']);
  expect(await peers(dropped.theirs, dropped.ours)).toEqual(['last', dropped.theirs, 'last']);
});
