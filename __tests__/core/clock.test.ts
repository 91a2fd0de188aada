import { readFile } from 'node:fs/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { monotonicMs } from '../../src/core/time.ts';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { sources } from '../helpers/source-tree.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

test('a jump of the wall clock changes no duration and reaches no time limit', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const year = 365 * 24 * 3_600_000;
  let jumps = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => {
    jumps += 1;
    return jumps % 2 === 0 ? jumps * year : 0;
  });
  const before = monotonicMs();
  const { result } = await command(folder, `box: file://${folder.file('box')}`);
  const passed = monotonicMs() - before;
  expect(result).toMatchObject({ status: 'success' });
  for (const each of [result, ...result.peers]) {
    expect(each.durationMs).toBeGreaterThan(0);
    expect(each.durationMs).toBeLessThanOrEqual(passed);
  }
});

/** Compare dates of commits, of files, of runs, of proofs and of issues with the date of today. */
const CALENDAR = [
  'src/backup/rotation.ts',
  'src/core/files.ts',
  'src/core/run-mark.ts',
  'src/sync/tags.ts',
  'src/commands/backup/record-backups.ts',
  'src/commands/outcome/record.ts',
  'src/frontends/action/alarm.ts',
  'src/github/alarm/issues.ts',
  'src/sync/incoming/check-peers.ts',
];

test('no source measures durations by the wall clock', async () => {
  const users: string[] = [];
  for (const { path } of sources('src')) {
    if (/\bDate\.now\b|\bgetTime\(\)/.test(await readFile(path, 'utf8'))) users.push(path);
  }
  expect(users).toEqual(CALENDAR);
});
