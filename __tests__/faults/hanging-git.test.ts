import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { branchesLacking } from '../helpers/branches.ts';
import { openTestDatabase } from '../helpers/database.ts';
import { HANGING, hangingFrom, hangingGit, LOCK } from '../helpers/faults/hanging-git.ts';
import { outliving } from '../helpers/faults/marked-processes.ts';
import { noteRow } from '../helpers/faults/rows.ts';
import { outputOf, type RunSpec, resultOf, startRun, temporaryFiles } from '../helpers/faults/run.ts';
import { makeScene, type Scene, sceneIn } from '../helpers/faults/scene.ts';
import { appeared } from '../helpers/faults/stopped.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const TIMEOUT_SECONDS = 3;
/** No process of an operation may live this long after its limit. */
const GRACE_SECONDS = 2;
/** The watchdog gives an engine 5 s to end in order, and as long again to be killed. */
const WATCHDOG_MS = 12_000;

let made: TempFolder;
let shared: Scene;

beforeAll(async () => {
  made = await tempFolder();
  shared = await makeScene(made);
  await bareRepository(made.file('far.git'), { withBranch: true });
});
afterAll(async () => {
  await made[Symbol.asyncDispose]();
});

async function scene(folder: TempFolder) {
  await cp(made.file('far.git'), folder.file('far.git'), { recursive: true });
  return { ...(await sceneIn(folder, shared)), far: `git+file://${folder.file('far.git')}` };
}

describe('a git that hangs', () => {
  test.each(HANGING)('%s ends in time, and the other peers are served', async (how) => {
    await using folder = await tempFolder();
    const { local: database, databaseHead, nearHead, far } = await scene(folder);
    const bin = await hangingGit(folder.path, how);
    const spec: RunSpec = {
      home: folder.file('h'),
      command: 'sync',
      federation: { peers: { far, near: `file://${folder.file('near')}` } },
      database,
      words: ['--timeout', `${TIMEOUT_SECONDS}s`, '--retries', '1'],
      env: { PATH: `${bin}:${readEnv()['PATH'] ?? ''}` },
    };
    const run = await startRun(spec);
    const hung = await hangingFrom(run);
    const end = await run.ended;
    const left = await outliving(run.mark, GRACE_SECONDS * 1000);
    const [farPeer, near] = resultOf(end).peers;
    const { lost } = await branchesLacking(openTestDatabase(database), [databaseHead, nearHead]);
    const seconds = hung === null ? 0 : hung.last - hung.first;
    const complaints = [
      ...(hung === null ? ['git did not hang'] : []),
      ...(seconds <= TIMEOUT_SECONDS + GRACE_SECONDS ? [] : [`git lived for ${seconds} s`]),
      ...(farPeer?.error?.code === 'timeout' ? [] : [`far: ${JSON.stringify(farPeer)}; ${end.stderr}`]),
      ...(near?.verified === true ? [] : [`near was not served: ${JSON.stringify(near)}`]),
      ...(end.exitCode === 3 ? [] : [`the exit code is ${end.exitCode}`]),
      ...left.map(({ command }) => `still running: ${command}`),
      ...(existsSync(folder.file(LOCK)) ? ['git was not ended in order'] : []),
      ...(await temporaryFiles(spec.home)).map((path) => `there is still ${path}`),
      ...lost.map((commit) => `the database lacks ${commit}`),
    ];
    const state = 'near served; git and its children gone; nothing left';
    const code = farPeer?.error?.code ?? '-';
    await noteRow({
      fault: `git hangs ${how}`,
      operation: 'sync',
      at: 'git+file://',
      code,
      seconds,
      state,
      complaints,
    });
    expect(complaints).toEqual([]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('does not delay the end of the run after %s', async (signal, exitCode) => {
    await using folder = await tempFolder();
    const { local: database, far } = await scene(folder);
    const bin = await hangingGit(folder.path, 'deaf to signals');
    const federation = { peers: { far, near: `file://${folder.file('near')}` } };
    const env = { PATH: `${bin}:${readEnv()['PATH'] ?? ''}` };
    const run = await startRun({ home: folder.file('h'), command: 'sync', federation, database, env });
    const hanging = hangingFrom(run);
    await run.said((lines) => lines.some((line) => line.startsWith('far: fetching')));
    const signalled = performance.now();
    run.kill(signal);
    const end = await run.ended;
    const seconds = (performance.now() - signalled) / 1000;
    await hanging;
    const left = await outliving(run.mark, GRACE_SECONDS * 1000);
    const output = outputOf(end);
    const codes = 'error' in output ? [output.error.code] : output.peers.map(({ error }) => error?.code ?? '-');
    const complaints = [
      ...(end.exitCode === exitCode ? [] : [`the exit code is ${end.exitCode}: ${end.stderr}`]),
      ...(seconds < 7.5 ? [] : [`it took ${seconds} s`]),
      ...(codes.every((code) => code === 'interrupted') ? [] : [`the codes are ${codes.join()}`]),
      ...left.map(({ command }) => `still running: ${command}`),
      ...(await temporaryFiles(folder.file('h'))).map((path) => `there is still ${path}`),
    ];
    const row = { fault: signal, operation: 'sync', at: 'git that hangs', code: codes.join(' '), seconds };
    await noteRow({ ...row, state: `exit code ${exitCode}; nothing left`, complaints });
    expect(complaints).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('removes its lock file if the run gets %s', async (signal) => {
    await using folder = await tempFolder();
    const { local: database, far } = await scene(folder);
    const bin = await hangingGit(folder.path, 'in its child');
    const env = { PATH: `${bin}:${readEnv()['PATH'] ?? ''}` };
    const isLocked = appeared(folder.path, new RegExp(`^${LOCK}$`));
    const run = await startRun({
      home: folder.file('h'),
      command: 'sync',
      federation: { peers: { far } },
      database,
      env,
    });
    await isLocked;
    run.kill(signal);
    await run.ended;
    expect(await outliving(run.mark, WATCHDOG_MS)).toEqual([]);
    expect(existsSync(folder.file(LOCK))).toBe(false);
  });
});
