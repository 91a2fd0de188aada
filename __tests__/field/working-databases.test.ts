import { cp, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addPeer } from '../../src/commands/add-peer.ts';
import { parseEndpoint } from '../../src/config/endpoint/parse.ts';
import { foreignEntry } from '../../src/dolt/database-files.ts';
import { fileRemote } from '../../src/sync/remotes/file-remote.ts';
import { command } from '../helpers/commanding.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { makeDatabase, openTestDatabase, remoteHead } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { examine, linesOf } from '../helpers/examining.ts';
import { filesBelow } from '../helpers/files-below.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** The result of `fileRemote` for a folder. */
const look = (path: string) =>
  fileRemote(parseEndpoint(path, { dolthubHost: 'doltremoteapi.dolthub.com', allowInsecure: false }));

/** A database as far as its folders show it. */
async function writeFiles(folder: TempFolder, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const at = folder.file(path);
    await mkdir(path.endsWith('/') ? at : dirname(at), { recursive: true });
    if (!path.endsWith('/')) await writeFile(at, '');
  }
}

const DATABASE = ['db/.dolt/noms/oldgen/', 'db/.dolt/noms/manifest', 'db/.dolt/repo_state.json'] as const;

describe('a working database', () => {
  test.each([
    ['its folder', 'file', 'db', DATABASE],
    ['a folder below its .dolt', 'file', 'db/.dolt/noms', DATABASE],
    ['its .dolt', 'file', 'db/.dolt', DATABASE],
    ['its old generation', 'file', 'db/.dolt/noms/oldgen', DATABASE],
    ['a folder below its .dolt that does not exist', 'file', 'db/.dolt/new/remote', DATABASE],
    ['an empty database', 'file', 'db', ['db/.dolt/repo_state.json']],
    ['a database without a manifest', 'file', 'db', ['db/.dolt/noms/']],
    ['a .dolt folder with only settings', 'file', 'db/.dolt/remote', ['db/.dolt/config_global.json']],
    ['an encoded spelling', 'file', '%64b/%2Edolt/noms', DATABASE],
    ['a folder whose name ends in .git', 'file', 'db.git', ['db.git/.dolt/noms/']],
    ['the folder as a git remote', 'git+file', 'db', DATABASE],
    ["Dolt's cache of a git remote", 'git+file', 'db/.dolt/git-remote-cache/x.git', DATABASE],
    ['a copy of its data', 'file', 'copy', [`copy/manifest`, `copy/${'v'.repeat(32)}`]],
    ['data under another name than .dolt', 'file', 'store/noms', ['store/noms/manifest', 'store/repo_state.json']],
  ] as const)('%s is recognised', async (_, scheme, path, files) => {
    await using folder = await tempFolder();
    await writeFiles(folder, ...files);
    const before = await filesBelow(folder.path);
    await expect(look(`${scheme}://${folder.path}/${path}`)).rejects.toMatchObject({
      code: 'working-database',
      message: expect.stringContaining('cannot be a peer'),
    });
    expect(await filesBelow(folder.path)).toEqual(before);
  });

  test.each([
    ['its folder', 'link'],
    ['a folder of it', 'link/.dolt/noms'],
    ['its data', 'data'],
    ['the folder above it', 'above/db'],
    ['a link to it', 'second'],
  ])('%s behind a link is recognised', async (_, path) => {
    await using folder = await tempFolder();
    await writeFiles(folder, ...DATABASE);
    await symlink('db', folder.file('link'));
    await symlink('link', folder.file('second'));
    await symlink('db/.dolt/noms', folder.file('data'));
    await symlink('.', folder.file('above'));
    await expect(look(`file://${folder.file(path)}`)).rejects.toMatchObject({ code: 'working-database' });
  });

  test('a folder whose .dolt is a link is recognised by the target', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, 'disk/noms/manifest', 'disk/repo_state.json', 'db/');
    await symlink('../disk', folder.file('db', '.dolt'));
    for (const path of ['db', 'disk', 'disk/noms', 'db/.dolt/noms']) {
      await expect(look(`file://${folder.file(path)}`)).rejects.toMatchObject({ code: 'working-database' });
    }
  });
});

