import { cp, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { servedName } from '../../src/dolt/server/served-folder.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase, publishing, remoteHead } from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { committing } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

describe('the name under which a database is served', () => {
  test.each([
    'local',
    'sys',
    'SYS',
    'performance_schema',
    'dolt_cluster',
    'with blank',
    'a.b',
    '.hidden',
    'ümläut',
    'CAPS',
    'q`uote',
    "it's",
    'd"q',
    '-dash',
    '2024',
    '😀',
    'a;b',
    '$x',
    '#x',
    'null',
  ])('is the name of its folder: %s', (name) => {
    expect(servedName(`/x/${name}`)).toBe(name);
    expect(servedName(`/x/${name}/`)).toBe(name);
  });

  test.each([
    'a@b',
    'a:b',
    ':',
    '@',
    'mysql',
    'MySQL',
    'information_schema',
    'Information_Schema',
    'a\\b',
    '%41',
    'a\nb',
  ])('is neutral for %j', (name) => {
    expect(servedName(`/x/${name}`)).toBe('database');
  });

  test('is neutral for the root of a disk', () => {
    expect(servedName('/')).toBe('database');
  });
});

describe('a database with any name', () => {
  let seed: TempFolder;
  let before: string;
  beforeAll(async () => {
    seed = await tempFolder();
    before = await (await makeDatabase(seed.file('local'))).head();
  });
  afterAll(async () => {
    await seed[Symbol.asyncDispose]();
  });

  test.each([
    'sys',
    'performance_schema',
    'mysql',
    'information_schema',
    'a@b',
    'a:b',
    '%41',
    'a\\b',
    'with blank',
    'x'.repeat(200),
  ])('%s is opened, read at a revision and written', async (name) => {
    await using folder = await tempFolder();
    const path = folder.file(name);
    await mkdir(path);
    await cp(join(seed.path, 'local', '.dolt'), join(path, '.dolt'), { recursive: true });
    await withDatabase(path, folder.file('tmp'), async (database) => {
      await database.session(async (sql) => {
        await sql.run(`USE \`${database.name.replaceAll('`', '``')}/${before}\``);
        await sql.run('SELECT id FROM items');
      });
      await database.run("INSERT INTO items VALUES (9, 'nine', 'ann')");
      await database.run("CALL DOLT_COMMIT('-Am', 'written')");
    });
    await rename(path, folder.file('plain'));
    const written = "SELECT title, message FROM items, dolt_log WHERE id = 9 AND message = 'written'";
    expect(await openTestDatabase(folder.file('plain')).rows(written)).toEqual([{ title: 'nine', message: 'written' }]);
  });

  // The last name and a commit are longer together than a name in SQL may be.
  test.each(['sys', 'a@b', 'a:b', 'x'.repeat(32)])('%s is federated', async (name) => {
    await using folder = await tempFolder();
    const box = `file://${folder.file('box')}`;
    const paths = [folder.file('ours'), folder.file('theirs')];
    for (const path of paths) await cp(seed.file('local'), path, { recursive: true });
    const [ours, theirs] = paths.map(openTestDatabase);
    await theirs?.sql(...committing('theirs', ["UPDATE items SET title = 'theirs' WHERE id = 1"]), ...publishing(box));
    await ours?.commit('ours', "UPDATE items SET title = 'ours' WHERE id = 2");
    await rename(folder.file('ours'), folder.file(name));
    const { result } = await command(folder, `box: ${box}`, { database: name });
    const peers = [{ status: 'synced', pulledCommits: 1, verified: true }];
    expect(result).toMatchObject({ status: 'success', database: folder.file(name), peers });
    expect(await remoteHead(box, folder.file('look', 'local'))).toBe(result.head);
  });
});

describe('a database in the folder of another database', () => {
  test.each([
    ['with the same name', 'local'],
    ['with another name', 'inner'],
    ['with the same name in capitals', 'LOCAL'],
    ['in a hidden folder', '.inner'],
  ])('%s is not part of a run, which names it', async (_, inner) => {
    await using folder = await tempFolder();
    const outer = await makeDatabase(folder.file('local'));
    await cp(folder.file('local'), folder.file('copy'), { recursive: true });
    // This is before the other database is moved in, because Dolt's command line would commit there.
    const head = await outer.commit('of the outer one', "UPDATE items SET title = 'outer' WHERE id = 1");
    await rename(folder.file('copy'), folder.file('local', inner));
    const box = `file://${folder.file('box')}`;
    const { result } = await command(folder, `box: ${box}`);
    expect(result).toMatchObject({ status: 'success', head, peers: [{ verified: true, remoteHead: head }] });
    const message = expect.stringContaining(`${folder.file('local')} contains another database: ${inner}`);
    expect(result.problems).toContainEqual(expect.objectContaining({ code: 'nested-database', message }));
    expect(await remoteHead(box, folder.file('look', 'local'))).toBe(head);
  });

  test('is federated if it is the named one', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const inner = await makeDatabase(folder.file('local', 'local'));
    const { result } = await command(folder, `box: file://${folder.file('box')}`, { database: 'local/local' });
    expect(result).toMatchObject({ head: await inner.head(), database: folder.file('local', 'local') });
    expect(result.problems.map(({ code }) => code)).not.toContain('nested-database');
  });
});
