import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { addKnownPeer } from '../../src/commands/add-peer.ts';
import { listUnregistered } from '../../src/commands/list-peers.ts';
import { databasePeersResultSchema } from '../../src/contract/result.ts';
import { refusal } from '../helpers/configuring.ts';
import { makeDatabase } from '../helpers/database.ts';
import { removing } from '../helpers/removing.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const REMOTES = 'SELECT name, url FROM dolt_remotes ORDER BY name';
const PASSWORD = 'v3ry-secret';

/** As bd 1.3.0 defines it. */
const TABLE =
  'CREATE TABLE federation_peers (name VARCHAR(255) PRIMARY KEY, remote_url VARCHAR(1024) NOT NULL, username VARCHAR(255), password_encrypted BLOB, sovereignty VARCHAR(8))';
const ROWS = `INSERT INTO federation_peers VALUES ('hub', 'https://hub.example/org/db', 'me', '${PASSWORD}', 'T2'), ('odd', 'https://odd.example/org/db', NULL, NULL, 'T9'), ('away', 'https://away.example/org/db', NULL, NULL, '')`;

test('peers that only the database has are listed without secrets, and added to the configuration', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await local.commit('peers', TABLE);
  const adding = (name: string, url: string) => `CALL DOLT_REMOTE('add', '${name}', '${url}')`;
  await local.sql(
    // bd leaves the rows uncommitted until its next write.
    ROWS,
    adding('hub', 'https://hub.example/org/db'),
    adding('away', 'https://elsewhere.example/org/db'),
    adding('known', 'https://known.example/org/db'),
    // As this Dolt reaches s3.
    adding('cloud', 'aws://[manifests:bucket]/north/db'),
    adding('secret', `https://me:${PASSWORD}@secret.example/org/db`),
    adding('origin', 'https://doltremoteapi.dolthub.com/org/repo'),
    "CALL DOLT_REMOTE('add', '--ref', 'refs/heads/data', 'forge', 'git+ssh://git@forge.example/./team/db.git')",
  );
  const before = await local.rows(REMOTES);
  await mkdir(folder.file('.beads'));
  await writeFile(folder.file('.beads', 'metadata.json'), '{"backend":"dolt"}');
  const file = folder.file('.beads', 'config.yaml');
  await writeFile(
    file,
    'sync: {mode: dolt-native}\nfederation:\n  peers:\n    store: {endpoint: s3://bucket/north/db, aws: {dynamodb-table: manifests}}\n    partner: https://known.example/org/db\n',
  );
  const said: string[] = [];
  const warnings: string[] = [];
  const { request: basis, context } = removing(folder, '', warnings, said);
  const request = { ...basis, database: folder.file('local') };
  const list = async () => databasePeersResultSchema.parse(await listUnregistered(request, context));

  const listed = await list();
  const plainPeer = { user: null, tier: null, ref: null };
  expect(listed).toHaveLength(7);
  expect(listed).toEqual(
    expect.arrayContaining([
      {
        name: 'hub',
        endpoint: 'https://hub.example/org/db',
        foundIn: ['remote', 'federation_peers'],
        user: 'me',
        tier: 'T2',
        ref: null,
      },
      { ...plainPeer, name: 'away', endpoint: 'https://away.example/org/db', foundIn: ['federation_peers'] },
      { ...plainPeer, name: 'away', endpoint: 'https://elsewhere.example/org/db', foundIn: ['remote'] },
      { ...plainPeer, name: 'secret', endpoint: 'https://***@secret.example/org/db', foundIn: ['remote'] },
      { ...plainPeer, name: 'origin', endpoint: 'dolthub://org/repo', foundIn: ['remote'] },
      {
        ...plainPeer,
        name: 'forge',
        endpoint: 'git@forge.example:team/db.git',
        foundIn: ['remote'],
        ref: 'refs/heads/data',
      },
    ]),
  );
  expect(JSON.stringify(listed)).not.toContain(PASSWORD);

  const add = (from: string, name = from, set: { path: [string]; value: string }[] = []) =>
    addKnownPeer({ ...request, name, from, set }, context);
  const text = await readFile(file, 'utf8');
  expect(await refusal(() => add('nowhere'))).toMatchObject({ code: 'unknown-peer' });
  expect(await refusal(() => add('origin'))).toMatchObject({ code: 'invalid-peer-name' });
  expect(await refusal(() => add('away'))).toMatchObject({ code: 'bad-usage' });
  expect(await refusal(() => add('odd'))).toMatchObject({ code: 'bad-usage' });
  expect((await refusal(() => add('known'))).message).toContain('peer already exists: partner');
  expect((await refusal(() => add('cloud'))).message).toContain('peer already exists: store');
  const secret = await refusal(() => add('secret'));
  expect(secret.code).toBe('secret-in-config');
  expect(JSON.stringify([secret.message, secret.hint])).not.toContain(PASSWORD);
  expect(await readFile(file, 'utf8')).toBe(text);

  await add('hub');
  await add('origin', 'main-copy');
  await add('forge');
  await add('odd', 'odd', [{ path: ['tier'], value: 'T1' }]);
  expect(await readFile(file, 'utf8')).toBe(
    `${text}    hub:\n      endpoint: https://hub.example/org/db\n      tier: T2\n      user: me\n    main-copy: dolthub://org/repo\n    forge:\n      endpoint: git@forge.example:team/db.git\n      ref: refs/heads/data\n    odd:\n      endpoint: https://odd.example/org/db\n      tier: T1\n`,
  );
  expect((await list()).map(({ name }) => name).sort()).toEqual(['away', 'away', 'secret']);
  expect(await local.rows(REMOTES)).toEqual(before);
  expect(said.join('\n')).toContain('The database keeps its remote hub');
  expect([...said, ...warnings].join('\n')).not.toContain(PASSWORD);
});

test('a missing database has no peers to list', async () => {
  await using folder = await tempFolder();
  await mkdir(folder.file('local'));
  const { request, context } = removing(folder, '', []);
  expect(await refusal(() => listUnregistered(request, context))).toMatchObject({ code: 'no-database' });
});
