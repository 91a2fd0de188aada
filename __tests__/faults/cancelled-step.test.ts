import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runResultSchema } from '../../src/contract/result.ts';
import { endsWithin } from '../../src/core/time.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type FakeRunner, fakeRunner } from '../helpers/fake-runner.ts';
import { MARK, markedProcesses, outliving } from '../helpers/faults/marked-processes.ts';
import { noteRow } from '../helpers/faults/rows.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

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

const ours = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('df-'));

describe('a step that the runner cancels', () => {
  test.each([
    ['waits for a peer', false],
    ['has an engine that is frozen', true],
  ] as const)('ends in time where it %s, and says what it did', async (what, frozen) => {
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
});
