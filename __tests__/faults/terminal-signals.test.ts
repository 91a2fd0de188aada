import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { CLI } from '../helpers/bundled-cli.ts';
import { openTestDatabase } from '../helpers/database.ts';
import { MARK, markedProcesses, outliving } from '../helpers/faults/marked-processes.ts';
import { temporaryFiles } from '../helpers/faults/run.ts';
import { appeared, boxOf, configure, LOCAL, makeTemplate, start } from '../helpers/faults/stopped.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { onTerminal } from '../helpers/terminal.ts';

const CLEAN_WITHIN_MS = 12_000;

// `script` of util-linux gives a process a terminal.
if (process.platform === 'linux') {
  test('answers survive a closed terminal, SIGKILL and Ctrl-C, and the terminal stays usable', async () => {
    await using folder = await tempFolder();
    await makeTemplate(folder);
    await mkdir(folder.file('tmp'));
    const local = openTestDatabase(folder.file('local'));
    const head = await local.head();
    await configure(folder, boxOf(folder), 'manual');
    expect(await start(folder, ['sync', ...LOCAL], 'setup')).toMatchObject({ exitCode: 4 });
    const mark = `terminal-${folder.path}`;
    const env = {
      ...{ PATH: readEnv()['PATH'] ?? '', HOME: folder.path, TMPDIR: folder.file('tmp'), [MARK]: mark },
      ...{ XDG_CACHE_HOME: folder.file('.cache'), CLI: `${process.execPath} ${CLI}` },
      OPTIONS: `--config federation.yaml ${LOCAL.join(' ')}`,
    };
    const terminal = (line: string, answers: Parameters<typeof onTerminal>[1]['answers']) =>
      onTerminal(line, { cwd: folder.path, env, columns: 100, answers, normalize: (text) => text });
    const choices = async () => {
      const text = await readFile(folder.file('local', '.dolt', 'dolt-federation', 'conflicts.yaml'), 'utf8');
      return text.match(/choose: ours$/gm)?.length ?? 0;
    };

    // A shell passes SIGHUP on to its jobs.
    const ended = appeared(folder.path, /^ended$/);
    const job = '$CLI resolve $OPTIONS <&3 & job=$!; wait $job; wait $job; echo $? > ended.tmp; mv ended.tmp ended';
    await terminal(`exec 3<&0; trap 'kill -HUP $job' HUP; ${job}`, ['o', ({ kill }) => kill('SIGKILL')]);
    await ended;
    // The end of the input may arrive before the signal: then the questions end as at Ctrl-D.
    expect(['129\n', '0\n']).toContain(await readFile(folder.file('ended'), 'utf8'));
    expect(await choices()).toBe(1);

    const killed = async (): Promise<void> => {
      const node = (await markedProcesses(mark)).find(({ command }) =>
        command.startsWith(`${process.execPath} ${CLI}`),
      );
      if (node !== undefined) process.kill(node.pid, 'SIGKILL');
    };
    expect(await terminal('$CLI resolve $OPTIONS', ['o', killed])).toMatchObject({ exitCode: 137 });
    expect(await choices()).toBe(2);

    const modes = "stty -a | tr -s ' ;' '\\n' | grep -x -e '-*icanon' -e '-*echo'";
    const line = `$CLI resolve $OPTIONS; code=$?; ${modes}; exit $code`;
    const stopped = await terminal(line, [({ type }) => type('\u0003')]);
    expect(stopped.exitCode).toBe(130);
    expect(stopped.shown).toMatch(/\?\nSIGINT: stopping cleanly.*\nerror: .* \(interrupted\)\n.*\nicanon\necho\n$/);
    expect(await local.head()).toBe(head);

    const first = await terminal('$CLI init --database local', [({ type }) => type('\u0003')]);
    expect([first.exitCode, existsSync(folder.file('.beads'))]).toEqual([130, false]);

    expect(await terminal('$CLI resolve --yes $OPTIONS', [])).toMatchObject({ exitCode: 0 });
    expect(await local.rows("SELECT id FROM items WHERE title = 'y' ORDER BY id")).toEqual([{ id: 1 }, { id: 2 }]);
    expect([await outliving(mark, CLEAN_WITHIN_MS), await temporaryFiles(folder.path)]).toEqual([[], []]);
  });
}
