import { expect, test } from '@jest/globals';
import { fetchMark, removeMarks } from '../../src/dolt/sql/transfer.ts';
import { command } from '../helpers/commanding.ts';
import { withDatabase } from '../helpers/federating.ts';
import { manyRefs } from '../helpers/loads.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const SEEN = 'SELECT name FROM dolt_remote_branches ORDER BY name';
const TAGS = 'SELECT tag_name, tag_hash FROM dolt_tags';

test('the fetch from a peer with very many tags ends after its branch, and both peers are served', async () => {
  await using folder = await tempFolder();
  // The time for a tag grows with their number: all of them would take about 15 s.
  const load = await manyRefs(folder, { tags: 2_000, branches: 0 });
  const before = await load.local.rows(TAGS);
  const { result } = await command(folder, load.peers());
  expect(result.peers.map(({ name, error, verified }) => ({ name, error, verified }))).toEqual([
    { name: 'honest', error: null, verified: true },
    { name: 'hostile', error: null, verified: true },
  ]);
  expect(result.problems).toContainEqual(
    expect.objectContaining({ code: 'many-tags', peer: 'hostile', severity: 'notice' }),
  );
  expect(result.problems.filter(({ code, peer }) => code === 'many-tags' && peer === 'honest')).toEqual([]);
  expect(await load.local.rows('SELECT title FROM items ORDER BY id')).toEqual([
    { title: 'honest' },
    { title: 'hostile' },
  ]);
  expect(await load.local.rows(TAGS)).toEqual(before);
  expect(await load.local.rows(SEEN)).toEqual([{ name: 'remotes/honest/main' }, { name: 'remotes/hostile/main' }]);
});

test.each([
  ['1,000 branches', { tags: 0, branches: 1_000 }],
  ['tags with long names and messages', { tags: 20, branches: 0, name: 'n'.repeat(150), message: 'm'.repeat(64_000) }],
])('%s are fetched completely', async (_, refs) => {
  await using folder = await tempFolder();
  const load = await manyRefs(folder, refs);
  const { result } = await command(folder, load.peers());
  expect(result.peers.map(({ error, verified }) => ({ error, verified }))).toEqual(
    Array(2).fill({ error: null, verified: true }),
  );
  expect(result.problems.filter(({ code }) => code === 'many-tags')).toEqual([]);
  expect(await load.local.rows(TAGS)).toEqual([]);
  expect(await load.local.rows(SEEN)).toEqual([{ name: 'remotes/honest/main' }, { name: 'remotes/hostile/main' }]);
});

test('temporary branches of a killed fetch are removed, and no branch of a user is', async () => {
  await using folder = await tempFolder();
  const load = await manyRefs(folder, { tags: 0, branches: 1 });
  const mark = fetchMark({ remote: 'box' });
  await load.local.sql(
    `CALL DOLT_REMOTE('add', 'box', '${load.hostileUrl}')`,
    `CALL DOLT_FETCH('box', 'refs/heads/main:refs/${mark.ref}', 'main', 'b0')`,
  );
  expect(await load.local.rows(SEEN)).toHaveLength(3);
  await withDatabase(load.local.path, folder.file('tmp'), removeMarks);
  expect(await load.local.rows(SEEN)).toEqual([{ name: 'remotes/box/b0' }, { name: 'remotes/box/main' }]);
});
