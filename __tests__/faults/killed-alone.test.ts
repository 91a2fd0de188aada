import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { commandLine, startCli } from '../helpers/bundled-cli.ts';
import { makeDatabase } from '../helpers/database.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** A program instead of Dolt that prints its process id and runs until it is killed. */
async function hangingDolt(folder: TempFolder): Promise<{ readonly path: string; asked(): Promise<number> }> {
  const [path, asked] = [folder.file('hanging'), folder.file('asked')];
  await execa('mkfifo', [asked]);
  await writeFile(path, `#!/bin/sh\necho $$ > '${asked}'\nexec sleep 600\n`, { mode: 0o755 });
  return { path, asked: async () => Number(await readFile(asked, 'utf8')) };
}

test('after SIGKILL of a run without an engine, the next run removes only its temporary folders', async () => {
  await using folder = await tempFolder();
  const url = `file://${folder.file('box')}`;
  await (await makeDatabase(folder.file('local'))).publish(url);
  const status = await commandLine(folder, 'status', { box: url });
  const hanging = await hangingDolt(folder);
  const [temporary, runs] = [
    folder.file('home', '.cache', 'dolt-federation', 'tmp'),
    folder.file('home', '.cache', 'dolt-federation', 'runs'),
  ];
  const begin = async () => {
    const known = await readdir(temporary).catch(() => [] as string[]);
    const child = startCli(folder, [...status.slice(0, -1), hanging.path]);
    const pid = await hanging.asked();
    const [made] = (await readdir(temporary)).filter((name) => !known.includes(name));
    return { child, pid, made };
  };
  const [living, dying] = [await begin(), await begin()];
  try {
    dying.child.kill('SIGKILL');
    await dying.child;
    // A run of another machine, and folders that do not belong to a run.
    const records = await readdir(runs);
    const [record = ''] = records.filter((name) => name.startsWith(`${dying.child.pid}-`));
    const far = record.replace(/-[0-9a-f-]{36}-/, '-00000000-0000-0000-0000-000000000000-');
    await copyFile(join(runs, record), join(runs, far));
    const precious = folder.file('precious');
    await mkdir(precious);
    await writeFile(join(runs, record), `${JSON.stringify(precious)}\n{"cut`, { flag: 'a' });

    const next = await startCli(folder, status);
    expect(next.exitCode).toBe(0);
    expect(await readdir(temporary)).toEqual([living.made]);
    expect(records).toHaveLength(2);
    expect((await readdir(runs)).toSorted()).toEqual([far, ...records.filter((name) => name !== record)].toSorted());
    expect(await readdir(folder.path)).toContain(basename(precious));
  } finally {
    living.child.kill('SIGKILL');
    for (const { pid } of [living, dying]) process.kill(pid, 'SIGKILL');
    await living.child;
  }
});
