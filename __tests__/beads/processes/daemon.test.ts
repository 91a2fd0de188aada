import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { requireNoDaemon } from '../../../src/beads/processes/daemon.ts';
import { beadsDatabase } from '../../../src/beads/workspace.ts';
import { command } from '../../helpers/commanding.ts';
import { makeDatabase } from '../../helpers/database.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

describe('a bd daemon', () => {
  test.each([
    ['that runs is found', `${process.pid}\n`, '/usr/local/bin/bd daemon start --interval 5s', true],
    ['with an unreadable command line is found', String(process.pid), null, true],
    ['whose id now belongs to another program is not found', String(process.pid), '/usr/bin/node abd.js', false],
    ['that died is not found', '999999999', 'bd daemon', false],
    ['without a note is not found', '', 'bd daemon', false],
    ['with an invalid note is not found', `${process.pid} x`, 'bd daemon', false],
  ])('%s', async (_, text, commandLine, refused) => {
    await using folder = await tempFolder();
    await writeFile(folder.file('daemon.pid'), text);
    const look = requireNoDaemon(folder.path, () => Promise.resolve(commandLine));
    if (!refused) return expect(await look).toBeUndefined();
    await expect(look).rejects.toMatchObject({
      code: 'database-in-use',
      message: expect.stringMatching(/requires direct database access.*bd daemon/),
      hint: expect.stringContaining('bd daemon stop'),
    });
  });

  test('that never ran is not found', async () => {
    await using folder = await tempFolder();
    await expect(requireNoDaemon(folder.path, () => Promise.resolve(null))).resolves.toBeUndefined();
  });

  test('stops a run only in its own workspace', async () => {
    await using folder = await tempFolder();
    const beads = folder.file('.beads');
    await mkdir(beads);
    await writeFile(folder.file('.beads', 'metadata.json'), '{"backend":"dolt","dolt_database":"x"}');
    await makeDatabase(folder.file('.beads', 'embeddeddolt', 'x'));
    await makeDatabase(folder.file('elsewhere'));
    // The shell waits for its input to end; its command line looks like that of a daemon.
    const daemon = execa('/bin/sh', ['-c', 'echo here; read line', 'bd', 'daemon'], { stdin: 'pipe', reject: false });
    await once(daemon.stdout, 'data');
    await writeFile(folder.file('.beads', 'daemon.pid'), String(daemon.pid));
    const request = { overrides: { syncMode: 'dolt-native' }, command: 'status' } as const;
    const peers = `box: file://${folder.file('box')}`;
    try {
      await expect(command(folder, peers, { ...request, database: undefined })).rejects.toMatchObject({
        code: 'database-in-use',
        hint: expect.stringContaining('bd daemon'),
      });
      const other = await command(folder, peers, { ...request, database: 'elsewhere' });
      expect(other.result.peers).toMatchObject([{ state: 'remote-empty' }]);
    } finally {
      daemon.stdin.end();
      await daemon;
    }
  });
});

const NO_REDIRECT = { redirect: null, bdEnv: {} };

describe('a SQLite workspace', () => {
  test.each([
    ['{"backend":"sqlite"}', true],
    ['{"backend":"SQLite","database":"beads.db"}', true],
    ['{"database":"old.db"}', true],
    ['{"database":"other.db"}', false],
    ['{"database":"old.db","dolt_database":"north"}', false],
    ['{"backend":"dolt","database":"old.db"}', false],
    ['{"database":"dolt"}', false],
    ['{}', false],
  ])('%s beside old.db is refused: %s', async (metadata, refused) => {
    await using folder = await tempFolder();
    await writeFile(folder.file('metadata.json'), metadata);
    await writeFile(folder.file('old.db'), 'SQLite format 3');
    const search = { ...NO_REDIRECT, workspace: folder.path, cwd: folder.path, env: {}, userHome: false };
    if (!refused) {
      const path = expect.stringContaining('embeddeddolt');
      return expect(await beadsDatabase(search)).toMatchObject({ kind: 'folder', path });
    }
    await expect(beadsDatabase(search)).rejects.toMatchObject({
      code: 'database-in-use',
      message: expect.stringMatching(/requires direct database access.*SQLite/),
      hint: expect.stringContaining('cross-era upgrades'),
    });
  });
});
