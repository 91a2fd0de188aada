import { mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { checkManifest, judgeManifest } from '../../src/dolt/database-files.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const LOCK = '3lin2najl0nkpsl1g9esdip5lr665mg7';
const ROOT = '1rgs620kt551u9t05m1vjman0225k5rk';

test.each([
  [`5:__DOLT__:${LOCK}:${ROOT}:${'0'.repeat(32)}:${'v'.repeat(32)}:30`, 'readable'],
  [`4:__DOLT__:${LOCK}:${ROOT}:${'v'.repeat(32)}:30`, 'readable'],
  [`6:__DOLT__:${LOCK}:${ROOT}:`, 'newer'],
  [`5:__DOLT2__:${LOCK}:${ROOT}:`, 'newer'],
  [`5:__LD_1__:${LOCK}:${ROOT}:`, 'older'],
  [`4:7.18:${LOCK}:${ROOT}:`, 'older'],
  ['', 'corrupt'],
  ['garbage', 'corrupt'],
  [`5:__DOLT__:${LOCK}:`, 'corrupt'],
  [`5:__DOLT__:${'x'.repeat(32)}:${ROOT}:`, 'corrupt'],
  [`five:__DOLT__:${LOCK}:${ROOT}:`, 'corrupt'],
])('a manifest %j is %s', (text, verdict) => {
  expect(judgeManifest(text)).toBe(verdict);
});

const journal = 'v'.repeat(32);

/** A damaged database, and the code of its refusal. */
const DAMAGED: readonly (readonly [string, (file: TempFolder['file']) => Promise<unknown>, string])[] = [
  ['an empty manifest', (file) => writeFile(file('manifest'), ''), 'corrupt'],
  ['no manifest', (file) => rm(file('manifest')), 'corrupt'],
  [
    'a manifest of a newer Dolt',
    async (file) => writeFile(file('manifest'), (await readFile(file('manifest'), 'utf8')).replace(/^5/, '6')),
    'client-too-old',
  ],
  [
    'a manifest of another format',
    async (file) => writeFile(file('manifest'), (await readFile(file('manifest'), 'utf8')).replace('DOLT', 'LD_1')),
    'database-format',
  ],
  [
    'a manifest in a cycle of links',
    async (file) => {
      await rm(file('manifest'));
      await symlink('manifest', file('manifest'));
    },
    'database-read-only',
  ],
  ['half of the journal', (file) => truncate(file(journal), 100), 'corrupt'],
  ['no journal', (file) => rm(file(journal)), 'corrupt'],
  ['truncated settings', (file) => writeFile(file('..', 'repo_state.json'), '{"x'), 'corrupt'],
];

describe('a damaged or incompatible database', () => {
  test.each(DAMAGED)('with %s is refused and not changed', async (_, damage, code) => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await damage((...parts) => folder.file('local', '.dolt', 'noms', ...parts));
    const manifest = await readFile(folder.file('local', '.dolt', 'noms', 'manifest'), 'utf8').catch(() => null);
    await expect(command(folder, `box: file://${folder.file('box')}`)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(local.path),
    });
    const after = await readFile(folder.file('local', '.dolt', 'noms', 'manifest'), 'utf8').catch(() => null);
    expect(after).toBe(manifest);
  });

  test('passes this check if its folder has no data, which other checks decide', async () => {
    await using folder = await tempFolder();
    await expect(checkManifest(folder.path)).resolves.toBeUndefined();
    await mkdir(folder.file('.dolt', 'noms'), { recursive: true });
    await writeFile(folder.file('.dolt', 'noms', 'LOCK'), '');
    await expect(checkManifest(folder.path)).resolves.toBeUndefined();
  });
});

test('a peer that a newer Dolt wrote fails alone and gets no push', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const peers = ['new', 'box'].map((name) => `${name}: file://${folder.file(name)}`).join('\n');
  await command(folder, peers);
  const manifest = folder.file('new', 'manifest');
  const newer = (await readFile(manifest, 'utf8')).replace(/^5/, '6');
  await writeFile(manifest, newer);
  await openTestDatabase(folder.file('local')).commit('more', "INSERT INTO items VALUES (5, 'five', 'ann')");
  const { result } = await command(folder, peers);
  expect(result.peers).toMatchObject([
    { name: 'box', status: 'pushed', verified: true },
    { name: 'new', status: 'failed', error: { code: 'client-too-old' } },
  ]);
  expect(await readFile(manifest, 'utf8')).toBe(newer);
});
