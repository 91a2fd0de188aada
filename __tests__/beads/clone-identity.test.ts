import { expect, test } from '@jest/globals';
import { BEADS_TABLES } from '../helpers/beads-schema.ts';
import { dateCommits } from '../helpers/commit-dates.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { twoDatabases } from '../helpers/two-databases.ts';

const write = (id: string) => `REPLACE INTO metadata VALUES ('clone_id', '${id}'), ('repo_id', 'repo of ${id}')`;

test('clones that write their identities agree on one pair after one round without unresolved rows, and converge', async () => {
  await using folder = await tempFolder();
  const databases = await twoDatabases(folder, dateCommits('2026-01-01T00:00:00'), ...BEADS_TABLES, write('first'));
  const identity = (name: 'north' | 'south') => databases[name].rows('SELECT value FROM metadata ORDER BY `key`');
  const one = (id: string) => [{ value: id }, { value: `repo of ${id}` }];

  // `bd init --remote` writes both rows of its clone, and `bd migrate` writes them again.
  await databases.edit(
    [dateCommits('2026-01-02T00:00:00'), write('north')],
    [dateCommits('2026-01-03T00:00:00'), write('south')],
  );
  const first = [await databases.run('north'), await databases.run('south')];
  expect(first.map((run) => run.allProgress.map(({ failure }) => failure))).toEqual([[null], [null]]);
  expect(
    first.flatMap((run) => run.allProgress.flatMap(({ conflicts }) => conflicts.filter(({ left }) => left))),
  ).toEqual([]);
  expect(first[1]?.head).toBe(first[0]?.head);
  expect([await identity('north'), await identity('south')]).toEqual([one('south'), one('south')]);

  // Only one side changes: the other one follows, and then no head moves.
  await databases.edit([dateCommits('2026-01-04T00:00:00'), write('north')], []);
  const second = [await databases.run('south'), await databases.run('north')];
  expect(second[0]?.head).toBe(second[1]?.head);
  expect([await identity('north'), await identity('south')]).toEqual([one('north'), one('north')]);
  const third = await databases.run('south');
  expect(third.head).toBe(second[0]?.head);
});
