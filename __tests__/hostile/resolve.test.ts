import { writeFileSync } from 'node:fs';
import { cp, lstat, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { resolve } from '../../src/commands/resolve.ts';
import type { Asker } from '../../src/resolve/ask-rows.ts';
import { command } from '../helpers/commanding.ts';
import { commandContext } from '../helpers/configuring.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { ENV } from '../helpers/examining.ts';
import { publishMalformed } from '../helpers/swapped-contents.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';
import { makeUnresolved, runResolve, type UnresolvedConflicts } from '../helpers/unresolved-conflicts.ts';

test('rows that two peers delete together count in `resolve` as in a run', async () => {
  await using folder = await tempFolder();
  const database = await makeDatabase(folder.file('local'));
  const boxes = ['east', 'west'].map((name) => ({ name, url: `file://${folder.file(`${name}-box`)}` }));
  const ids = (from: number) => Array.from({ length: 18 }, (_, index) => from + index).join();
  await database.sql(
    'CREATE TABLE rowset (id INT PRIMARY KEY, n INT)',
    `INSERT INTO rowset VALUES ${Array.from({ length: 40 }, (_, id) => `(${id}, 0)`).join()}`,
    "CALL DOLT_COMMIT('-A', '-m', 'forty rows')",
    ...boxes.flatMap(({ name, url }, index) => [
      `CALL DOLT_CHECKOUT('-b', '${name}', 'main')`,
      `DELETE FROM rowset WHERE id IN (${ids(index * 18)})`,
      `UPDATE rowset SET n = 7 WHERE id = ${38 + index}`,
      `CALL DOLT_COMMIT('-A', '-m', '${name}')`,
      `CALL DOLT_REMOTE('add', '${name}', '${url}')`,
      `CALL DOLT_PUSH('${name}', '${name}:main')`,
      "CALL DOLT_CHECKOUT('main')",
    ]),
    'UPDATE rowset SET n = 9 WHERE id IN (38, 39)',
    "CALL DOLT_COMMIT('-A', '-m', 'ours')",
  );
  const peers = boxes.map(({ name, url }) => `${name}: ${url}`).join('\n');
  const overrides = { strategy: 'manual' } as const;
  const { result } = await command(folder, peers, { overrides });
  expect(result.peers.map(({ status }) => status)).toEqual(['conflict', 'conflict']);
  const own = folder.file('local', '.dolt', 'dolt-federation', 'conflicts.yaml');
  const text = await readFile(own, 'utf8');
  await writeFile(own, text.replaceAll(/^( {10,}choose:)$/gm, '$1 ours'), { mode: 0o600 });
  const head = await database.head();
  const request = (maxDelete: number) => ({
    file: own,
    maxDelete,
    mergeTimeout: 120_000,
    database: 'local',
    overrides: { peers, ...overrides },
    dolt: { source: 'release', path: testDolt() } as const,
  });
  const context = { ...commandContext(folder.path, { env: ENV }), tempDir: folder.file('tmp') };
  expect(await failureOf(() => resolve(request(50), context))).toMatchObject({
    code: 'mass-deletion',
    message: expect.stringContaining('36 of our 40 rows of rowset'),
  });
  expect(await database.head()).toBe(head);
  expect(await resolve(request(100), context)).toMatchObject({ status: 'success', peers: ['east', 'west'] });
  expect(await database.rows('SELECT COUNT(*) AS n FROM rowset')).toEqual([{ n: 4 }]);
});

test('rows of a peer with a malformed commit in its history are decided without their details', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await cp(local.path, folder.file('theirs'), { recursive: true });
  const theirs = openTestDatabase(folder.file('theirs'));
  await theirs.commit('first', "UPDATE items SET title = 'malformed' WHERE id = 1");
  await theirs.commit('second', "UPDATE items SET title = 'theirs' WHERE id = 1");
  await publishMalformed(theirs, folder.file('box'), { kind: 'DTBL', text: 'malformed', as: 'DSCH' });
  await local.commit('ours', "UPDATE items SET title = 'ours' WHERE id = 1");
  const peers = `other: file://${folder.file('box')}`;
  const { result } = await command(folder, peers, { overrides: { strategy: 'manual' } });
  expect(result).toMatchObject({ status: 'conflict', open: 1 });
  const warnings: string[] = [];
  const asked: unknown[] = [];
  const ask = (): Asker => ({
    begin: () => undefined,
    ask: async (question) => {
      asked.push(question);
      return 'theirs';
    },
    confirm: async () => true,
    close: () => undefined,
  });
  expect(await runResolve({ folder, peers }, undefined, { ask, warnings })).toMatchObject({
    status: 'success',
    rows: 1,
  });
  expect(asked).toMatchObject([{ peer: 'other', row: { key: { id: '1' } }, details: undefined }]);
  expect(warnings).toEqual([
    expect.stringMatching(/^the whole rows of other, and who changed them, are not shown: .*$/),
  ]);
  expect(await local.rows('SELECT title FROM items WHERE id = 1')).toEqual([{ title: 'theirs' }]);
});

