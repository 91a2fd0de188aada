import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { removePeer } from '../../src/commands/remove-peer.ts';
import { resolve } from '../../src/commands/resolve.ts';
import { writeRemoteRecords } from '../../src/sync/remotes/remote-records.ts';
import { type CommandOptions, command } from '../helpers/commanding.ts';
import {
  cloneDatabase,
  makeDatabase,
  openTestDatabase,
  publishing,
  remoteHead,
  type TestDatabase,
} from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { examine, linesOf } from '../helpers/examining.ts';
import { removing } from '../helpers/removing.ts';
import { markOfEndedRun } from '../helpers/run-marks.ts';
import { committing } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const REFS = 'SELECT name, hash FROM dolt_remote_branches ORDER BY name';
const REMOTES = 'SELECT name, url FROM dolt_remotes ORDER BY name';
const RUN = { overrides: {} };

const stateOf = (local: TestDatabase) => readFile(`${local.path}/.dolt/repo_state.json`, 'utf8');

/** A database that has published to the folder `name`, and whose branch follows it as the remote `remote`. */
async function publishedDatabase(folder: TempFolder, remote: string, name: string): Promise<TestDatabase> {
  const local = await makeDatabase(folder.file('local'));
  const url = `file://${folder.file(name)}`;
  await local.sql(`CALL DOLT_REMOTE('add', '${remote}', '${url}')`, `CALL DOLT_PUSH('-u', '${remote}', 'main')`);
  return local;
}

/** Another database adds a row to a folder. */
async function othersCommit(folder: TempFolder, name: string, id = 8): Promise<string> {
  await rm(folder.file('other'), { recursive: true, force: true });
  const other = await cloneDatabase(`file://${folder.file(name)}`, folder.file('other'));
  const rows = committing('theirs', [`INSERT INTO items VALUES (${id}, 'theirs', 'cat')`]);
  return await other.headAfter(...rows, "CALL DOLT_PUSH('origin', 'main')");
}

/** Makes the folder a workspace of beads, for which remotes exist during a run only. */
async function beadsWorkspace(folder: TempFolder, text = ''): Promise<void> {
  await mkdir(folder.file('.beads'));
  await writeFile(folder.file('.beads', 'metadata.json'), '{"backend":"dolt"}');
  await writeFile(folder.file('.beads', 'config.yaml'), `sync: {mode: dolt-native}\n${text}`);
}

