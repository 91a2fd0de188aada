import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { Env } from '../../src/core/env.ts';
import { backUp } from '../helpers/backing-up.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase, makeDatabaseOf } from '../helpers/database.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const peersOf = (folder: TempFolder) => `one: {endpoint: "file://${folder.file('one')}", role: backup}`;

const COMMIT = "CALL DOLT_COMMIT('-A', '-m', 'more')";

async function configured(folder: TempFolder, text: string): Promise<void> {
  await mkdir(folder.file('.beads'));
  await writeFile(folder.file('.beads', 'config.yaml'), `sync: {mode: dolt-native}\n${text}\n`);
}

describe('a backup is refused before a database is opened', () => {
  test.each<[string, string, Env]>([
    ['no-push', 'no-push: true', {}],
    ['dolt.local-only', 'dolt: {local-only: true}', {}],
    ['BD_NO_PUSH', '', { BD_NO_PUSH: 'true' }],
  ])('if the configuration has %s', async (said, text, env) => {
    await using folder = await tempFolder();
    await configured(folder, text);
    // There is no database, and the command does not search for Dolt.
    const refused = backUp(folder, peersOf(folder), { env, dolt: { source: 'release', path: '/no/dolt' } });
    await expect(refused).rejects.toMatchObject({ code: 'push-disabled', message: expect.stringContaining(said) });
    expect(existsSync(folder.file('one'))).toBe(false);
  });

  test('without a peer that gets backups', async () => {
    await using folder = await tempFolder();
    const refused = backUp(folder, `friend: file://${folder.file('friend')}`);
    await expect(refused).rejects.toMatchObject({ code: 'no-backup-peers' });
  });
});

test('a backup is refused for a peer without pushes, a tag with the name of a branch, and an event that may not write', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const peers = `${peersOf(folder)}\nfrom: {endpoint: "file://${folder.file('from')}", role: upstream}`;
  await expect(backUp(folder, peers, { only: ['from'] })).rejects.toMatchObject({
    code: 'bad-usage',
    message: 'backup does not use peers with the role upstream, such as from',
  });
  await expect(backUp(folder, peers, { tag: 'Main' })).rejects.toMatchObject({
    code: 'bad-usage',
    message: 'the tag Main has the name of the branch main',
  });
  const { result } = await backUp(folder, peers, { untrusted: true, dryRun: true });
  expect(result).toMatchObject({ status: 'skipped', peers: [{ name: 'one', status: 'skipped' }] });
  expect(await local.rows('SELECT tag_name FROM dolt_tags')).toEqual([]);
  expect(existsSync(folder.file('one', 'manifest'))).toBe(false);
});

test('a release is not published to a primary that is empty, unreadable, or has another history', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const url = (name: string) => `file://${folder.file(name)}`;
  const primary = (path: string) => `${peersOf(folder)}\nprim: {endpoint: "file://${path}", role: primary}`;
  await expect(backUp(folder, primary(folder.file('no', 'disk')))).rejects.toMatchObject({
    code: 'folder-missing',
    message: expect.stringContaining('the primary prim failed'),
  });
  await mkdir(folder.file('empty'));
  for (const path of [folder.file('empty'), folder.file('absent')])
    await expect(backUp(folder, primary(path))).rejects.toMatchObject({
      code: 'remote-empty',
      message: 'prim is the primary and has no data, so it cannot get the tag v1',
    });

  // A sync would not push to these either.
  const stranger = await makeDatabaseOf(folder.file('stranger'), 'CREATE TABLE s (id INT PRIMARY KEY)', COMMIT);
  await stranger.publish(url('unrelated'));
  await expect(backUp(folder, primary(folder.file('unrelated')))).rejects.toMatchObject({ code: 'unrelated' });
  await stranger.publish(url('other'), 'main:dev');
  const withoutBranch = backUp(folder, primary(folder.file('other')), { initEmpty: false });
  await expect(withoutBranch).rejects.toMatchObject({ code: 'branch-missing' });
  await local.sql("INSERT INTO items VALUES (3, 'removed', 'cleo')", COMMIT);
  const { result } = await command(folder, primary(folder.file('rewritten')), { only: ['prim'] });
  expect(result.status).toBe('success');
  const other = await cloneDatabase(url('rewritten'), folder.file('clone'));
  await other.sql("CALL DOLT_RESET('--hard', 'HEAD~1')", "CALL DOLT_COMMIT('--allow-empty', '-m', 'without it')");
  await other.dolt('push', '--force', 'origin', 'main');
  for (const dryRun of [true, false])
    await expect(backUp(folder, primary(folder.file('rewritten')), { dryRun })).rejects.toMatchObject({
      code: 'history-rewritten',
      message: expect.stringContaining('its history was rewritten there'),
    });
  // A tag does not get the name of a branch here, or of one at the primary.
  await local.sql("CALL DOLT_BRANCH('dev')", "CALL DOLT_PUSH('prim', 'dev:far')");
  for (const tag of ['dev', 'Far'])
    await expect(backUp(folder, primary(folder.file('rewritten')), { tag })).rejects.toMatchObject({
      code: 'bad-usage',
      message: `the tag ${tag} has the name of the branch ${tag.toLowerCase()}`,
    });

  for (const name of ['unrelated', 'other', 'rewritten']) {
    const there = await cloneDatabase(url(name), folder.file('look', name));
    expect(await there.rows('SELECT tag_name FROM dolt_tags')).toEqual([]);
  }
  expect(await local.rows('SELECT tag_name FROM dolt_tags')).toEqual([]);
  expect(existsSync(folder.file('one', 'manifest'))).toBe(false);
});
