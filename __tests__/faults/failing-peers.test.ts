import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { branchesLacking } from '../helpers/branches.ts';
import { openTestDatabase } from '../helpers/database.ts';
import { outliving } from '../helpers/faults/marked-processes.ts';
import { noteRow } from '../helpers/faults/rows.ts';
import { type RunEnd, type RunSpec, resultOf, runToEnd, startRun, temporaryFiles } from '../helpers/faults/run.ts';
import { makeScene, type Scene, sceneIn } from '../helpers/faults/scene.ts';
import { startHeldServer } from '../helpers/servers/held-server.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

let template: TempFolder;
let shared: Scene;

beforeAll(async () => {
  template = await tempFolder();
  shared = await makeScene(template);
});
afterAll(async () => {
  await template[Symbol.asyncDispose]();
});

async function scene(folder: TempFolder) {
  const made = await sceneIn(folder, shared);
  const spec = (far: string, ...words: string[]): RunSpec => ({
    home: folder.file('h'),
    command: 'sync',
    // Sorted by name, the peer that does not answer comes first.
    federation: { peers: { far, near: `file://${made.near}` } },
    database: made.local,
    words,
  });
  return { ...made, spec };
}

/** At which second of the run a line appeared. */
function secondOf({ timeline, stderr }: RunEnd, line: RegExp): number {
  const found = timeline.find((one) => line.test(one.line));
  if (found === undefined) throw new Error(`the run did not report ${line}:\n${stderr}`);
  return found.at;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test.each([
  ['before TLS', 'https:', 'connect-timeout'],
  ['after the connection', 'http:', 'timeout'],
])('a server that does not answer %s does not delay the other peers', async (_, scheme, code) => {
  await using folder = await tempFolder();
  await using silent = await startSilentPeer();
  const { spec, local, nearHead } = await scene(folder);
  const end = await runToEnd(spec(silent.url.replace('http:', scheme), '--fetch-wait', '1s', '--timeout', '4s'));
  const [far, near] = resultOf(end).peers;
  expect([far?.error?.code, near?.verified, near?.pushedCommits]).toEqual([code, true, 2]);
  expect(secondOf(end, /^near: verifying/)).toBeLessThan(secondOf(end, /^far: failed/));
  expect(secondOf(end, /^far: waiting/)).toBeLessThan(secondOf(end, /^near: pushing/));
  expect((await branchesLacking(openTestDatabase(local), [nearHead])).lost).toEqual([]);
});

test('a refused connection is retried visibly, and the other peers are served in the meantime', async () => {
  await using folder = await tempFolder();
  const { spec } = await scene(folder);
  const end = await runToEnd(spec(`https://127.0.0.1:${await closedPort()}/local`));
  const [far, near] = resultOf(end).peers;
  expect([far?.error?.code, far?.state, near?.verified]).toEqual(['network', 'unreachable', true]);
  expect(far?.error?.message).toMatch(/^127\.0\.0\.1:\d+ could not be reached: the connection was refused$/);
  expect(end.stderr).toMatch(/^far: retrying \(network; attempt 2 of 4 follows\)$/m);
  // Dolt itself would retry for half a minute without a message.
  expect(end.seconds).toBeLessThan(20);
});

test('a peer that answers late is merged and pushed to in a second round', async () => {
  await using folder = await tempFolder();
  const { spec, far: farPath, farHead, nearHead, local } = await scene(folder);
  await using remotesrv = await startRemotesrv(folder.path);
  await openTestDatabase(farPath).publish(`http://localhost:${remotesrv.port.http}/org/repo`);
  await using held = await startHeldServer(remotesrv.port.http);
  const run = await startRun(spec(`http://127.0.0.1:${held.port}/org/repo`, '--fetch-wait', '1s'));
  await run.said((lines) => lines.some((line) => line.startsWith('near: verifying')));
  held.release();
  const end = await run.ended;
  const { peers, problems, head } = resultOf(end);
  expect(peers.map(({ verified, error }) => [verified, error])).toEqual([
    [true, null],
    [true, null],
  ]);
  expect(problems.map(({ code, peer }) => [code, peer])).toContainEqual(['late-answer', 'far']);
  expect(peers.map(({ remoteHead }) => remoteHead)).toEqual([head, head]);
  expect((await branchesLacking(openTestDatabase(local), [nearHead, farHead])).lost).toEqual([]);
});

test('a peer that crashes Dolt does not affect other peers', async () => {
  await using folder = await tempFolder();
  await using server = await startRemotesrv(folder.path, { tableFilesAt: 'localhost:1' });
  const { spec, far: farPath } = await scene(folder);
  await openTestDatabase(farPath).publish(`file://${server.dir}/org/repo`);
  const run = await startRun(spec(`${server.url}/org/repo`));
  const end = await run.ended;
  const left = await outliving(run.mark, 5_000);
  const [fatal, near] = resultOf(end).peers;
  const complaints = [
    ...(fatal?.error?.code === 'engine-lost' ? [] : [`fatal: ${JSON.stringify(fatal)}`]),
    ...(fatal?.error?.message.startsWith('the Dolt server stopped with a panic') === true
      ? []
      : [`the panic is not named: ${fatal?.error?.message}`]),
    ...(near?.verified === true ? [] : [`near was not served: ${JSON.stringify(near)}`]),
    ...(end.exitCode === 3 ? [] : [`the exit code is ${end.exitCode}`]),
    ...left.map(({ command }) => `still running: ${command}`),
    ...(await temporaryFiles(folder.file('h'))).map((path) => `there is still ${path}`),
  ];
  const row = { fault: 'Dolt dies of a peer', operation: 'sync', at: 'remotesrv', code: fatal?.error?.code ?? '-' };
  await noteRow({ ...row, seconds: end.seconds, state: 'near served; nothing left', complaints });
  expect(complaints).toEqual([]);
});
