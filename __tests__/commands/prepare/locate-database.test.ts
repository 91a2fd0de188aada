import { mkdir, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { configure } from '../../helpers/configuring.ts';
import { aDatabase, search, workspace } from '../../helpers/searching.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const found = (path: string) => ({ kind: 'database', path, server: null, bd: null, notices: [] });

describe('the location of the database', () => {
  test('a named folder is used', async () => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', 'db'));
    expect(await search(folder, { database: 'db' })).toEqual(found(folder.file('here', 'db')));
  });

  test.each([
    ['locall', 'local'],
    ['lcoal', 'local'],
    ['LOCAL2', 'local'],
    ['nroth/db', 'north/db'],
    ['./locall', 'local'],
    ['../here/locall', 'local'],
  ])('a named folder %s that does not exist is an error that suggests %s', async (database, near) => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', 'local'));
    await aDatabase(folder.file('here', 'north', 'db'));
    await mkdir(folder.file('here', 'focal'));
    await expect(search(folder, { database })).rejects.toMatchObject({
      code: 'no-database',
      message: expect.stringContaining(JSON.stringify(database)),
      hint: expect.stringContaining(`Did you mean \`${near}\`?`),
    });
  });

  test.each(['other', 'x', 'deep/er/still'])('nothing is suggested for %s', async (database) => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', 'local'));
    await expect(search(folder, { database })).rejects.toMatchObject({
      code: 'no-database',
      hint: expect.not.stringContaining('Did you mean'),
    });
  });

  test('an absolute path is suggested as one', async () => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', 'local'));
    await expect(search(folder, { database: folder.file('here', 'locall') })).rejects.toMatchObject({
      hint: expect.stringContaining(`\`${folder.file('here', 'local')}\``),
    });
  });

  test('a missing folder becomes a clone if the user asks for it', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('here'));
    expect(await search(folder, { database: 'new', bootstrap: 'box' })).toEqual({
      kind: 'to-clone',
      path: folder.file('here', 'new'),
      bd: null,
    });
  });

  test('a folder with databases is not a database, and they are named', async () => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', '.beads', 'dolt', 'north'));
    for (const database of ['.beads', '.beads/dolt']) {
      await expect(search(folder, { database })).rejects.toMatchObject({
        code: 'no-database',
        hint: expect.stringContaining(folder.file('here', '.beads', 'dolt', 'north')),
      });
    }
  });

  test("the data folder of bd's server is refused, although it is a database", async () => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', '.beads', 'dolt'));
    await aDatabase(folder.file('here', '.beads', 'dolt', 'north'));
    await expect(search(folder, { database: '.beads/dolt' })).rejects.toMatchObject({
      code: 'nested-database',
      hint: expect.stringContaining(folder.file('here', '.beads', 'dolt', 'north')),
    });
  });

  test('the outer one of two nested databases is used, and the inner one is named', async () => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', 'db'));
    await aDatabase(folder.file('here', 'db', 'inner'));
    expect(await search(folder, { database: 'db' })).toMatchObject({
      path: folder.file('here', 'db'),
      notices: [{ code: 'nested-database', message: expect.stringContaining('inner') }],
    });
  });

  test.each([
    ['the variable', { layer: 'environment', variable: 'DOLT_FEDERATION_DATABASE' }, 'here'],
    ['the key', { layer: 'file', location: { file: '', line: 3 } }, 'conf'],
  ] as const)(
    '%s names it relative to its own folder, after the flag and before the workspace',
    async (_, layer, base) => {
      await using folder = await tempFolder();
      for (const name of ['here', 'conf']) await aDatabase(folder.file(name, 'db'));
      await aDatabase(folder.file('here', 'flag'));
      const beads = await workspace(folder, { dolt_database: 'north' });
      await aDatabase(folder.file('here', '.beads', 'embeddeddolt', 'north'));
      const origin =
        layer.layer === 'file' ? { ...layer, location: { file: folder.file('conf', 'c.yaml'), line: 3 } } : layer;
      const asked = { ...beads, configured: { value: 'db', origin } };
      expect(await search(folder, asked)).toMatchObject({ kind: 'database', path: folder.file(base, 'db') });
      expect(await search(folder, { ...asked, database: 'flag' })).toMatchObject({ path: folder.file('here', 'flag') });
      const missing = search(folder, { ...asked, configured: { value: 'dc', origin } });
      await expect(missing).rejects.toMatchObject({
        code: 'no-database',
        message: expect.stringContaining(layer.layer === 'file' ? '`federation.database`' : 'DOLT_FEDERATION_DATABASE'),
        hint: expect.stringContaining('Did you mean'),
      });
    },
  );

  test('the key names it even in the folder of another database, with a notice', async () => {
    await using folder = await tempFolder();
    const [own, other] = [folder.file('here', 'db'), folder.file('here', 'other')];
    for (const path of [own, other]) await aDatabase(path);
    await mkdir(folder.file('here', 'other', 'deep'));
    const file = folder.file('here', '.beads', 'config.yaml');
    const configured = { value: '../db', origin: { layer: 'file', location: { file, line: 3 } } } as const;
    for (const cwd of [other, folder.file('here', 'other', 'deep')]) {
      const message = `the working directory is in the database ${other}, but \`federation.database\` names ${own}`;
      expect(await search(folder, { configured, cwd })).toMatchObject({
        path: own,
        notices: [{ code: 'other-database', message }],
      });
      expect(await search(folder, { configured, cwd, database: own })).toEqual(found(own));
    }
    for (const cwd of [own, folder.file('here')]) expect(await search(folder, { configured, cwd })).toEqual(found(own));
    // A database above the configuration is not a second choice.
    await aDatabase(folder.path);
    expect(await search(folder, { configured })).toEqual(found(own));
  });

  test('a file cannot name a folder outside the boundary, not even through a link; an input can', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('here'));
    await aDatabase(folder.file('outside', 'db'));
    await symlink('../outside', folder.file('here', 'link'));
    const ceiling = folder.file('here');
    const origin = { layer: 'file', location: { file: folder.file('here', 'c.yaml'), line: 2 } } as const;
    for (const value of ['../outside/db', folder.file('outside', 'db'), 'link/db', 'link/none']) {
      await expect(search(folder, { ceiling, configured: { value, origin } })).rejects.toMatchObject({
        code: 'outside-workspace',
        location: origin.location,
      });
    }
    const path = folder.file('outside', 'db');
    expect(await search(folder, { ceiling, database: '../outside/db' })).toMatchObject({ kind: 'database', path });
    const variable = 'DOLT_FEDERATION_DATABASE';
    const fromEnv = { value: '../outside/db', origin: { layer: 'environment', variable } } as const;
    const env = { [variable]: fromEnv.value };
    expect(await search(folder, { ceiling, configured: fromEnv, env })).toMatchObject({ kind: 'database', path });
    const beads = await workspace(folder, { dolt_mode: 'server', dolt_data_dir: '../../outside', dolt_database: 'db' });
    await expect(search(folder, { ceiling, ...beads })).rejects.toMatchObject({ code: 'outside-workspace' });
    await symlink('../outside/db/.dolt', folder.file('here', '.dolt'));
    await expect(search(folder, { ceiling })).rejects.toMatchObject({ code: 'outside-workspace' });
  });

  test('an unreadable folder is an error: it is neither skipped nor replaced by a clone', async () => {
    await using folder = await tempFolder();
    await aDatabase(folder.path);
    await mkdir(folder.file('here'));
    // A link to itself stops even root.
    await symlink('.dolt', folder.file('here', '.dolt'));
    for (const more of [{}, { database: '.' }]) {
      await expect(search(folder, more)).rejects.toMatchObject({
        code: 'no-database',
        message: expect.stringContaining('cannot be read: ELOOP'),
      });
    }
  });

  test.each([
    ['.', /Use one of the databases in it/],
    ['db/.dolt/noms', /folder that contains/],
    ['db/.dolt', /Use its parent/],
  ])('a named folder %s without a database is refused', async (database, hint) => {
    await using folder = await tempFolder();
    await aDatabase(folder.file('here', 'db'));
    await expect(search(folder, { database })).rejects.toMatchObject({
      code: 'no-database',
      hint: expect.stringMatching(hint),
    });
  });

  test('the nearest folder upward is used, but never one above the ceiling', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('here', 'deep'), { recursive: true });
    await aDatabase(folder.path);
    expect(await search(folder, { cwd: folder.file('here', 'deep') })).toEqual(found(folder.path));
    expect(await search(folder, { ceiling: folder.file('here') })).toEqual({ kind: 'nowhere' });
  });

  test('each source and branch has a folder of its own for its clone', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('here'));
    const at = (config: string, env: Readonly<Record<string, string>> = {}) => ({
      cloneDir: folder.file('clones'),
      peers: configure(config, { env }).peers,
    });
    const one = at('federation: {remote: file:///one, peers: {box: file:///box}}');
    const path = expect.stringMatching(/\/clones\/[0-9a-f]{12}\/database$/);
    const place = await search(folder, one);
    expect(place).toEqual({ kind: 'to-clone', path, bd: null });
    if (place.kind !== 'to-clone') throw new Error('nothing to clone');
    await aDatabase(place.path);
    expect(await search(folder, one)).toEqual(found(place.path));
    const same = at('federation: {remote: file:///one, peers: {p: file:///p}}');
    expect(await search(folder, same)).toEqual(found(place.path));
    // A step that would clone something else neither finds it nor clones to the same place.
    const primaryOnBranch = at('federation: {peers: {home: {endpoint: file:///one, role: primary, branch: dev}}}');
    const others = [
      at('federation: {remote: file:///two}'),
      ...['backup', 'archive', 'peer'].map((role) =>
        at(`federation: {remote: file:///two, peers: {a: {endpoint: file:///one, role: ${role}}}}`),
      ),
      { ...one, bootstrap: 'box' },
      { ...one, branch: 'dev' },
      primaryOnBranch,
      { ...primaryOnBranch, branch: 'main' },
    ];
    for (const other of others) {
      const second = await search(folder, other);
      expect(second).toEqual({ kind: 'to-clone', path, bd: null });
      expect(second).not.toMatchObject({ path: place.path });
    }
    expect(await search(folder, at('federation: {peers: {a: file:///one}}'))).toEqual({ kind: 'nowhere' });
    // The same text at two services is two databases.
    const atServices = ['https://s.example', 'https://t.example'].map((service) =>
      search(folder, at('federation: {remote: "aws://[a-table:bucket]/db"}', { AWS_ENDPOINT_URL_S3: service })),
    );
    expect(new Set((await Promise.all(atServices)).map((each) => JSON.stringify(each))).size).toBe(2);
  });
});