describe('a foreign remote of the database', () => {
  test('is unchanged with its tracking branches; ours gets another name, and a notice names both', async () => {
    await using folder = await tempFolder();
    const local = await publishedDatabase(folder, 'origin', 'theirs');
    const [refs, state] = [await local.rows(REFS), await stateOf(local)];
    const primary = { overrides: { remote: `file://${folder.file('primary')}` } };

    const { result } = await command(folder, '', primary);
    expect(result).toMatchObject({ status: 'success', peers: [{ name: 'origin', verified: true }] });
    const differs = result.problems.filter(({ code }) => code === 'remote-differs');
    expect(differs).toMatchObject([{ severity: 'notice' }]);
    for (const said of ['remote origin', folder.file('theirs'), folder.file('primary'), 'dolt-federation-origin']) {
      expect(differs[0]?.message).toContain(said);
    }
    expect(await local.rows(REMOTES)).toEqual([
      { name: 'dolt-federation-origin', url: `file://${folder.file('primary')}` },
      { name: 'origin', url: `file://${folder.file('theirs')}` },
    ]);
    expect(await local.rows(REFS)).toEqual(expect.arrayContaining(refs));
    expect(JSON.parse(await stateOf(local))['branches']).toEqual(JSON.parse(state)['branches']);

    const head = await othersCommit(folder, 'primary');
    const again = await command(folder, '', primary);
    expect(again.result).toMatchObject({ head, peers: [{ status: 'pulled', verified: true }] });
    expect(await local.rows(REMOTES)).toHaveLength(2);

    // Reported once by runs, always by `status`, and again when an address changes.
    const reported = async (request: CommandOptions = {}): Promise<number> =>
      (await command(folder, '', { ...primary, ...request })).result.problems.filter(
        ({ code }) => code === 'remote-differs',
      ).length;
    expect(again.result.problems).toEqual([]);
    expect([await reported({ command: 'status' }), await reported()]).toEqual([1, 0]);
    const moving = (name: string) => [
      "CALL DOLT_REMOTE('remove', 'origin')",
      `CALL DOLT_REMOTE('add', 'origin', 'file://${folder.file(name)}')`,
    ];
    await local.sql(...moving('moved'));
    expect([await reported(), await reported()]).toEqual([1, 0]);
    await local.sql(...moving('theirs'), "CALL DOLT_FETCH('origin')");
    await local.dolt('branch', '--set-upstream-to', 'origin/main', 'main');

    const fixed = await command(folder, '', { ...primary, fixRemotes: true });
    expect(fixed.result.problems.map(({ code }) => code)).toContain('remote-corrected');
    expect((await local.rows(REMOTES)).find(({ name }) => name === 'origin')?.['url']).toBe(
      `file://${folder.file('primary')}`,
    );
    expect(JSON.parse(await stateOf(local))['branches']).toEqual(JSON.parse(state)['branches']);
    expect((await command(folder, '', primary)).result).toMatchObject({ status: 'unchanged', problems: [] });
  });

  test('is used if it has the address of the peer, in any spelling, and is not removed with the peer', async () => {
    await using folder = await tempFolder();
    const local = await publishedDatabase(folder, 'box', 'box');
    await mkdir(folder.file('.beads'));
    const file = folder.file('.beads', 'config.yaml');
    await writeFile(file, `sync: {mode: dolt-native}\nfederation: {peers: {box: 'file://${folder.path}/b%6Fx'}}\n`);
    const before = await stateOf(local);
    const { result } = await command(folder, '', RUN);
    expect(result).toMatchObject({ status: 'unchanged', peers: [{ state: 'up-to-date' }] });
    expect(result.problems).toEqual([]);
    expect(await stateOf(local)).toBe(before);

    const warnings: string[] = [];
    const { request, context } = removing(folder, 'box', warnings);
    await removePeer(request, context);
    expect(warnings).toEqual([expect.stringContaining('did not add it')]);
    expect(await stateOf(local)).toBe(before);
  });

  test('does not stop a run unless two of our own peers need one name', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.dolt('remote', 'add', 'a', `file://${folder.file('taken')}`);
    const peers = `a: file://${folder.file('a')}\ndolt-federation-a: file://${folder.file('b')}\nc: file://${folder.file('c')}`;
    const { result } = await command(folder, peers);
    expect(result.peers).toMatchObject([
      { name: 'a', status: 'failed', error: { code: 'config-invalid', hint: 'Rename one of the two peers.' } },
      { name: 'c', verified: true },
      { name: 'dolt-federation-a', verified: true },
    ]);
  });
});

