import { chmod, copyFile, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { extractRelease } from '../../src/install/release.ts';
import { answersAsDolt } from '../helpers/installing.ts';
import { PLATFORM, packRelease } from '../helpers/release-archive.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

test('the executable is unpacked', async () => {
  await using folder = await tempFolder();
  const made = await answersAsDolt(folder.file('made'), '2.3.0');
  const { file } = await packRelease(made, folder.path);
  const executable = await extractRelease(file, folder.file('out'), PLATFORM);
  expect(executable).toBe(join(folder.file('out'), ...PLATFORM.executable));
  expect(await readFile(executable)).toEqual(await readFile(made));
  expect((await stat(executable)).mode & 0o111).toBe(0o111);
});

test('an archive with other contents is refused', async () => {
  await using folder = await tempFolder();
  const { file } = await packRelease(await answersAsDolt(folder.file('made'), '2.3.0'), folder.path, ['dolt']);
  const failure = await failureOf(extractRelease(file, folder.file('out'), PLATFORM));
  expect(failure).toMatchObject({
    code: 'dolt-download-failed',
    message: `${PLATFORM.asset} contains no file "${PLATFORM.executable.join('/')}"`,
  });
});

test('a file that is not an archive is refused', async () => {
  await using folder = await tempFolder();
  await writeFile(folder.file('a.tar.gz'), 'nothing of the kind');
  const failure = await failureOf(extractRelease(folder.file('a.tar.gz'), folder.file('out'), PLATFORM));
  expect(failure).toMatchObject({
    code: 'dolt-download-failed',
    message: expect.stringContaining('cannot be unpacked'),
  });
});

test.each(['the executable', 'its folder'])('a link instead of %s is refused, and its target stays', async (linked) => {
  await using folder = await tempFolder();
  const made = folder.file('outside', 'dolt');
  await mkdir(dirname(made));
  await copyFile(await answersAsDolt(folder.file('made'), '2.3.0'), made);
  await chmod(made, 0o644);
  const { file } = await packRelease(made, folder.path, ['unrelated']);
  const place = join(folder.file('out'), ...PLATFORM.executable);
  const [link, target] = linked === 'the executable' ? [place, made] : [dirname(place), dirname(made)];
  await mkdir(dirname(link), { recursive: true });
  await symlink(target, link);
  expect((await failureOf(extractRelease(file, folder.file('out'), PLATFORM))).code).toBe('dolt-download-failed');
  expect((await stat(made)).mode & 0o777).toBe(0o644);
});
