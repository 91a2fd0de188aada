import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { clash } from '../helpers/clash.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** Changes one byte of a chunk, which Dolt finds only when it reads that chunk. */
async function damage(folder: string, text: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    const at = bytes.indexOf(text);
    if (at === -1) continue;
    bytes[at] = 0x7e;
    await writeFile(file, bytes);
    return;
  }
  throw new Error(`no file of ${folder} has '${text}'`);
}

test('damaged data that a push finds here, or at the peer, is not said to be on the other side', async () => {
  await using folder = await tempFolder();
  const { local, other, peers } = await clash(folder, '');
  const second = `second: file://${folder.file('second')}`;
  await local.publish(`file://${folder.file('second')}`);
  await other.commit('rows', "INSERT INTO items VALUES (9, 'damaged row', 'ann')");
  // A run reads the tables of the head before it pushes.
  await other.commit('fewer rows', 'DELETE FROM items WHERE id = 9');
  await other.dolt('push', 'box', 'main');
  const clone = await cloneDatabase(`file://${folder.file('box')}`, folder.file('clone'));
  await damage(join(clone.path, '.dolt', 'noms'), 'damaged row');
  const ours = await command(folder, second, { database: 'clone' });

  expect((await command(folder, peers)).result.status).toBe('success');
  await local.commit('more', "INSERT INTO items VALUES (8, 'eight', 'ann')");
  await damage(folder.file('box'), 'fewer rows');
  const theirs = await command(folder, peers);
  for (const [{ result }, name] of [
    [ours, 'second'],
    [theirs, 'box'],
  ] as const) {
    expect(result.peers).toMatchObject([{ name, status: 'failed', state: 'ahead', error: { code: 'corrupt' } }]);
    const { message, hint } = result.peers[0]?.error ?? {};
    expect(message).toContain(`the push to ${name} found damaged data, in this database or there\nDolt said: `);
    expect(hint).toMatch(/`dolt fsck` in it. If it finds damage, restore a backup, .* If it finds none, check what/);
  }
  await expect(clone.dolt('fsck')).rejects.toThrow();
  expect(await local.dolt('fsck')).toContain('No problems found');
});

test('damaged data that a fetch from a folder finds is said to be there', async () => {
  await using folder = await tempFolder();
  const { peers } = await clash(folder, '');
  await damage(folder.file('box'), 'theirs');
  const { result } = await command(folder, peers);
  expect(result.peers).toMatchObject([{ state: 'unreachable', error: { code: 'corrupt' } }]);
  expect(result.peers[0]?.error?.message).toMatch(/^box has damaged data, or sends something else\nDolt said: /);
  expect(result.peers[0]?.error?.hint).toContain('If the data there is damaged, keep a copy of it');
});