describe('remotes that exist only during a run', () => {
  test('are all removed in a workspace of beads', async () => {
    await using folder = await tempFolder();
    const local = await publishedDatabase(folder, 'origin', 'theirs');
    await beadsWorkspace(folder);
    const [refs, state] = [await local.rows(REFS), await stateOf(local)];
    const peers = `box: file://${folder.file('box')}\nsame: file://${folder.file('theirs')}`;
    const { result, log } = await command(folder, peers, { overrides: { remote: `file://${folder.file('primary')}` } });
    expect(result.status).toBe('success');
    expect(result.peers.every(({ verified }) => verified)).toBe(true);
    expect(result.problems.map(({ code }) => code)).toContain('remote-differs');
    expect(log.filter((line) => line.startsWith('registered remote '))).toEqual([
      expect.stringMatching(/^registered remote dolt-federation-origin -> .* for this run$/),
      expect.stringMatching(/^registered remote box -> .* for this run$/),
      expect.stringMatching(/^registered remote same -> .* for this run$/),
    ]);
    expect(await stateOf(local)).toBe(state);
    expect(await local.rows(REFS)).toEqual(refs);
    expect(await readdir(`${local.path}/.dolt`)).not.toContain('dolt-federation-remotes.json');

    const head = await othersCommit(folder, 'box');
    const again = await command(folder, peers);
    expect(again.result).toMatchObject({ head, status: 'success' });
    expect(await stateOf(local)).toBe(state);
    await expect(command(folder, peers, { overrides: { dirty: 'fail' }, branch: 'none' })).rejects.toThrow();
    expect(await stateOf(local)).toBe(state);
  });

  test('of a killed run are removed by the next run that writes, and no other remote is', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const adding = (name: string) => `CALL DOLT_REMOTE('add', '${name}', 'file://${folder.file(name)}')`;
    await local.sql(adding('box'), adding('mine'), "CALL DOLT_PUSH('box', 'main')");
    const note = (peer: string) => ({ peer, url: `file://${folder.file('box')}`, ref: null, run: markOfEndedRun() });
    for (const asked of ['status', 'sync'] as const) {
      await writeRemoteRecords(local.path, new Map(['box', 'mine', 'gone'].map((name) => [name, note(name)])));
      await command(folder, `new: file://${folder.file('box')}`, { command: asked, overrides: { sovereignty: 'T1' } });
      const names = (await local.rows(REMOTES)).map(({ name }) => name);
      expect(names).toEqual(asked === 'status' ? ['box', 'mine'] : ['mine', 'new']);
    }
  });

  test('are removed after a clone in such a workspace', async () => {
    await using folder = await tempFolder();
    const first = await publishedDatabase(folder, 'x', 'primary');
    await rm(folder.file('local'), { recursive: true });
    await beadsWorkspace(folder);
    const primary = { remote: `file://${folder.file('primary')}` };
    const { result } = await command(folder, '', { overrides: primary, bootstrap: 'origin' });
    expect(result.peers).toMatchObject([{ state: 'up-to-date', verified: true }]);
    expect(await openTestDatabase(first.path).rows(REMOTES)).toEqual([]);
  });

  test('are not needed to resolve conflicts under manual', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const set = (title: string) => committing(title, [`UPDATE items SET title = '${title}' WHERE id = 1`]);
    await local.sql(
      ...[...set('theirs'), ...publishing(`file://${folder.file('box')}`)],
      ...["CALL DOLT_RESET('--hard', 'HEAD~1')", ...set('ours')],
    );
    await beadsWorkspace(
      folder,
      `federation: {peers: {box: "file://${folder.file('box')}"}}\nconflict: {strategy: manual}\n`,
    );
    const { result } = await command(folder, '', RUN);
    expect(result.status).toBe('conflict');
    const file = result.conflictsPath ?? '';
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^( *)choose:.*$/m, '$1choose: theirs'));
    const { context } = removing(folder, 'box', []);
    const resolved = await resolve(
      {
        file,
        maxDelete: 50,
        mergeTimeout: 120_000,
        database: folder.file('local'),
        overrides: {},
        dolt: { source: 'release', path: testDolt() },
      },
      context,
    );
    expect(resolved).toMatchObject({ status: 'success', rows: 1 });
    expect(await local.rows('SELECT title FROM items WHERE id = 1')).toEqual([{ title: 'theirs' }]);
  });
});

describe('status and a dry run', () => {
  test('write no remote, ref, tag or folder', async () => {
    await using folder = await tempFolder();
    const local = await publishedDatabase(folder, 'box', 'box');
    const theirs = await othersCommit(folder, 'box');
    await openTestDatabase(folder.file('other')).sql("CALL DOLT_TAG('v1', 'main')", "CALL DOLT_PUSH('origin', 'v1')");
    await rm(folder.file('box', 'oldgen'), { recursive: true });
    await cp(folder.file('box'), folder.file('new'), { recursive: true });
    await mkdir(folder.file('empty'));
    await local.sql(`CALL DOLT_REMOTE('add', 'other', 'file://${folder.file('elsewhere')}')`);
    const look = async () => ({
      state: await stateOf(local),
      refs: await local.read(
        REFS,
        'SELECT tag_name, tag_hash FROM dolt_tags',
        'SELECT name, hash FROM dolt_branches ORDER BY name',
      ),
      folders: await Promise.all(
        ['box', 'new', 'empty'].map(async (name) => (await readdir(folder.file(name))).sort()),
      ),
      files: (await readdir(`${local.path}/.dolt`)).filter((name) => name.startsWith('dolt-federation')),
    });
    const before = await look();
    const peers = ['box', 'new', 'empty', 'other'].map(
      (name) => `${name}: file://${folder.file(name === 'other' ? 'box' : name)}`,
    );
    const requests = [{ command: 'status' }, { dryRun: true }, { dryRun: true, fixRemotes: true }] as const;
    for (const asked of requests) {
      const { result } = await command(folder, peers.join('\n'), asked);
      expect([asked, result.peers]).toMatchObject([
        asked,
        [
          { name: 'box', state: 'behind', remoteHead: theirs },
          { name: 'empty', state: 'remote-empty' },
          { name: 'new', state: 'behind', remoteHead: theirs },
          { name: 'other', state: 'behind', remoteHead: theirs },
        ],
      ]);
      expect([asked, await look()]).toEqual([asked, before]);
    }
    await local.sql("UPDATE items SET title = 'dirty'");
    for (const asked of requests) {
      const refused = command(folder, peers.join('\n'), { ...asked, overrides: { dirty: 'fail' } });
      await expect(refused).rejects.toMatchObject({ code: 'uncommitted-changes' });
    }
    expect(await look()).toEqual(before);
  });
});

