import { expect, test } from '@jest/globals';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { mergeProblems } from '../../src/commands/outcome/problems.ts';
import { runResultSchema } from '../../src/contract/result.ts';
import { addMerges } from '../../src/sync/merge/merge-heads.ts';
import { command } from '../helpers/commanding.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { twoDatabases } from '../helpers/two-databases.ts';

test('a row that both sides added is merged, pushed and verified, but the run ends as a conflict', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(folder, 'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9))');
  await databases.edit(["INSERT INTO t VALUES (1, 'n', 'n')"], ["INSERT INTO t VALUES (1, 's', 's')"]);
  const peers = `south: file://${folder.file('south.box')}`;
  const { result } = await command(folder, peers, { database: 'north' });
  expect(runResultSchema.parse(result)).toEqual(result);
  expect(result.status).toBe('conflict');
  expect(exitCodeOf(result, 'any')).toBe(4);
  expect(result.peers[0]).toMatchObject({
    status: 'conflict',
    verified: true,
    remoteHead: result.head,
    error: { code: 'id-collision' },
    conflicts: [{ kind: 'id-collision', left: true, key: { id: '1' } }],
  });
  const again = await command(folder, peers, { database: 'north' });
  expect(again.result).toMatchObject({ status: 'unchanged', merge: { commits: 0 } });
});

test('a Dolt that cannot set the committer is reported once', () => {
  const merge = { protocol: 2, deterministic: false, because: 'committer', commits: 2 } as const;
  expect(mergeProblems(merge)).toMatchObject([{ severity: 'warning', code: 'merge-not-deterministic' }]);
  expect(mergeProblems({ ...merge, because: 'strategy' })).toEqual([]);
  expect(mergeProblems(null)).toEqual([]);
});

test('the merges of two attempts are counted together, and one that is not deterministic marks all', () => {
  const merge = { protocol: 2, deterministic: true, because: null, commits: 2 } as const;
  expect(addMerges(null, merge)).toEqual(merge);
  expect(addMerges({ ...merge, deterministic: false, because: 'strategy' }, merge)).toEqual({
    protocol: 2,
    deterministic: false,
    because: 'strategy',
    commits: 4,
  });
});
