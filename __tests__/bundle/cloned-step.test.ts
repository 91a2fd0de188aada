import { chmod, chown, cp, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { cloneDatabase, makeDatabase, remoteHead } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { startDolthubHost } from '../helpers/servers/dolthub-host.ts';
import { withEngine } from '../helpers/servers/engine.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('commits that the runner would lose fail a step regardless of fail-on, until a peer has them', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  const home = `file://${folder.file('home-box')}`;
  const box = `file://${folder.file('box')}`;
  const local = await makeDatabase(folder.file('local'));
  await local.dolt('remote', 'add', 'origin', home);
  await local.dolt('push', 'origin', 'main');
  await local.dolt('push', 'origin', 'main:dev');
  const first = await local.head();
  await cp(folder.file('home-box'), folder.file('box'), { recursive: true });
  const other = await cloneDatabase(box, folder.file('other'));
  await other.commit('theirs', "UPDATE items SET title = 'theirs' WHERE id = 2");
  await other.dolt('push', 'origin', 'main');
  await local.commit('ours', "UPDATE items SET title = 'ours' WHERE id = 1");
  await local.dolt('push', 'origin', 'main');
  const config = `federation:\n  remote: ${home}\n  peers:\n    box: ${box}\n`;
  await writeFile(join(runner.workspace, 'federation.yaml'), config);
  const inputs = { config: 'federation.yaml', 'dolt-path': testDolt() };

  const pulled = await runner.main({ inputs: { ...inputs, command: 'pull', 'fail-on': 'none' } });
  expect(pulled.exitCode).toBe(1);
  expect(pulled.outputs).toMatchObject({ status: 'failed', changed: 'true', failed: '' });
  const clones = join(runner.temp, 'dolt-federation');
  expect(await readdir(clones)).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/)]);
  const clone = join(clones, (await readdir(clones)).join());
  expect(pulled.outputs['database-path']).toBe(join(clone, 'database'));
  for (const path of [clones, clone]) expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(validated('run', pulled.outputs['result'] ?? '')).toMatchObject({
    unsaved: 1,
    cloned: true,
    problems: [
      { severity: 'error', code: 'unsaved', message: '1 commit of this database reached no peer' },
      { severity: 'notice', code: 'cloned', message: expect.stringContaining('cloned origin into ') },
    ],
  });
  expect(pulled.stdout).toContain('::error::pull: failed (1 commit reached no peer)');
  expect(pulled.summary).toContain('reached no peer');
  expect(pulled.summary).toContain('cloned origin into');

  const dry = await runner.main({ inputs: { ...inputs, 'dry-run': 'true' } });
  expect(dry.exitCode).toBe(0);
  expect(JSON.parse(dry.outputs['result'] ?? '')).not.toHaveProperty('unsaved');

  await rename(folder.file('home-box'), folder.file('home-away'));
  await rename(folder.file('box'), folder.file('box-away'));
  await writeFile(folder.file('box'), 'no folder');
  const failed = await runner.main({ inputs: { ...inputs, command: 'push', only: 'box' } });
  expect(failed.exitCode).toBe(1);
  expect(JSON.parse(failed.outputs['result'] ?? '')).toMatchObject({ unsaved: 1, peers: [{ status: 'failed' }] });
  await rm(folder.file('box'));
  await rename(folder.file('box-away'), folder.file('box'));
  await rename(folder.file('home-away'), folder.file('home-box'));

  const synced = await runner.main({ inputs });
  expect(synced.exitCode).toBe(0);
  expect(synced.outputs).toMatchObject({ status: 'success', synced: 'origin,box' });
  expect(validated('run', synced.outputs['result'] ?? '')).toMatchObject({ unsaved: 0, problems: [] });
  expect(await remoteHead(home, folder.file('look', 'local'))).toBe(synced.outputs['head']);

  // Another branch has a clone of its own, so a step that names none never gets the branch of another step.
  const dev = await runner.main({ inputs: { ...inputs, command: 'pull', only: 'origin', branch: 'dev' } });
  expect([dev.exitCode, dev.outputs['head']]).toEqual([0, first]);
  expect(dev.outputs['database-path']).not.toBe(synced.outputs['database-path']);

  // Another step federates another database, whose peers must not get the commits of the first clone.
  await mkdir(folder.file('others'));
  const peers = `{a: {endpoint: "${home}", role: backup}}`;
  const others = { 'dolt-path': testDolt(), remote: `file://${folder.file('others')}`, peers };
  const apart = await runner.main({ inputs: others });
  expect([apart.exitCode, JSON.parse(apart.outputs['result'] ?? '')]).toMatchObject([
    2,
    { error: { code: 'no-database' } },
  ]);
  expect(await readdir(folder.file('others'))).not.toContain('manifest');

  // All users may be able to write to RUNNER_TEMP, and the commits of another user must not be pushed.
  const head = await remoteHead(home, folder.file('look', 'local'));
  const aside = join(runner.temp, 'aside');
  const refused = async () => {
    const { exitCode, outputs } = await runner.main({ inputs });
    return [exitCode, JSON.parse(outputs['result'] ?? '').error];
  };
  const owner = (why: string) => [1, { code: 'file-owner', message: expect.stringContaining(why) }];
  await rename(clone, aside);
  await symlink(aside, clone);
  expect(await refused()).toMatchObject(owner(`${clone} cannot be used for our files: it is a symbolic link`));
  await rm(clone);
  for (const made of process.getuid?.() === 0 ? [clones, clone, join(clone, 'database')] : []) {
    await mkdir(made, { recursive: true });
    await chown(made, 64_001, 64_001);
    expect(await refused()).toMatchObject(owner(`${made} cannot be used for our files: it belongs to another user`));
    await chown(made, 0, 0);
  }
  await rm(clone, { recursive: true, force: true });
  await chmod(folder.path, 0o755);
  await chmod(clones, 0o777);
  const { stdout } = await runner.main({ inputs });
  expect(stdout).toContain(`${clone}/database is not safe for our files: others may write to ${clones}`);
  expect(await remoteHead(home, folder.file('look', 'local'))).toBe(head);

  // A beads workspace has one place for the clones of all steps.
  const beads = join(runner.workspace, '.beads');
  await mkdir(beads);
  await writeFile(join(beads, 'metadata.json'), '{"dolt_mode": "embedded", "dolt_database": "issues"}');
  const mode = { 'sync-mode': 'dolt-native' };
  const mine = await runner.main({ inputs: { ...inputs, ...mode } });
  const place = join(beads, 'embeddeddolt', 'issues');
  expect([mine.exitCode, mine.outputs['database-path']]).toEqual([0, place]);
  const shared = await runner.main({ inputs: { ...others, ...mode } });
  const message = expect.stringContaining(`an earlier step cloned ${home} into ${place}`);
  expect([shared.exitCode, JSON.parse(shared.outputs['result'] ?? '')]).toMatchObject([
    2,
    { error: { code: 'no-database', message } },
  ]);
  expect(await readdir(folder.file('others'))).not.toContain('manifest');

  // The half of a removed clone is named before the database is cloned again.
  await rm(join(place, '.dolt', 'noms'), { recursive: true });
  const half = await runner.main({ inputs: { ...inputs, ...mode } });
  const incomplete = expect.stringContaining(`${place} contains other files and no complete database`);
  expect(JSON.parse(half.outputs['result'] ?? '')).toMatchObject({
    error: { code: 'no-database', message: incomplete },
  });
});

