import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { Failure } from '../../src/core/failure.ts';
import { cloneDatabase as cloneFromRemote } from '../../src/dolt/clone.ts';
import { NOWHERE } from '../../src/egress/host-rule.ts';
import { commandLine, startCli } from '../helpers/bundled-cli.ts';
import { commandContext } from '../helpers/configuring.ts';
import { cloneDatabase, makeDatabase, remoteHead } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { readKeyValues } from '../helpers/runner-protocol.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const FILES = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const;

/** Files of the runner's for a second step of the same job. */
async function filesOfAnotherStep(folder: TempFolder): Promise<Record<string, string>> {
  const files = Object.fromEntries(FILES.map((name) => [name, folder.file(`second-${name}`)]));
  for (const file of Object.values(files)) await writeFile(file, '');
  return files;
}

const stateOf = async (file: string) => readKeyValues(await readFile(file, 'utf8'));
const headOfBox = (folder: TempFolder, box: string) =>
  remoteHead(`file://${folder.file(box)}`, folder.file('look', box, 'local'));

describe('two concurrent runs', () => {
  test('of the command line with one database both succeed, one after the other', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.dolt('remote', 'add', 'seed', `file://${folder.file('box')}`);
    await local.dolt('push', 'seed', 'main');
    const other = await cloneDatabase(`file://${folder.file('box')}`, folder.file('other'));
    await other.commit('theirs', "INSERT INTO items VALUES (3, 'theirs', 'eve')");
    await other.dolt('push', 'origin', 'main');
    await local.commit('ours', "INSERT INTO items VALUES (4, 'ours', 'ann')");
    const words = await commandLine(folder, 'sync', { box: `file://${folder.file('box')}` });
    const ended = await Promise.all([startCli(folder, words), startCli(folder, words)]);
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(await local.rows('SELECT id FROM items ORDER BY id')).toHaveLength(4);
    expect(await headOfBox(folder, 'box')).toBe(await local.head());
    expect(await readdir(folder.file('home', '.cache', 'dolt-federation', 'tmp'))).toEqual([]);
  });

  test.each([
    ['one database', 'local', 'local'],
    ['two databases', 'local', 'second'],
  ])('of the Action in one RUNNER_TEMP both succeed on %s', async (_, one, two) => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const local = await makeDatabase(join(runner.workspace, 'local'));
    const second = two === 'local' ? local : await makeDatabase(join(runner.workspace, 'second'));
    const inputs = (database: string, box: string) => ({
      ...{ database, 'dolt-path': testDolt(), peers: `box: file://${folder.file(box)}` },
    });
    const env = await filesOfAnotherStep(folder);
    const first = await runner.start({ inputs: inputs(one, 'box-one') });
    const other = await runner.start({ inputs: inputs(two, 'box-two'), env });
    const [{ exitCode }, step] = await Promise.all([other.running, runner.end(first)]);
    expect([step.exitCode, exitCode]).toEqual([0, 0]);
    expect(await headOfBox(folder, 'box-one')).toBe(await local.head());
    expect(await headOfBox(folder, 'box-two')).toBe(await second.head());
    const states = [step.state, await stateOf(folder.file('second-GITHUB_STATE'))];
    expect(states[0]?.['resource-0']).not.toBe(states[1]?.['resource-0']);
    for (const state of states) expect(await runner.post(state)).toMatchObject({ exitCode: 0, commands: [] });
  });
});

test('two steps of a job without a database clone it once, and both succeed', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  const seed = await makeDatabase(folder.file('seed'));
  await seed.publish(`file://${folder.file('prim')}`);
  const inputs = (box: string) => ({
    ...{ 'dolt-path': testDolt(), remote: `file://${folder.file('prim')}` },
    peers: `box: file://${folder.file(box)}`,
  });
  const env = await filesOfAnotherStep(folder);
  const first = await runner.start({ inputs: inputs('box-one') });
  const other = await runner.start({ inputs: inputs('box-two'), env });
  const [second, step] = await Promise.all([other.running, runner.end(first)]);
  expect([step.exitCode, second.exitCode]).toEqual([0, 0]);
  const head = await seed.head();
  expect([await headOfBox(folder, 'box-one'), await headOfBox(folder, 'box-two')]).toEqual([head, head]);
  const outputs = readKeyValues(await readFile(folder.file('second-GITHUB_OUTPUT'), 'utf8'));
  expect(outputs['database-path']).toBe(step.outputs['database-path']);
  const cloned = [step.outputs['result'], outputs['result']].map((result) => JSON.parse(result ?? '').cloned === true);
  expect(cloned.filter((one) => one)).toHaveLength(1);
});

test('a clone that another run made at the same time stays, and no other folder is taken for a clone', async () => {
  await using folder = await tempFolder();
  const url = `file://${folder.file('box')}`;
  await (await makeDatabase(folder.file('local'))).publish(url);
  const context = { ...commandContext(folder.path), tempDir: folder.file('tmp') };
  const limit = { milliseconds: 600_000, failure: () => new Failure('timeout', 'too late') };
  const clone = (target: string, meanwhile: string) =>
    cloneFromRemote(
      context,
      { dolt: testDolt(), database: folder.file(target) },
      {
        ...{ remote: 'box', url, user: null, reach: NOWHERE, ref: null, branch: null },
        finish: async () => void (await mkdir(folder.file(target, meanwhile), { recursive: true })),
      },
      limit,
    );
  expect(await clone('clone', join('.dolt', 'noms'))).toBe(false);
  expect(await readdir(folder.file('clone'), { recursive: true })).toEqual(['.dolt', join('.dolt', 'noms')]);
  await expect(clone('folder', 'of-others')).rejects.toThrow('ENOTEMPTY');
  expect(await readdir(folder.file('folder'))).toEqual(['of-others']);
  expect((await readdir(folder.path)).filter((name) => name.includes('clone-'))).toEqual([]);
});

test('post of a killed step does not touch a run that continues', async () => {
  await using folder = await tempFolder();
  await using silent = await startSilentPeer();
  await using far = await startSilentPeer();
  const runner = await fakeRunner(folder);
  await makeDatabase(join(runner.workspace, 'local'));
  const second = await makeDatabase(join(runner.workspace, 'second'));
  const inputs = (database: string, url: string) => ({
    ...{ database, 'dolt-path': testDolt(), 'fail-on': 'none', retries: '0' },
    peers: stringify({ box: `file://${folder.file('box')}`, far: { endpoint: url, timeout: '8s', live: false } }),
  });
  const env = await filesOfAnotherStep(folder);
  const alive = await runner.start({ inputs: inputs('second', far.url), env });
  await Promise.race([far.asked, alive.running]);
  const killed = await runner.start({ inputs: inputs('local', silent.url) });
  await Promise.race([silent.asked, killed.running]);
  killed.running.kill('SIGKILL');
  await killed.running;
  const post = await runner.post(await stateOf(runner.stateFile));
  expect(post).toMatchObject({ exitCode: 0, commands: [] });
  const owned = (state: Record<string, string>) =>
    Object.values(state)
      .join()
      .match(/df-[A-Za-z0-9]{6}/g) ?? [];
  const left = (await readdir(runner.temp)).filter((name) => name.startsWith('df-'));
  expect(left.length).toBeGreaterThan(0);
  expect(owned(await stateOf(folder.file('second-GITHUB_STATE')))).toEqual(expect.arrayContaining(left));
  expect(await alive.running).toMatchObject({ exitCode: 0 });
  expect(await headOfBox(folder, 'box')).toBe(await second.head());
});
