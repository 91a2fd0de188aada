import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { run } from '../../src/dolt/process.ts';
import { git } from '../helpers/git.ts';
import { serverProgram } from '../helpers/servers/server-program.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/release-version.mjs', import.meta.url));
const PIN = 'uses: OWNER/dolt-federation@COMMIT # v0.1.0';

/** A checkout with the changelog of version 0.1.0. */
async function checkout(folder: TempFolder): Promise<void> {
  const manifest = JSON.stringify({ name: 'dolt-federation', version: '0.1.0' });
  await mkdir(folder.file('.changeset'));
  await mkdir(folder.file('docs', 'recipes'), { recursive: true });
  await writeFile(folder.file('.changeset', 'config.json'), await readFile('.changeset/config.json', 'utf8'));
  await writeFile(folder.file('package.json'), manifest);
  await writeFile(
    folder.file('package-lock.json'),
    JSON.stringify({ version: '0.1.0', packages: { '': { version: '0.1.0' } } }),
  );
  await writeFile(folder.file('CHANGELOG.md'), '# dolt-federation\n\n## 0.1.0\n\n### Minor Changes\n\n- First.\n');
  await writeFile(folder.file('README.md'), `- ${PIN}\n- uses: actions/checkout@v6 # v0.1.0\n`);
  await writeFile(
    folder.file('docs', 'recipes', 'sync.yml'),
    `  ${PIN}\n  uses: OWNER/dolt-federation/setup@COMMIT # v0.1.0\n`,
  );
  await git(folder.path, 'init', '--quiet', '--initial-branch=main');
  await git(folder.path, 'add', '.');
  await git(folder.path, 'commit', '--quiet', '-m', 'first');
}

const raise = async (node: string, folder: TempFolder) =>
  await run(node, [SCRIPT, folder.path], { env: { PATH: readEnv()['PATH'] ?? '', HOME: folder.path } });

test('unreleased changes become the entry of the next version, which is then named everywhere', async () => {
  await using folder = await tempFolder();
  await checkout(folder);
  const node = serverProgram('NODE_24');
  const nothing = await raise(node, folder);
  expect([nothing.exitCode, nothing.stdout]).toEqual([1, '']);
  expect(nothing.stderr).toContain('No unreleased changesets found.');

  await writeFile(folder.file('.changeset', 'a.md'), '---\n"dolt-federation": minor\n---\n\nPeers in a bucket.\n');
  await writeFile(folder.file('.changeset', 'b.md'), '---\n"dolt-federation": patch\n---\n\nA clearer error.\n');
  expect(await raise(node, folder)).toMatchObject({ exitCode: 0, stdout: '0.2.0' });
  const read = async (...path: readonly string[]) => await readFile(folder.file(...path), 'utf8');
  expect(JSON.parse(await read('package.json'))).toEqual({ name: 'dolt-federation', version: '0.2.0' });
  expect(JSON.parse(await read('package-lock.json'))).toEqual({
    version: '0.2.0',
    packages: { '': { version: '0.2.0' } },
  });
  const changelog = (await read('CHANGELOG.md')).split('## 0.1.0')[0] ?? '';
  expect(changelog).toContain('## 0.2.0\n\n### Minor Changes\n');
  expect(changelog).toContain('Peers in a bucket.');
  expect(changelog).toContain('### Patch Changes\n');
  expect(await read('README.md')).toBe(`- ${PIN.replace('0.1.0', '0.2.0')}\n- uses: actions/checkout@v6 # v0.1.0\n`);
  expect((await read('docs', 'recipes', 'sync.yml')).match(/v0\.2\.0/g)).toHaveLength(2);
  expect(await git(folder.path, 'status', '--porcelain', '.changeset')).toBe('');
});

// Other machines have no older Node.
if (process.platform === 'linux') {
  test('an older Node version is named', async () => {
    await using folder = await tempFolder();
    await checkout(folder);
    const { exitCode, stderr } = await raise(serverProgram('NODE_20'), folder);
    expect([exitCode, stderr]).toEqual([1, 'Changesets needs Node 22 or newer, and this is v20.5.1']);
  });
}