describe('a valid remote folder', () => {
  test.each([
    ['is beside a database', 'box', 'present', [...DATABASE, 'box/manifest']],
    ['is in a sub-folder of a database', 'db/box', 'present', [...DATABASE, 'db/box/manifest']],
    ['does not exist yet in a sub-folder of a database', 'db/box', 'absent', DATABASE],
    ["is below a home with Dolt's settings", 'home/box', 'absent', ['home/.dolt/config_global.json']],
    ["is a home with Dolt's settings", 'home', 'present', ['home/.dolt/config_global.json', 'home/.dolt/eventsData/x']],
    ['has a name that only starts like .dolt', '.doltbox', 'present', ['.doltbox/']],
  ] as const)('%s', async (_, path, expected, files) => {
    await using folder = await tempFolder();
    await writeFiles(folder, ...files);
    expect(await look(`file://${folder.file(path)}`)).toBe(expected);
  });

  test('a git repository beside or around a database keeps its data in a ref', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, 'work/.git/HEAD', 'work/.dolt/noms/', 'bare.git/HEAD', 'bare.git/objects/');
    expect(await look(`git+file://${folder.file('work')}`)).toBe('elsewhere');
    expect(await look(`file://${folder.file('bare.git')}`)).toBe('elsewhere');
  });
});

describe('the folder of a peer', () => {
  test.each<[string, readonly string[], string | undefined]>([
    ['is accepted if it is empty', [], undefined],
    ['is accepted with leftovers of a fetch from an empty remote', ['oldgen'], undefined],
    [
      'is accepted with leftovers of a killed first push',
      ['LOCK', 'oldgen', 'journal.idx', 'a.darc', 'b.tmp', '0'.repeat(32)],
      undefined,
    ],
    ['is accepted during the first push of another program', ['nbs_table_1838', 'nbs_manifest_27', 'LOCK'], undefined],
    [
      'is accepted with system files of a disk',
      ['lost+found', '@eaDir', '$RECYCLE.BIN', 'System Volume Information', '.DS_Store'],
      undefined,
    ],
    ['is accepted if a remote has a foreign file', ['manifest', 'README.md'], undefined],
    ['is refused with a foreign file', ['README.md', 'oldgen'], 'README.md'],
    ['is refused with the first of several foreign files', ['b', 'a'], 'a'],
    ['is refused with a name like that of a table file', ['w'.repeat(32)], 'w'.repeat(32)],
    ['is refused with a name like that of a file that is written', ['nbs_table_', 'nbs_table_7.md'], 'nbs_table_'],
    ['is refused if it is a bare git repository', ['HEAD', 'objects', 'refs'], 'HEAD'],
    ['is refused if it contains databases', ['north', 'south'], 'north'],
    ['is refused with old data in another case', ['lock'], 'lock'],
  ])('%s', (_, names, foreign) => {
    expect(foreignEntry(names)).toBe(foreign);
  });

  test('is refused if it is a file', async () => {
    await using folder = await tempFolder();
    await writeFiles(folder, 'box');
    await expect(look(`file://${folder.file('box')}`)).rejects.toMatchObject({ code: 'not-a-remote' });
  });
});

