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
    'thousands of endpoints that no pattern allows',
    `${MODE}federation:\n  allowed-remote-patterns:\n${lines(5_000, (n) => `  - https://h${n}.example/*`)}  peers:\n${lines(5_000, (n) => `    p${n}: file:///srv/${n}`)}`,
    5_000,
  ],
  [
    '1,000 peers, each compared with 1,000 patterns',
    `${MODE}federation:\n  allowed-remote-patterns:\n${lines(1_000, (n) => `  - https://*.h${n}.example/*/*`)}  peers:\n${lines(1_000, (n) => `    p${n}: https://a.h${n}.example/o/d`)}`,
    0,
  ],
  ['200,000 errors of the syntax', ']'.repeat(200_000), 1],
  ['20,000 unknown keys', `${MODE}federation:\n${lines(20_000, (n) => `  k${n}: 1`)}`, 20_000],
  ['50,000 keys of others', lines(50_000, (index) => `k${index}: 1`), 1],
  ['130,000 duplicate keys', lines(130_000, () => 'a: 1'), 129_999],
  ['more than 1 MiB', `# ${'x'.repeat(1024 * 1024)}\n`, 1],
])('%s are read within seconds', async (_, text, problems) => {
  await using folder = await tempFolder();
  await writeFile(folder.file('c.yaml'), text);
  const { result } = await validateIn(folder.path, { overrides: { config: 'c.yaml' } });
  expect(result.problems).toHaveLength(problems);
});

test('comparisons beyond the limit fail for the last peers', async () => {
  await using folder = await tempFolder();
  const patterns = lines(300, (n) => `  - "https://*/${'a'.repeat(1_900)}${n}"`);
  const peers = lines(10, (n) => `    p${n}: https://h/${'b'.repeat(900)}${n}`);
  const written = `${MODE}federation:\n  allowed-remote-patterns:\n${patterns}  - https://*/*\n  peers:\n${peers}`;
  await writeFile(folder.file('c.yaml'), written);
  const { result } = await validateIn(folder.path, { overrides: { config: 'c.yaml' } });
  expect(result.problems.map(({ code }) => code)).toEqual(Array(7).fill('config-invalid'));
  expect(result.problems[0]?.message).toContain('peer p3: the comparison with the allowed patterns takes too long');
});
