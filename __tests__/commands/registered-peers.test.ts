import { mkdir, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { addPeer } from '../../src/commands/add-peer.ts';
import { removePeer } from '../../src/commands/remove-peer.ts';
import { setPeer } from '../../src/commands/set-peer.ts';
import { command } from '../helpers/commanding.ts';
import { refusal } from '../helpers/configuring.ts';
import { makeDatabase } from '../helpers/database.ts';
import { removing } from '../helpers/removing.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const REMOTES = 'SELECT name, url FROM dolt_remotes ORDER BY name';
const RUN = { overrides: {} };

describe('add-peer and remove-peer', () => {
  const adding = (name: string, folder: TempFolder, register = false) =>
    ({
      name,
      endpoint: `file://${folder.file('box')}`,
      set: [],
      register,
      overrides: {},
      dolt: { source: 'auto' },
    }) as const;

  test('the database keeps the peer outside beads, and removes it without an option', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await mkdir(folder.file('box'));
    const warnings: string[] = [];
    const { request, context } = removing(folder, 'hub', warnings);
    await addPeer(adding('hub', folder), context);
    expect(await local.rows(REMOTES)).toEqual([{ name: 'hub', url: `file://${folder.file('box')}` }]);
    await removePeer(request, context);
    expect(await local.rows(REMOTES)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('the database of beads does not keep the peer, and a notice says why, unless register asks for it', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await mkdir(folder.file('box'));
    await mkdir(folder.file('.beads'));
    await writeFile(folder.file('.beads', 'metadata.json'), '{"backend":"dolt"}');
    await writeFile(folder.file('.beads', 'config.yaml'), 'sync: {mode: dolt-native}\n');
    const said: string[] = [];
    const warnings: string[] = [];
    const { request, context } = removing(folder, 'hub', warnings, said);
    const database = folder.file('local');
    await addPeer({ ...adding('hub', folder), database }, context);
    expect(said.join()).toContain(
      'The peer is registered for runs of dolt-federation. It is not added to `dolt remote`',
    );
    expect(await local.rows(REMOTES)).toEqual([]);
    await addPeer({ ...adding('kept', folder, true), database }, context);
    const kept = [{ name: 'kept', url: `file://${folder.file('box')}` }];
    expect(await local.rows(REMOTES)).toEqual(kept);
    const { result } = await command(folder, '', RUN);
    expect(result.peers.every(({ verified }) => verified)).toBe(true);
    expect(await local.rows(REMOTES)).toEqual(kept);

    warnings.length = 0;
    // A Dolt without s3:// gets another address. No folder is created, and no later run adds that remote.
    const aws = [
      { path: ['aws', 'region'], value: 'eu-west-1' },
      { path: ['aws', 'dynamodb-table'], value: 'manifests' },
    ];
    const bucket = { ...adding('bucket', folder, true), endpoint: 's3://bucket/north', set: aws };
    await addPeer({ ...bucket, database }, context);
    const absent = { ...adding('late', folder, true), endpoint: `file://${folder.file('late')}` };
    await addPeer({ ...absent, database }, context);
    expect(await local.rows(REMOTES)).toEqual([{ name: 'bucket', url: 'aws://[manifests:bucket]/north' }, ...kept]);
    const again = 'To add it later, run `dolt-federation remove-peer late` and then this command again.';
    expect(warnings).toEqual([
      `late is not a remote of the database: its folder does not exist, and Dolt would create it. ${again}`,
    ]);
    await removePeer({ ...request, name: 'late', database }, context);
    await mkdir(folder.file('late'));
    await addPeer({ ...absent, database }, context);
    expect(await local.rows(REMOTES)).toHaveLength(3);

    await writeFile(folder.file('MIGRATION-FREEZE'), '');
    warnings.length = 0;
    await addPeer({ ...adding('frozen', folder, true), database }, context);
    await removePeer({ ...request, name: 'kept', database }, context);
    expect(warnings.filter((text) => text.startsWith('The remote in the database was not changed: '))).toEqual([
      expect.stringMatching(
        /MIGRATION-FREEZE\. Run again.* `dolt-federation remove-peer frozen` and then this command/,
      ),
      expect.stringMatching(/MIGRATION-FREEZE\. Run again.* `dolt remote remove kept` in the database\.$/),
    ]);
    expect(await local.rows(REMOTES)).toHaveLength(3);
    await rm(folder.file('MIGRATION-FREEZE'));
    for (const name of ['bucket', 'late']) await removePeer({ ...request, name, database }, context);
    expect(await local.rows(REMOTES)).toEqual(kept);
  });

  test('a stricter tier is never registered', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await mkdir(folder.file('box'));
    const warnings: string[] = [];
    const { context } = removing(folder, 'hub', warnings);
    await addPeer({ ...adding('hub', folder, true), set: [{ path: ['tier'], value: 'T3' }] }, context);
    expect(warnings).toContain('hub is not a remote of the database: a peer above tier T1 is never registered.');
    await command(folder, '', RUN);
    expect(await local.rows(REMOTES)).toEqual([]);
  });

  test('name remotes that may remain if no database is found', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('local'));
    const said: string[] = [];
    const { request, context } = removing(folder, 'hub', [], said);
    await addPeer(adding('hub', folder), context);
    await removePeer(request, context);
    expect(said).toEqual([expect.stringMatching(/No database was found.*dolt remote remove hub/)]);
    expect((await refusal(() => removePeer(request, context))).code).toBe('unknown-peer');
  });

  test('a removed peer loses its remote and its tracking branches in federation.database', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await mkdir(folder.file('box'));
    await mkdir(folder.file('elsewhere'));
    const said: string[] = [];
    const warnings: string[] = [];
    const { request, context } = removing(folder, 'hub', warnings, said);
    const elsewhere = { ...context, cwd: folder.file('elsewhere') };
    const file = folder.file('federation.yaml');
    await writeFile(file, 'federation: {database: local}\n');
    const overrides = { config: file };
    await addPeer({ ...adding('hub', folder), overrides }, elsewhere);
    await command(folder, '', { overrides });
    await local.sql(`CALL DOLT_REMOTE('add', 'mine', 'file://${folder.file('elsewhere')}')`);
    const tracking = 'SELECT name FROM dolt_remote_branches';
    expect(await local.rows(tracking)).toEqual([{ name: 'remotes/hub/main' }]);
    await removePeer({ ...request, overrides }, elsewhere);
    expect(said.at(-1)).toBe(`removed the remote hub and 1 tracking ref from ${folder.file('local')}`);
    expect(await local.rows(tracking)).toEqual([]);
    // A remote of the user stays, and is named.
    await addPeer({ ...adding('mine', folder), endpoint: `file://${folder.file('elsewhere')}`, overrides }, elsewhere);
    await removePeer({ ...request, name: 'mine', overrides }, elsewhere);
    expect((await local.rows(REMOTES)).length).toBe(1);
    expect(warnings).toEqual([
      expect.stringMatching(/^The remote mine of the database was not removed: .* did not add it/),
    ]);
  });

  test('a peer with a new address loses its old remote', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await mkdir(folder.file('box'));
    await mkdir(folder.file('other'));
    const { context } = removing(folder, 'hub', []);
    await addPeer(adding('hub', folder), context);
    const endpoint = `file://${folder.file('other')}`;
    await setPeer(
      { name: 'hub', endpoint, changes: { set: [], unset: [] }, overrides: {}, dolt: { source: 'auto' } },
      context,
    );
    expect(await local.rows(REMOTES)).toEqual([{ name: 'hub', url: endpoint }]);
  });
});
