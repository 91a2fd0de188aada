import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { expectApproved } from '../helpers/approved.ts';
import { CLI, userEnvironment } from '../helpers/bundled-cli.ts';
import { COMPILE_CACHE, childNode } from '../helpers/child-node.ts';
import { dateCommits } from '../helpers/commit-dates.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { screenOf } from '../helpers/terminal-screen.ts';

/** A terminal of 40 lines; `script` of util-linux gives a process one. */
async function shown(folder: TempFolder, columns: number, line: string): Promise<string> {
  const dolt = line.startsWith('help') ? '' : ` --dolt-path ${testDolt()}`;
  const command = `stty rows 40 cols ${columns}; exec ${childNode()} ${CLI} ${line}${dolt}`;
  const { stdout, exitCode } = await execa('/bin/bash', ['-c', `script -qec '${command}' /dev/null`], {
    cwd: folder.file('north'),
    env: { ...userEnvironment(folder), ...COMPILE_CACHE, TERM: 'xterm' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
  const { lines, colors } = screenOf(stdout);
  const wide = lines.filter(
    (each) =>
      !each.includes(folder.path) &&
      !/[0-9a-v]{32}/.test(each) &&
      each.length > columns &&
      !/\bdolt |dolt-federation /.test(each),
  );
  expect(wide).toEqual([]);
  const screen = lines.map((each) => `| ${each}`.trimEnd());
  const painted = colors.map((each) => `  ${each}`);
  const typed = line.replaceAll(folder.path, '/srv');
  return steady(folder, [`$ dolt-federation ${typed}`, ...screen, `exit code ${exitCode}`, ...painted].join('\n'));
}

/** Commits, times and paths differ from run to run. */
function steady(folder: TempFolder, text: string): string {
  return text
    .replaceAll(folder.path, '/srv')
    .replaceAll(testDolt(), '/usr/bin/dolt')
    .replace(/\b[0-9a-v]{32}\b/g, '0123456789abcdefghijklmnopqrstuv')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\dZ/g, '2026-01-02 03:04Z')
    .replace(/\b\d+(?:\.\d)? m?s\b/g, '1.2 s');
}

// A session is one story: each command sees what the one before it did.
if (process.platform === 'linux') {
  test.each([80, 120])('a session in a terminal of %d columns stays within the width', async (columns) => {
    // Lines break by the length of the path.
    await using folder = await tempFolder('/tmp');
    await mkdir(folder.file('home'));
    const north = await makeDatabase(folder.file('north'));
    const configure = async (peers: string): Promise<void> => {
      await mkdir(folder.file('north', '.beads'), { recursive: true });
      const text = `sync: {mode: dolt-native}\nfederation:\n  peers:\n${peers}`;
      await writeFile(folder.file('north', '.beads', 'config.yaml'), text);
    };
    const partner = `    partner: file://${folder.file('mailbox')}\n`;
    await configure(partner);
    const session = [await shown(folder, columns, 'sync')];

    const south = await cloneDatabase(`file://${folder.file('mailbox')}`, folder.file('south'));
    const change = (title: string, time: string) =>
      [dateCommits(time), `UPDATE items SET title = '${title}' WHERE id = 1`] as const;
    await south.commit(
      'theirs',
      ...change('uno', '2025-01-01T00:00:00'),
      "INSERT INTO items VALUES (3, 'three', 'cy')",
    );
    await south.dolt('push', 'origin', 'main');
    await north.commit('ours', ...change('eins', '2025-01-02T00:00:00'));
    session.push(await shown(folder, columns, 'sync --dry-run'));
    session.push(await shown(folder, columns, 'status'));
    session.push(await shown(folder, columns, 'sync'));
    const vault = `    vault: {endpoint: 'file://${folder.file('vault')}', role: backup}\n`;
    await configure(`    lost: file:///no-such-disk/box\n${partner}${vault}`);
    session.push(await shown(folder, columns, 'sync'));
    session.push(await shown(folder, columns, 'sync lots'));
    await configure(`    partner:file:///srv/box\n${vault}`);
    session.push(await shown(folder, columns, 'sync'));
    expectApproved(`terminal/session-${columns}.txt`, `${session.join('\n\n')}\n`);
  });

  test.each([80, 120])('help and init stay within a terminal of %d columns', async (columns) => {
    // Lines break by the length of the path.
    await using folder = await tempFolder('/tmp');
    await mkdir(folder.file('home'));
    await makeDatabase(folder.file('north', 'db'));
    const session = [
      await shown(folder, columns, 'help'),
      await shown(folder, columns, 'help install'),
      await shown(folder, columns, 'init /srv/hub --yes'),
      await shown(folder, columns, `init file://${folder.file('hub')} --name north --yes`),
      await shown(folder, columns, `init file://${folder.file('hub')} --name north --yes`),
    ];
    expectApproved(`terminal/start-${columns}.txt`, `${session.join('\n\n')}\n`);
  });
}