test('a run that may not make the first push writes nothing into the folder of an empty or absent peer', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  for (const name of ['empty', 'upstream']) await mkdir(folder.file(name));
  const peer = (name: string, more = '') => `${name}: {endpoint: "file://${folder.file(name)}"${more}}`;
  const peers = [peer('absent'), peer('empty'), peer('upstream', ', role: upstream')].join('\n');
  const refused = { state: 'remote-empty', status: 'failed', error: { code: 'remote-empty' } };
  const unchanged = { state: 'remote-empty', status: 'unchanged', error: null };
  for (const [asked, found] of [
    [{ command: 'pull' }, unchanged],
    [{ initEmpty: false }, refused],
    [{ command: 'push', initEmpty: false, only: ['absent', 'empty'] }, refused],
  ] as const) {
    const { result } = await command(folder, peers, asked);
    const [absent, empty] = result.peers;
    expect([asked, absent, empty]).toMatchObject([asked, found, found]);
    expect(await readdir(folder.file('empty'))).toEqual([]);
    expect(await readdir(folder.file('upstream'))).toEqual([]);
    expect(await readdir(folder.path)).not.toContain('absent');
  }
});

describe('an address that the database also uses for a backup', () => {
  test('fails only its peer, with the fix, in any spelling; doctor reports it too', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.dolt('backup', 'add', 'nightly', `file://${folder.file('safe')}`);
    // As this Dolt reaches s3.
    await local.dolt('backup', 'add', 'weekly', 'aws://[manifests:bucket]/safe');
    const aws = 'aws: {region: eu-west-1, dynamodb-table: manifests}';
    const cloud = `cloud: {endpoint: s3://bucket/safe, ${aws}}\nother: {endpoint: s3://bucket/other, ${aws}}`;
    const peers = `box: file://${folder.file('box')}\nsafe: file://${folder.path}/s%61fe`;
    const { result } = await command(folder, peers);
    expect(result).toMatchObject({
      status: 'partial',
      peers: [
        { name: 'box', verified: true },
        { name: 'safe', status: 'failed', error: { code: 'backup-address', hint: expect.stringContaining('nightly') } },
      ],
    });
    expect(await readdir(folder.file('safe'))).toEqual([]);
    const ofCloud = await command(folder, cloud, { only: ['cloud'] });
    expect(ofCloud.result.peers).toMatchObject([{ name: 'cloud', error: { code: 'backup-address' } }]);
    const examined = await examine(folder, `${peers}\n${cloud}`);
    const refused = (name: string) => [expect.stringMatching(`^missing: .*Dolt backup "${name}"`)];
    expect(linesOf(examined, 'endpoint', 'safe')).toEqual(refused('nightly'));
    const inThisDolt = (path: string) => `ok: aws://[manifests:bucket]/${path} in this Dolt`;
    expect(linesOf(examined, 'endpoint', 'cloud')).toEqual([inThisDolt('safe'), ...refused('weekly')]);
    expect(linesOf(examined, 'endpoint', 'other')).toEqual([inThisDolt('other')]);
    expect(linesOf(examined, 'endpoint', 'box')).toEqual([]);
  });
});

test('the command that undoes a forced push works even if the run removed the remote', async () => {
  await using folder = await tempFolder();
  const local = await publishedDatabase(folder, 'x', 'box');
  await local.sql("CALL DOLT_REMOTE('remove', 'x')");
  await beadsWorkspace(folder);
  const theirs = await othersCommit(folder, 'box');
  const asked = { command: 'push', leases: new Map([['box', theirs]]) } as const;
  await local.commit('ours', "INSERT INTO items VALUES (9, 'ours', 'ann')");
  const { result } = await command(folder, `box: file://${folder.file('box')}`, asked);
  const hint = result.problems.find(({ code }) => code === 'forced-push')?.hint ?? '';
  const line = hint.split(': ').slice(1).join(': ');
  expect(line).toMatch(/^dolt remote add .* && \(dolt push --force .*; dolt remote remove /);
  const dolt = `dolt() { '${testDolt()}' "$@"; }`;
  await execa('/bin/sh', ['-c', `${dolt}; ${line}`], { cwd: local.path, env: { HOME: folder.path }, extendEnv: false });
  expect(await remoteHead(`file://${folder.file('box')}`, folder.file('look', 'box'))).toBe(theirs);
  expect(await local.rows(REMOTES)).toEqual([]);
});
