import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { run } from '../../src/dolt/process.ts';
import { digestTableSchema } from '../../src/install/digests.ts';
import { releaseHost, sendsJson } from '../helpers/release-host.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/update-digests.mjs', import.meta.url));
const ASSETS = [
  'darwin-amd64.tar.gz',
  'darwin-arm64.tar.gz',
  'linux-amd64.tar.gz',
  'linux-arm64.tar.gz',
  'windows-amd64.zip',
];
const release = (digit: string, count = ASSETS.length) =>
  sendsJson({
    assets: ASSETS.slice(0, count).map((name) => ({ name: `dolt-${name}`, digest: `sha256:${digit.repeat(64)}` })),
  });

async function update(folder: TempFolder, api: string, ...versions: readonly string[]) {
  const args = [SCRIPT, ...versions, `--output=${folder.file('digests.json')}`];
  return await run(process.execPath, args, { env: { GITHUB_API_URL: api, GITHUB_TOKEN: 'secret' } });
}

const table = async (folder: TempFolder) =>
  digestTableSchema.parse(JSON.parse(await readFile(folder.file('digests.json'), 'utf8')));

test('digests are added in the order of the versions', async () => {
  await using folder = await tempFolder();
  await using host = await releaseHost();
  host.on('/repos/dolthub/dolt/releases/tags/v2.10.0', release('a'));
  host.on('/repos/dolthub/dolt/releases/tags/v2.3.0', release('b'));
  await writeFile(folder.file('digests.json'), '{}\n');
  expect(await update(folder, host.url, '2.10.0', '2.3.0')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(Object.entries(await table(folder)).map(([version, assets]) => [version, Object.keys(assets).length])).toEqual(
    [
      ['2.3.0', 5],
      ['2.10.0', 5],
    ],
  );
  expect(host.seen[0]?.headers.authorization).toBe('Bearer secret');
});

test('an asset that changed or has no digest is refused, and no file is written', async () => {
  await using folder = await tempFolder();
  await using host = await releaseHost();
  const before = `{"2.3.0":{"dolt-linux-amd64.tar.gz":"${'c'.repeat(64)}"}}`;
  await writeFile(folder.file('digests.json'), before);
  host.on('/repos/dolthub/dolt/releases/tags/v2.3.0', release('b'));
  host.on('/repos/dolthub/dolt/releases/tags/v2.4.0', release('b', 4));
  expect((await update(folder, host.url, '2.3.0')).stderr).toContain('has changed since it was pinned');
  expect((await update(folder, host.url, '2.4.0')).stderr).toContain('names no SHA-256 of dolt-windows-amd64.zip');
  expect(await update(folder, host.url, '2.5.0')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('answered 404'),
  });
  expect((await update(folder, host.url, 'latest')).stderr).toContain('"latest" is not a version');
  expect((await update(folder, host.url)).stderr).toContain('Name the versions');
  expect(await readFile(folder.file('digests.json'), 'utf8')).toBe(before);
});
