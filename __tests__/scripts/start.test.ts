import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** A checkout with only the script. */
async function checkout(folder: TempFolder) {
  await mkdir(folder.file('scripts'));
  await copyFile('scripts/start.mjs', folder.file('scripts', 'start.mjs'));
  return (...args: string[]) =>
    execa(process.execPath, [folder.file('scripts', 'start.mjs'), ...args], { reject: false });
}

describe('npm start', () => {
  test('runs the demo of the bundle with any available Dolt, and passes arguments on', async () => {
    await using folder = await tempFolder();
    const start = await checkout(folder);
    await mkdir(folder.file('dist'));
    await writeFile(folder.file('dist', 'cli.js'), 'console.log(JSON.stringify(process.argv.slice(1)));');
    const { stdout } = await start('--json', '--quiet');
    const words = ['demo', '--dolt-source', 'auto', '--json', '--quiet'];
    expect(JSON.parse(stdout)).toEqual([folder.file('dist', 'cli.js'), ...words]);
  });

  test('explains how to build a missing bundle', async () => {
    await using folder = await tempFolder();
    const result = await (await checkout(folder))();
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toContain('npm run build');
  });
});