describe('the conflicts file and the database', () => {
  const fresh = async (folder: TempFolder): Promise<UnresolvedConflicts> => {
    const one = await makeUnresolved(folder);
    await writeFile(one.own, one.text);
    return one;
  };

  test('keep their choices with a byte order mark and line breaks of Windows', async () => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    await writeFile(one.own, `\ufeff${one.text.replaceAll('\n', '\r\n')}`);
    expect(await runResolve(one, one.own)).toMatchObject({ status: 'success', rows: 3 });
    expect(await one.local.rows('SELECT title, owner FROM items ORDER BY id')).toEqual([
      { title: 'ours', owner: 'sue' },
      { title: 'two', owner: 'dan' },
    ]);
  });

  test('are not written through a link', async () => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    await writeFile(folder.file('victim'), 'mine');
    const sync = async () => (await command(folder, one.peers, { overrides: { strategy: 'manual' } })).result;
    await rm(one.own);
    await symlink(folder.file('victim'), one.own);
    const linked = await sync();
    expect(linked.problems).toContainEqual(expect.objectContaining({ code: 'conflicts-file-unreadable' }));
    expect(await readFile(folder.file('victim'), 'utf8')).toBe('mine');
    expect((await lstat(one.own)).isSymbolicLink()).toBe(true);

    await rm(one.own);
    const home = folder.file('local', '.dolt', 'dolt-federation');
    await rename(home, folder.file('moved'));
    await symlink(folder.file('moved'), home);
    const inLinked = await sync();
    expect(inLinked.problems).toContainEqual(
      expect.objectContaining({ code: 'conflicts-file-unwritten', message: expect.stringContaining('symbolic link') }),
    );
    await expect(lstat(folder.file('moved', 'conflicts.yaml'))).rejects.toThrow('ENOENT');
  });

  test('keep unreadable choices in files with names of their own', async () => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    for (const [choice, name] of [
      ['mine', 'conflicts.yaml.unreadable'],
      ['his', 'conflicts.yaml.unreadable-2'],
    ] as const) {
      await writeFile(one.own, one.text.replace('choose: ours', `choose: ${choice}`));
      const { result } = await command(folder, one.peers, { overrides: { strategy: 'manual' } });
      expect(result.problems).toContainEqual(
        expect.objectContaining({ code: 'conflicts-file-invalid', message: expect.stringContaining(name) }),
      );
    }
    const aside = await readFile(`${one.own}.unreadable`, 'utf8');
    expect(aside).toContain('choose: mine');
    expect(await readFile(`${one.own}.unreadable-2`, 'utf8')).toContain('choose: his');
  });

  test('keep changes of another process during the questions, and the answers', async () => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    await writeFile(one.own, one.text.replace('choose: theirs', 'choose:'));
    const meanwhile = one.text.replace('choose: theirs', 'choose: ours');
    const ask = (): Asker => ({
      begin() {},
      async ask() {
        await writeFile(one.own, meanwhile);
        return 'theirs';
      },
      confirm: async () => true,
      close() {},
    });
    const head = await one.local.head();
    const failure = await failureOf(() => runResolve(one, undefined, { ask }));
    expect(failure).toMatchObject({
      code: 'conflicts-file-unwritten',
      message: expect.stringContaining('another process changed the file after it was read'),
      hint: expect.stringContaining(`${one.own}.mine`),
    });
    expect(await readFile(one.own, 'utf8')).toBe(meanwhile);
    expect(await readFile(`${one.own}.mine`, 'utf8')).toContain('choose: theirs');
    expect(await one.local.head()).toBe(head);
  });

  test('keep changes of another process during the merge', async () => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    const meanwhile = `${one.text}# a note\n`;
    const warnings: string[] = [];
    const result = await runResolve(one, one.own, { warnings, onResource: () => writeFileSync(one.own, meanwhile) });
    expect(result).toMatchObject({ status: 'success', head: await one.local.head() });
    expect(await readFile(one.own, 'utf8')).toBe(meanwhile);
    expect(warnings).toEqual([expect.stringContaining('another process changed the file after it was read')]);
  });
});