describe('the settings of a beads workspace', () => {
  test.each([
    [{ dolt_mode: 'embedded', dolt_database: 'north' }, ['embeddeddolt', 'north']],
    [{ dolt_database: 'north' }, ['embeddeddolt', 'north']],
    [{ dolt_mode: 'server', dolt_database: 'north' }, ['dolt', 'north']],
    [{ dolt_mode: 'server' }, ['dolt', 'beads']],
    [{ dolt_mode: 'server', dolt_database: 'n', dolt_data_dir: 'data' }, ['data', 'n']],
  ])('select a database: %j', async (metadata, parts) => {
    await using folder = await tempFolder();
    const beads = await workspace(folder, metadata);
    const path = folder.file('here', '.beads', ...parts);
    const mode = parts[0] === 'embeddeddolt' ? 'embedded' : 'server';
    const bd = { mode, guarded: [beads.workspace, dirname(path)] };
    expect(await search(folder, beads)).toEqual({ kind: 'to-clone', path, bd });
    // The same place by its name, and another one, which bd would not use.
    for (const [database, usage] of [
      [path, bd],
      [folder.file('here', 'new'), null],
    ] as const)
      expect(await search(folder, { ...beads, database, bootstrap: 'origin' })).toEqual({
        kind: 'to-clone',
        path: database,
        bd: usage,
      });
    await aDatabase(path);
    expect(await search(folder, beads)).toEqual({ ...found(path), bd });
  });

  test.each(['{', '{"dolt_database": "../../etc"}', '{"dolt_mode": 5}'])('are refused: %j', async (metadata) => {
    await using folder = await tempFolder();
    await expect(search(folder, await workspace(folder, metadata))).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
