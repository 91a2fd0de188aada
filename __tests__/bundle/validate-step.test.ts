import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { CLI } from '../helpers/bundled-cli.ts';
import { COMPILE_CACHE, childNode } from '../helpers/child-node.ts';
import { cliInProcess } from '../helpers/cli-in-process.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const FORK = {
  name: 'pull_request',
  ref: 'refs/pull/7/merge',
  payload: { repository: { default_branch: 'main', visibility: 'public', private: false } },
};

test('a pull request of a fork gets every problem on its line and as SARIF', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  await mkdir(join(runner.workspace, '.beads'));
  const config = join(runner.workspace, '.beads', 'config.yaml');
  const peers = Array.from({ length: 12 }, (_, index) => `    p${index}: org/repo\n`).join('');
  await writeFile(config, `sync: {mode: dolt-native}\nfederation:\n  peers:\n${peers}`);

  const refused = await runner.main({ event: FORK, action: 'validate/action.yml' });
  expect(refused.exitCode).toBe(2);
  expect(refused.outputs['status']).toBe('failed');
  expect(validated('validate', refused.outputs['result'] ?? '')).toMatchObject({ status: 'invalid' });
  const sarif = JSON.parse(await readFile(refused.outputs['sarif-path'] ?? '', 'utf8'));
  expect(sarif.runs[0].results).toHaveLength(12);
  const onLines = refused.commands.filter(({ properties }) => properties['file'] === '.beads/config.yaml');
  expect(onLines.map(({ properties }) => properties['line'])).toEqual(
    Array.from({ length: 10 }, (_, index) => String(index + 4)),
  );
  expect(refused.commands.some(({ message }) => message.includes('and 2 more problems'))).toBe(true);
  expect(refused.summary).toContain('12 errors');

  await writeFile(config, 'sync: {mode: dolt-native}\nfederation: {remote: file:///srv/a}\n');
  const accepted = await runner.main({ event: FORK, action: 'validate/action.yml' });
  expect(accepted).toMatchObject({ exitCode: 0, outputs: { status: 'success' } });
  // The payload names no commit to compare with.
  expect(accepted.commands.filter(({ command }) => ['error', 'warning'].includes(command))).toMatchObject([
    { command: 'warning', properties: { title: 'base-unreadable' } },
  ]);
});

describe('the validate command', () => {
  test.each([
    ['sync: {mode: dolt-native}\nfederation: {remote: file:///srv/a}\n', 0],
    ['federation: {remote: [}\n', 2],
    ['federation: {remote: x}\n', 2],
    [`a: ${'['.repeat(100_000)}\n`, 2],
    ['\uFEFFfederation:\n\tremote: x\n', 2],
  ])('exits with 0 or 2: %.30j', async (text, exitCode) => {
    await using folder = await tempFolder();
    await writeFile(folder.file('c.yaml'), text);
    const words = ['validate', '--config', 'c.yaml', '--format', 'sarif'];
    const ended = await cliInProcess(words, { cwd: folder.path, env: { PATH: '/nowhere', HOME: folder.path } });
    expect(ended.exitCode).toBe(exitCode);
    expect(JSON.parse(ended.stdout)).toMatchObject({ version: '2.1.0' });
  });

  test('checks 1,000 peers in little more time than --version takes', async () => {
    await using folder = await tempFolder();
    const peers = Array.from({ length: 1_000 }, (_, index) => `    p${index}: https://h${index}.example/o/d\n`);
    await writeFile(folder.file('c.yaml'), `sync: {mode: dolt-native}\nfederation:\n  peers:\n${peers.join('')}`);
    const timed = async (...args: readonly string[]) => {
      const started = performance.now();
      await execa(childNode(), [CLI, ...args], { cwd: folder.path, env: COMPILE_CACHE });
      return performance.now() - started;
    };
    const ratio = async () => {
      const version = await timed('--version');
      return (await timed('validate', '--config', 'c.yaml')) / (1.5 * version + 100);
    };
    // `npm run bench:validate` measures it; another process may slow down each round of this test.
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3 && least >= 2; round += 1) least = Math.min(least, await ratio());
    expect(least).toBeLessThan(2);
  });
});
