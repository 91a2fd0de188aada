import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { markedProcesses, outliving } from '../helpers/faults/marked-processes.ts';
import { noteRow } from '../helpers/faults/rows.ts';
import { outputOf, startRun, temporaryFiles } from '../helpers/faults/run.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const CLEAN_WITHIN_MS = 12_000;

test.each([
  { victim: 'our process', words: [], code: '-' },
  { victim: 'our process', words: ['--dry-run'], code: '-' },
  { victim: 'its Dolt', words: [], code: 'engine-lost' },
] as const)(
  'SIGKILL of $victim in the middle of a clone, $words, leaves no folder that looks like a database',
  async (kill) => {
    await using folder = await tempFolder();
    await using silent = await startSilentPeer();
    const home = folder.file('h');
    const parent = folder.file('parent');
    await mkdir(parent);
    const words = [...kill.words, '--bootstrap', 'origin'];
    const spec = { home, database: join(parent, 'local'), federation: { remote: silent.url }, words };
    const run = await startRun({ ...spec, command: 'sync' });
    await Promise.race([silent.asked, run.ended]);
    const engine = (await markedProcesses(run.mark)).find(({ command }) => command.includes(' sql-server '));
    const killed = performance.now();
    if (kill.victim === 'our process') run.kill('SIGKILL');
    else if (engine !== undefined) process.kill(engine.pid, 'SIGKILL');
    const end = await run.ended;
    const left = await outliving(run.mark, CLEAN_WITHIN_MS);
    const seconds = (performance.now() - killed) / 1000;
    const output = kill.victim === 'our process' ? null : outputOf(end);
    const code = output === null ? '-' : 'error' in output ? output.error.code : output.status;
    const complaints = [
      ...(engine === undefined ? ['there was no engine'] : []),
      ...(code === kill.code ? [] : [`the code is ${code}: ${end.stdout}`]),
      ...left.map(({ command }) => `still running: ${command}`),
      ...(await readdir(parent)).map((name) => `there is ${name} where the database belongs`),
      ...(await temporaryFiles(home)).map((path) => `there is still ${path}`),
    ];
    const fault = `kill -9 of ${kill.victim}${kill.words.length === 0 ? '' : `, ${kill.words.join(' ')}`}`;
    await noteRow({
      fault,
      operation: 'clone',
      at: 'http://',
      code,
      seconds,
      state: 'no database, nothing left',
      complaints,
    });
    expect(complaints).toEqual([]);
  },
);
