import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { lines } from '../../helpers/large.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';
import { validateIn } from '../../helpers/validating.ts';

const MODE = 'sync: {mode: dolt-native}\n';

test.each([
  ['10,000 peers', `${MODE}federation:\n  peers:\n${lines(10_000, (n) => `    p${n}: https://h${n}.example/o/d`)}`, 0],
  [
    '10,000 flat peers',
    `sync.mode: dolt-native\n${lines(10_000, (n) => `federation.peers.p${n}: https://h${n}.example/o/d`)}`,
    0,
  ],
  [
    'thousands of peers and patterns',
    `${MODE}federation:\n  allowed-remote-patterns:\n${lines(5_000, (n) => `  - https://h${n}.example/*/*`)}  peers:\n${lines(5_000, (n) => `    p${n}: https://h${n}.example/o/d`)}`,
    0,
  ],
  [
    'thousands of endpoints that are not allowed',
    `${MODE}federation:\n  allowed-remote-patterns:\n${lines(5_000, (n) => `  - https://h${n}.example/*`)}  peers:\n${lines(5_000, (n) => `    p${n}: file:///srv/${n}`)}`,
    5_000,
  ],
  ['50,000 keys of others', lines(50_000, (index) => `k${index}: 1`), 1],
  ['130,000 duplicate keys', lines(130_000, () => 'a: 1'), 129_999],
  ['more than 1 MiB', `# ${'x'.repeat(1024 * 1024)}\n`, 1],
])('%s are read in seconds', async (_, text, problems) => {
  await using folder = await tempFolder();
  await writeFile(folder.file('c.yaml'), text);
  const { result } = await validateIn(folder.path, { overrides: { config: 'c.yaml' } });
  expect(result.problems).toHaveLength(problems);
});