describe('with real databases', () => {
  let seed: TempFolder;
  beforeAll(async () => {
    seed = await tempFolder();
    const south = await makeDatabase(seed.file('south'));
    await south.dolt('gc');
    await cp(seed.file('south'), seed.file('north'), { recursive: true });
    await openTestDatabase(seed.file('north')).commit('of north', "UPDATE items SET title = 'north' WHERE id = 1");
  });
  afterAll(async () => {
    await seed[Symbol.asyncDispose]();
  });
  const databases = async (folder: TempFolder) => {
    for (const name of ['north', 'south']) await cp(seed.file(name), folder.file(name), { recursive: true });
  };

  test('peers there get nothing from any command, and the other peers are served', async () => {
    await using folder = await tempFolder();
    await databases(folder);
    await symlink('south', folder.file('link'));
    await writeFiles(folder, 'full/photo.jpg');
    const bad = {
      database: 'south',
      data: 'south/.dolt/noms',
      dot: 'south/.dolt',
      link: 'link',
      own: 'north',
      full: 'full',
    };
    const names = Object.keys(bad).sort();
    const peers = Object.entries({ ...bad, box: 'box' }).map(([name, path]) => `${name}: file://${folder.file(path)}`);
    const contents = async () => [await filesBelow(folder.file('south')), await filesBelow(folder.file('full'))];
    const before = await contents();
    for (const name of ['status', 'push', 'sync'] as const) {
      const { result } = await command(folder, peers.join('\n'), { command: name, database: 'north' });
      const refused = (peer: string) => {
        const code = peer === 'full' ? 'not-a-remote' : 'working-database';
        return { name: peer, status: 'failed', verified: false, error: { code } };
      };
      expect(result.peers.filter((peer) => peer.name !== 'box')).toMatchObject(names.map(refused));
      expect(result.peers.find((peer) => peer.name === 'box')).toMatchObject({ error: null });
    }
    expect(await contents()).toEqual(before);
    const north = openTestDatabase(folder.file('north'));
    const [remotes, head] = await north.read(
      'SELECT name FROM dolt_remotes',
      "SELECT hash FROM dolt_branches WHERE name = 'main'",
    );
    expect(remotes).toEqual([{ name: 'box' }]);
    expect(await remoteHead(`file://${folder.file('box')}`, folder.file('look', 'x'))).toBe(head?.[0]?.['hash']);
    const checks = await examine(folder, peers.join('\n'), { database: 'north' });
    for (const name of names) {
      const found = linesOf(checks, 'folder', name);
      expect([name, found]).toEqual([name, [expect.stringMatching(/^missing: .* cannot be a peer: /)]]);
    }
  });

  test('add-peer refuses a working database and a foreign folder, and writes nothing', async () => {
    await using folder = await tempFolder();
    await databases(folder);
    await writeFiles(folder, 'full/photo.jpg', '.beads/');
    await writeFile(folder.file('.beads', 'config.yaml'), '# mine\n');
    const refused = async (endpoint: string) => {
      const dolt = { source: 'release', path: testDolt() } as const;
      const request = { name: 'bad', endpoint, set: [], overrides: {}, dolt } as const;
      return (await refusal(() => addPeer(request, commandContext(folder.path)))).code;
    };
    expect(await refused(`file://${folder.file('south')}`)).toBe('working-database');
    expect(await refused(`file://${folder.file('south/.dolt/noms')}`)).toBe('working-database');
    expect(await refused(`file://${folder.file('full')}`)).toBe('not-a-remote');
    expect(await readFile(folder.file('.beads', 'config.yaml'), 'utf8')).toBe('# mine\n');
  });

  test('a working database is never cloned', async () => {
    await using folder = await tempFolder();
    await databases(folder);
    await rename(folder.file('north'), folder.file('gone'));
    const request = { database: 'north', bootstrap: 'bad' };
    const cloning = command(folder, `bad: file://${folder.file('south')}`, request);
    await expect(cloning).rejects.toMatchObject({ code: 'working-database' });
  });

  test('a remote without data, after a fetch and a killed push, gets its first push', async () => {
    await using folder = await tempFolder();
    await databases(folder);
    const url = `file://${folder.file('box')}`;
    await writeFiles(folder, 'box/lost+found/', 'box/.DS_Store');
    const north = openTestDatabase(folder.file('north'));
    await north.dolt('remote', 'add', 'other', url);
    await north.dolt('fetch', 'other').catch(() => undefined);
    const { result } = await command(folder, `box: ${url}`, { database: 'north' });
    expect(result.peers).toMatchObject([{ state: 'remote-empty', status: 'pushed', verified: true }]);
  });
});
