import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { commandLine, userEnvironment } from '../helpers/bundled-cli.ts';
import { makeDatabase, remoteHead } from '../helpers/database.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** The kinds of broken output of a run, and the exit code for each. */
const READERS = [
  ['a reader that closes after one line', '"$@" --verbose 2>&1 | head -n 1 >/dev/null; exit $PIPESTATUS', 0],
  ['a reader that reads nothing', '"$@" --verbose 2>&1 | true; exit $PIPESTATUS', 0],
  ['two closed outputs', '"$@" >&- 2>&-', 0],
  ['a full disk', '"$@" >/dev/full 2>/dev/full', 1],
] as const;

test.each(READERS)('%s does not stop a run', async (_, line, exitCode) => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const words = await commandLine(folder, 'sync', { box: `file://${folder.file('box')}` });
  const ended = await execa('/bin/bash', ['-c', line, 'bash', process.execPath, ...words], {
    ...{ cwd: folder.path, env: userEnvironment(folder), extendEnv: false, reject: false },
  });
  expect(ended.exitCode).toBe(exitCode);
  expect(await remoteHead(`file://${folder.file('box')}`, folder.file('look', 'local'))).toBe(await local.head());
});
