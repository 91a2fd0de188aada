import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { recordSource } from '../../../../src/commands/prepare/cache/clone-source.ts';
import { requireFreePlace } from '../../../../src/commands/prepare/cache/free-place.ts';
import type { Configuration } from '../../../../src/config/configuration.ts';
import { configure } from '../../../helpers/configuring.ts';
import { type Asked, aDatabase, search, workspace } from '../../../helpers/searching.ts';
import { tempFolder } from '../../../helpers/temp-folder.ts';

test('a step uses a clone in the beads workspace only if it would clone the same peer', async () => {
  await using folder = await tempFolder();
  const beads = await workspace(folder, { dolt_database: 'north' });
  const path = folder.file('here', '.beads', 'embeddeddolt', 'north');
  const peersOf = (config: string) => configure(config).peers;
  const one = peersOf('federation: {remote: file:///one, peers: {box: file:///box}}');
  const [primary] = one;
  if (primary === undefined) throw new Error('no primary');
  const cloneDir = folder.file('clones');
  await aDatabase(path);
  // A database of the workspace itself.
  expect(await search(folder, { ...beads, cloneDir, peers: [] })).toMatchObject({ kind: 'database', path });

  await recordSource(path, primary);
  const seen = { kind: 'database', path };
  const step = (peers: Configuration['peers'], asked: Asked = {}) =>
    search(folder, { ...beads, cloneDir, peers, ...asked });
  expect(await step(one)).toMatchObject(seen);
  expect(await step(one, { branch: 'dev' })).toMatchObject(seen);
  const asPeer = peersOf('federation: {remote: file:///two, peers: {hub: file:///one}}');
  expect(await step(asPeer, { bootstrap: 'hub' })).toMatchObject(seen);
  const refused = [step(asPeer), step(one, { bootstrap: 'box' }), step([])];
  // Also from a folder in it.
  refused.push(search(folder, { cwd: path, cloneDir, peers: asPeer }));
  for (const each of refused)
    await expect(each).rejects.toMatchObject({
      code: 'no-database',
      message: expect.stringContaining(`an earlier step cloned file:///one into ${path}`),
    });
  // A named database is always used, and the command line has no steps.
  expect(await step(asPeer, { database: path })).toMatchObject(seen);
  expect(await search(folder, { ...beads, peers: asPeer })).toMatchObject(seen);
  await writeFile(`${path}/.dolt/dolt-federation-clone.json`, '{');
  await expect(step(one)).rejects.toMatchObject({ code: 'no-database' });
});

test('the place of a clone is free although another run has just cloned into it', async () => {
  await using folder = await tempFolder();
  await mkdir(folder.file('half', '.dolt'), { recursive: true });
  await expect(requireFreePlace(folder.file('half'))).rejects.toMatchObject({ code: 'no-database' });
  await aDatabase(folder.file('half'));
  await requireFreePlace(folder.file('half'));
  await requireFreePlace(folder.file('new', 'place'));
});
