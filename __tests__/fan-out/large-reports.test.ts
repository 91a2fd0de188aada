import { truncate } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { many } from '../helpers/large.ts';
import { leg, put, ran } from '../helpers/report-command.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

test('a file with millions of errors is refused at the first error', async () => {
  await using folder = await tempFolder();
  const { peers: _, ...rest } = leg(2);
  const opening = JSON.stringify(rest).replace(/\}$/, '');
  const numbers = (count: number) => `${'0,'.repeat(count - 1)}0`;
  await put(folder, {
    'ok.json': leg(1),
    'short.json': `${opening},"peers":[${numbers(90_000)}]}`,
    'long.json': `${opening},"peers":[${numbers(10_000_000)}]}`,
  });
  const { exitCode, text } = await ran(folder, ['ok.json', 'short.json', 'long.json']);
  expect(exitCode).toBe(2);
  expect(text).toContain('short.json is not a result that this version can read: peers.0: Invalid input');
  expect(text).toContain('long.json is not a result that this version can read: peers: a list of 10000000 entries');
});

test('a file that does not fit into memory beside the others is not read', async () => {
  await using folder = await tempFolder();
  const names = many(3, (index) => `r${index}.json`);
  await put(folder, { ...Object.fromEntries(names.map((name) => [name, ''])), 's.json': leg(1) });
  for (const name of names) await truncate(folder.file(name), 60 * 1024 * 1024);
  const { exitCode, json } = await ran(folder, [...names, 's.json']);
  expect(exitCode).toBe(2);
  const refused = json.problems.filter(({ message }) => message.includes('together are larger than 128 MiB'));
  expect(refused).toMatchObject([{ code: 'result-invalid', file: folder.file('r2.json') }]);
  // A small one still fits.
  expect(json.runs).toMatchObject([{ legs: [{ file: 's.json' }] }]);
});

test('more files than a report combines are refused before a file is read', async () => {
  await using folder = await tempFolder();
  await put(folder, Object.fromEntries(many(2_001, (index) => [`many/${index}.json`, ''])));
  expect(await failureOf(async () => await ran(folder, ['many']))).toMatchObject({
    code: 'no-results',
    message: expect.stringContaining('at most 2000'),
  });
});
