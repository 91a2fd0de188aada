import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { runResultSchema } from '../../src/contract/result.ts';
import { endsWithin } from '../../src/core/time.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type FakeRunner, fakeRunner } from '../helpers/fake-runner.ts';
import { MARK, markedProcesses, outliving } from '../helpers/faults/marked-processes.ts';
import { noteRow } from '../helpers/faults/rows.ts';
import { appeared } from '../helpers/faults/stopped.ts';
import { git } from '../helpers/git.ts';
import { program } from '../helpers/installing.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { type SilentPeer, startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { makeTracker } from '../helpers/tracker.ts';

/** How a runner cancels a step (actions/runner, ProcessInvoker.cs). */
const TO_SIGTERM_MS = 7_500;
const TO_SIGKILL_MS = 2_500;

type StepProcess = Awaited<ReturnType<FakeRunner['start']>>['running'];

/** Cancels a step as the runner does; gives the seconds until it had ended. */
async function cancel(running: StepProcess): Promise<number> {
  const started = performance.now();
  running.kill('SIGINT');
  if (!(await endsWithin(running, TO_SIGTERM_MS))) {
    running.kill('SIGTERM');
    if (!(await endsWithin(running, TO_SIGKILL_MS))) running.kill('SIGKILL');
  }
  await running;
  return (performance.now() - started) / 1000;
}

const api = ({ url }: SilentPeer) => ({ GITHUB_REPOSITORY: 'org/repo', GITHUB_API_URL: url });
const CHANGE = { number: 7, base: { sha: 'b'.repeat(40) }, head: { sha: 'c'.repeat(40), repo: { fork: false } } };

const ours = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('df-'));

/** A checkout with a beads database, a peer, and a remote of git for the JSONL file. */
async function exportingCheckout(folder: TempFolder, runner: FakeRunner): Promise<{ readonly bare: string }> {
  const box = `file://${folder.file('box')}`;
  const settings = { sync: { mode: 'belt-and-suspenders' }, federation: { peers: { box } } };
  const local = await makeTracker(folder, 'workspace', stringify(settings));
  await local.commit('one', "INSERT INTO issues (id, title) VALUES ('bd-1', 'one')");
  const bare = await bareRepository(folder.file('remote.git'), { withBranch: false });
  await git(runner.workspace, 'init', '--quiet', '--initial-branch=main');
  await git(runner.workspace, 'add', '.beads/config.yaml');
  await git(runner.workspace, 'commit', '--quiet', '-m', 'configuration');
  await git(runner.workspace, 'remote', 'add', 'origin', bare.path);
  await git(runner.workspace, 'push', '--quiet', 'origin', 'main');
  return { bare: bare.path };
}

/** The result of a run that was cancelled after its only peer was synchronized and the JSONL file was written. */
const INTERRUPTED_EXPORT = {
  ...{ status: 'partial', peers: [{ name: 'box', verified: true, error: null }] },
  ...{ problems: [{ code: 'interrupted' }, {}], export: { status: 'written', issues: 1 } },
};

