import { cp } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { openTestDatabase } from '../helpers/database.ts';
import { outliving } from '../helpers/faults/marked-processes.ts';
import { noteRow } from '../helpers/faults/rows.ts';
import { resultOf, startRun, temporaryFiles } from '../helpers/faults/run.ts';
import { makeScene } from '../helpers/faults/scene.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { below, tempFolder } from '../helpers/temp-folder.ts';

test('a peer that crashes Dolt does not affect other peers', async () => {
  await using folder = await tempFolder();
  const scene = await makeScene(below(folder, 'g'));
  await cp(scene.near, folder.file('near'), { recursive: true });
  await using far = await startRemotesrv(folder.path, { tableFilesAt: 'localhost:1' });
  const seed = openTestDatabase(scene.far);
  await seed.dolt('remote', 'add', 'far', `file://${far.dir}/org/repo`);
  await seed.dolt('push', 'far', 'main');

  const federation = { peers: { fatal: `${far.url}/org/repo`, near: `file://${folder.file('near')}` } };
  const home = folder.file('h');
  const run = await startRun({ home, command: 'sync', federation, database: scene.local });
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
    ...(await temporaryFiles(home)).map((path) => `there is still ${path}`),
  ];
  const row = { fault: 'Dolt dies of a peer', operation: 'sync', at: 'remotesrv', code: fatal?.error?.code ?? '-' };
  await noteRow({ ...row, seconds: end.seconds, state: 'near served; nothing left', complaints });
  expect(complaints).toEqual([]);
});