test('a step does not push the clone of another service to its peers, although the primaries have one text', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  for (const name of ['a', 'b', 'boxes']) await mkdir(folder.file(name));
  await using first = await startDolthubHost(folder.file('a'));
  await using second = await startDolthubHost(folder.file('b'));
  const authorities = await Promise.all([first, second].map(({ ca }) => readFile(ca, 'utf8')));
  await writeFile(folder.file('ca.pem'), authorities.join(''));
  const env = { SSL_CERT_FILE: folder.file('ca.pem') };
  const heads: string[] = [];
  for (const host of [first, second]) {
    const database = await makeDatabase(folder.file(host === first ? 'a' : 'b', 'local'));
    heads.push(await database.commit('own', `UPDATE items SET title = 'of team ${heads.length}' WHERE id = 1`));
    await withEngine(database.path, { env }, async (engine) => {
      await engine.call('DOLT_REMOTE', 'add', 'peer', `${host.url}/org/repo`);
      await engine.call('DOLT_PUSH', 'peer', 'main');
    });
  }

  const inputs = { 'dolt-path': testDolt(), remote: 'dolthub://org/repo' };
  const pulled = await runner.main({ inputs: { ...inputs, command: 'pull', 'dolthub-host': first.host }, env });
  expect([pulled.exitCode, pulled.outputs['head']]).toEqual([0, heads[0]]);
  const box = `file://${folder.file('boxes')}/box`;
  const synced = await runner.main({ inputs: { ...inputs, 'dolthub-host': second.host, peers: `box: ${box}` }, env });
  expect([synced.exitCode, synced.outputs['head']]).toEqual([0, heads[1]]);
  expect(await remoteHead(box, folder.file('look', 'local'))).toBe(heads[1]);
});