describe('a step that the runner cancels', () => {
  test.each([
    ['waits for a peer', false],
    ['has a frozen engine', true],
  ] as const)('ends in time if it %s, and reports its result', async (what, frozen) => {
    await using folder = await tempFolder();
    await using silent = await startSilentPeer();
    const runner = await fakeRunner(folder);
    const local = await makeDatabase(join(runner.workspace, 'local'));
    const head = await local.head();
    const mark = `faults-${folder.path}`;
    const peers = `near: file://${folder.file('near')}\nsilent: ${silent.url}`;
    const inputs = { database: 'local', peers, 'dolt-path': testDolt() };
    const { running } = await runner.start({ inputs, env: { [MARK]: mark, TMPDIR: runner.temp } });
    await silent.asked;
    const engines = (await markedProcesses(mark)).filter(({ command }) => command.includes(' sql-server '));
    if (frozen) for (const { pid } of engines) process.kill(pid, 'SIGSTOP');
    const seconds = await cancel(running);
    const step = await runner.end({ running });
    const post = await runner.post(step.state);
    const left = await outliving(mark, 5_000);
    const result = runResultSchema.parse(JSON.parse(step.outputs['result'] ?? '{}'));
    const complaints = [
      ...(engines.length > 0 ? [] : ['there was no engine']),
      ...(step.exitCode === 130 ? [] : [`the exit code is ${step.exitCode}: ${step.stdout}`]),
      ...(seconds < TO_SIGTERM_MS / 1000 ? [] : [`it took ${seconds} s`]),
      ...(post.exitCode === 0 && post.commands.length === 0 ? [] : [`post: ${post.exitCode} ${post.stdout}`]),
      ...left.map(({ command }) => `still running: ${command}`),
      ...(await ours(runner.temp)).map((name) => `there is still ${name}`),
      ...((await local.head()) === head ? [] : ['the branch moved']),
      ...(await readdir(join(local.path, '.dolt'))).filter((name) => name === 'sql-server.info'),
    ];
    const codes = result.peers.map(({ error }) => error?.code ?? '-').join(' ');
    const row = {
      fault: `cancelled while it ${what}`,
      operation: 'sync step',
      at: 'http:// and file://',
      code: codes,
      seconds,
    };
    await noteRow({ ...row, state: 'exit code 130; outputs set; nothing left after post', complaints });
    expect(complaints).toEqual([]);
    expect(result.peers.map(({ name }) => name)).toEqual(['near', 'silent']);
    expect(result.peers.find(({ name }) => name === 'silent')?.error?.code).toBe('interrupted');
    expect(JSON.parse(await readFile(step.outputs['result-path'] ?? '', 'utf8'))).toMatchObject({ command: 'sync' });
    expect(step.summary).toContain('interrupted');
  });

  test('keeps the result during a push of the JSONL file, and the next run commits the file', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const { bare } = await exportingCheckout(folder, runner);
    const release = folder.file('release');
    await execa('mkfifo', [release]);
    const hook = join(bare, 'hooks', 'pre-receive');
    await program(hook, `: > ${folder.file('receiving')}`, `read -r word < ${release}`);
    const mark = `faults-${folder.path}`;
    const inputs = { 'jsonl-commit': 'push', 'dolt-path': testDolt() };
    const env = { [MARK]: mark, TMPDIR: runner.temp };

    const isReceiving = appeared(folder.path, /^receiving$/);
    const { running } = await runner.start({ inputs, env });
    await isReceiving;
    await cancel(running);
    await writeFile(release, 'now\n');
    const step = await runner.end({ running });
    expect(step.exitCode).toBe(130);
    expect(runResultSchema.parse(JSON.parse(step.outputs['result'] ?? '{}'))).toMatchObject(INTERRUPTED_EXPORT);
    expect([await outliving(mark, 5_000), await ours(runner.temp)]).toEqual([[], []]);

    await rm(hook);
    expect(await runner.main({ inputs, env })).toMatchObject({ exitCode: 0 });
    expect(await git(bare, 'show', 'main:.beads/issues.jsonl')).toContain('"id":"bd-1"');
    expect(await readdir(join(runner.workspace, '.git'))).not.toContain('index.lock');
  });

  test('keeps the result while GitHub does not answer about the pull request of the JSONL file', async () => {
    await using folder = await tempFolder();
    await using silent = await startSilentPeer();
    const runner = await fakeRunner(folder);
    await exportingCheckout(folder, runner);
    const inputs = { 'jsonl-commit': 'pull-request', 'github-token': 'app-1', 'dolt-path': testDolt() };
    const env = { ...api(silent), TMPDIR: runner.temp };
    const { running } = await runner.start({ inputs, env });
    await silent.asked;
    const seconds = await cancel(running);
    const step = await runner.end({ running });
    expect([step.exitCode, seconds < TO_SIGTERM_MS / 1000]).toEqual([130, true]);
    expect(runResultSchema.parse(JSON.parse(step.outputs['result'] ?? '{}'))).toMatchObject(INTERRUPTED_EXPORT);
  });

  test('ends in time while GitHub does not answer about the configuration before a change', async () => {
    await using folder = await tempFolder();
    await using silent = await startSilentPeer();
    const runner = await fakeRunner(folder);
    await mkdir(join(runner.workspace, '.beads'));
    await mkdir(join(runner.workspace, '.git'));
    await writeFile(join(runner.workspace, '.git', 'HEAD'), CHANGE.head.sha);
    await writeFile(join(runner.workspace, '.beads', 'config.yaml'), 'sync: {mode: dolt-native}\n');
    const event = { name: 'pull_request', payload: { number: 7, pull_request: CHANGE } };
    const inputs = { 'github-token': 'app-1', comment: 'always' };
    const { running } = await runner.start({ action: 'validate/action.yml', event, inputs, env: api(silent) });
    await silent.asked;
    const seconds = await cancel(running);
    const step = await runner.end({ running });
    expect([step.exitCode, seconds < TO_SIGTERM_MS / 1000]).toEqual([130, true]);
    expect(step.outputs).toMatchObject({ status: 'failed', result: expect.stringContaining('"code":"interrupted"') });
    expect(step.summary).toContain('interrupted');
  });
});
