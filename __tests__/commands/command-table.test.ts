import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { PLAIN_STYLE } from '../../src/report/text/table.ts';
import { parsed, prepared } from '../helpers/command-line.ts';
import { commandContext } from '../helpers/configuring.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** Runs a command line in a folder. */
async function ran(folder: TempFolder, line: string) {
  const argv = line.split(' ');
  const { exitCode, rendered } = await prepared(argv).run(commandContext(folder.path));
  return { exitCode, json: rendered.json, text: rendered.text({ ...PLAIN_STYLE, ...parsed(argv).display }) };
}

test('commands without a database report their results as text and as JSON', async () => {
  await using folder = await tempFolder();
  const file = folder.file('.beads/config.yaml');
  const added = await ran(folder, 'add-peer b file:///srv/b');
  expect(added).toEqual({
    exitCode: 0,
    json: { name: 'b', endpoint: 'file:///srv/b', status: 'added' },
    text: `added peer b (file:///srv/b) to ${file}\n`,
  });
  expect(await ran(folder, 'list-peers')).toEqual({
    exitCode: 0,
    json: [{ name: 'b', endpoint: 'file:///srv/b', role: 'peer', tier: 'T1' }],
    text: 'b  file:///srv/b  peer  T1\n',
  });
  const mode = { key: 'sync.mode', value: 'dolt-native', origin: `file:${file}:2:3` };
  expect(await ran(folder, 'config get sync.mode')).toEqual({ exitCode: 0, json: mode, text: 'dolt-native\n' });
  expect((await ran(folder, 'config get sync.mode --show-origin')).text).toBe(`file:${file}:2:3  dolt-native\n`);
  const all = await ran(folder, 'config list');
  expect(all.json).toContainEqual(mode);
  expect(all.text).toContain('sync.mode = dolt-native\n');
  expect((await ran(folder, 'config list --show-origin')).text).toMatch(/^default +federation\.sovereignty = T1$/m);
  expect(await ran(folder, 'remove-peer b')).toMatchObject({
    json: { name: 'b', status: 'removed' },
    text: `removed peer b from ${file}\n`,
  });
  expect(await ran(folder, 'list-peers')).toMatchObject({
    json: [],
    text: expect.stringMatching(/^no peers configured; add one with/),
  });
});

test('a failed command throws an error without the secrets of the job', async () => {
  await using folder = await tempFolder();
  await writeFile(folder.file('c.yaml'), 'federation: {remote: "s3cret-of-the-job"}\n');
  const context = commandContext(folder.path, { env: { AWS_SECRET_ACCESS_KEY: 's3cret-of-the-job' } });
  const running = prepared(['list-peers', '--config', 'c.yaml']).run(context);
  await expect(running).rejects.toMatchObject({ message: expect.not.stringContaining('s3cret-of-the-job') });
});
