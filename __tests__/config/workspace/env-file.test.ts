import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { readEnvFile } from '../../../src/config/workspace/env-file.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

async function read(text: string) {
  await using folder = await tempFolder();
  await writeFile(folder.file('.env'), text);
  return await readEnvFile(folder.path);
}

test.each<readonly [string, Readonly<Record<string, string>>]>([
  ['A=1\nB = two \r\nexport C=3', { A: '1', B: 'two', C: '3' }],
  ['A: 1', { A: '1' }],
  ['A:1', {}],
  ['# A=1\n\n=1\nno assignment', {}],
  ['A=1 # comment', { A: '1' }],
  ['A="1 # no comment" # comment', { A: '1 # no comment' }],
  ["A='it\\'s'", { A: "it\\'s" }],
  ['A="a\\b"', { A: 'a\\b' }],
  ['A="1" 2', {}],
  ['A="1', { A: '"1' }],
  ['A=\nB=""', {}],
])('the variables are read from %j', async (text, expected) => {
  expect(await read(text)).toEqual(expected);
});

test('a variable of beads that refers to another one is refused', async () => {
  await expect(read('X=1\nBEADS_DIR=$HOME/x')).rejects.toMatchObject({
    code: 'config-invalid',
    location: { line: 2 },
  });
});

test.each([
  ['spaces', (n: number) => `A=${' '.repeat(n)}#\u2028`],
  ['spaces before the name', (n: number) => `${' '.repeat(n)}A\u2028`],
  ['backslashes', (n: number) => `A='${'\\'.repeat(n)}`],
  ['spaces after the name', (n: number) => `A${' '.repeat(n)}!`],
])('%s take linear time', async (_, text) => {
  const started = process.cpuUsage();
  await read(text(500_000));
  const { user } = process.cpuUsage(started);
  expect(user).toBeLessThan(2_000_000);
});
