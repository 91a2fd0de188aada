import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { ACCEPTS } from '../../src/contract/vocabulary.ts';
import { BEADS_TABLES } from '../helpers/beads-schema.ts';
import { command } from '../helpers/commanding.ts';
import { refusal } from '../helpers/configuring.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
import { examine, linesOf } from '../helpers/examining.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const project = (id: string) => `INSERT INTO metadata VALUES ('_project_id', '${id}')`;

test('a peer of another project is never merged; a database without a project takes that of the peer', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, ...BEADS_TABLES);
  await box.send(project('first'));
  expect((await box.receive()).run('partner').failure).toBeNull();

  const change = "UPDATE metadata SET value = 'second' WHERE `key` = '_project_id'";
  await box.send(change);
  const apart = (await box.receiveUnchanged({ accept: ACCEPTS })).run('partner');
  expect(apart.failure).toMatchObject({ code: 'other-project' });
  expect(apart.failure?.message).toContain('partner belongs to another project');
  expect(apart.failure?.message).not.toContain('second');

  await box.keep(change);
  expect((await box.receive()).run('partner').failure).toBeNull();

  for (const sends of [
    ["DELETE FROM metadata WHERE `key` = '_project_id'"],
    [project('')],
    [
      'ALTER TABLE metadata RENAME COLUMN `key` TO k2',
      'ALTER TABLE metadata RENAME COLUMN k2 TO `Key`',
      "UPDATE metadata SET value = 'third' WHERE `key` = '_project_id'",
    ],
    ['ALTER TABLE metadata DROP PRIMARY KEY', project('second')],
  ]) {
    await box.send("CALL DOLT_PULL('mailbox', 'main')", ...sends);
    const other = (await box.receiveUnchanged({ accept: ACCEPTS })).run('partner');
    expect(other.failure).toMatchObject({ code: 'other-project' });
  }
});

test('a database whose project differs from that of its workspace is not synchronized', async () => {
  await using folder = await tempFolder();
  const at = folder.file('.beads', 'embeddeddolt', 'beads');
  await mkdir(folder.file('.beads', 'embeddeddolt'), { recursive: true });
  await mkdir(folder.file('box'));
  const local = await makeDatabase(at);
  await local.commit('a tracker', ...BEADS_TABLES, project('mine'));
  const says = (id: string) => writeFile(folder.file('.beads', 'metadata.json'), JSON.stringify({ project_id: id }));
  await writeFile(
    folder.file('.beads', 'config.yaml'),
    `sync: {mode: dolt-native}\nfederation: {peers: {box: 'file://${folder.file('box')}'}}\n`,
  );
  await says('other');
  const found = { database: undefined, overrides: {} };
  expect(await refusal(() => command(folder, '', found))).toMatchObject({ code: 'other-project' });
  const seen = await command(folder, '', { ...found, command: 'status' });
  expect(seen.result.problems.map(({ code }) => code)).toContain('other-project');
  const checked = () => examine(folder, '', { database: undefined }).then((result) => linesOf(result, 'database'));
  expect(await checked()).toContainEqual(
    expect.stringMatching(/^missing: the database belongs to another project than .*metadata\.json says$/),
  );
  // A database that the user names may be another one than that of the workspace.
  const named = await command(folder, '', { ...found, database: at });
  expect(named.result.peers[0]?.verified).toBe(true);
  await says('mine');
  expect(await checked()).toEqual([`ok: ${at}`]);
  expect((await command(folder, '', found)).result.problems.map(({ code }) => code)).not.toContain('other-project');

  // A database that has no id yet does not take another one than that of its workspace.
  await local.commit('no project', 'DELETE FROM metadata');
  expect((await command(folder, '', found)).result.peers[0]?.verified).toBe(true);
  const url = `file://${folder.file('box')}`;
  const peer = await cloneDatabase(url, folder.file('peer'));
  await peer.commit('another project', project('other'));
  await peer.publish(url);
  const { result } = await command(folder, '', found);
  expect(result.peers[0]).toMatchObject({ status: 'conflict', error: { code: 'other-project' } });
});
