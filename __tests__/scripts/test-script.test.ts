import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { type Env, readEnv } from '../../src/core/env.ts';
import { run } from '../../src/dolt/process.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/test.mjs', import.meta.url));

/** Runs the script on some test files, which need no program. */
async function runOn(files: Readonly<Record<string, string>>, env: Env = {}) {
  await using folder = await tempFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(folder.file(name), content);
  const config = JSON.stringify({ rootDir: folder.path, testMatch: ['**/*.test.ts'], transform: {} });
  return await run(process.execPath, [SCRIPT, '--config', config], { env: { ...readEnv(), ...env } });
}

async function lastLine(files: Readonly<Record<string, string>>): Promise<readonly [number, string | undefined]> {
  const { exitCode, stdout } = await runOn(files);
  return [exitCode, stdout.trimEnd().split('\n').at(-1)];
}

const PASSES = 'test("a", () => {});';
const FAILS = 'test("b", () => { throw new Error("no"); });';

test('the last line counts passed and failed tests, and the exit code agrees', async () => {
  expect(await lastLine({ 'a.test.ts': PASSES })).toEqual([0, '1 passed, 0 failed']);
  expect(await lastLine({ 'a.test.ts': PASSES, 'b.test.ts': `${PASSES}${FAILS}` })).toEqual([1, '2 passed, 1 failed']);
});

test('a file that cannot run counts as failed', async () => {
  expect(await lastLine({ 'a.test.ts': PASSES, 'b.test.ts': 'this is not a program' })).toEqual([
    1,
    '1 passed, 1 failed',
  ]);
});

test('a run without tests fails', async () => {
  const [exitCode, line] = await lastLine({});
  expect([exitCode, line]).toEqual([1, '0 passed, 0 failed']);
});

test('the tests get a random seed, which is printed, and a temporary folder in memory if there is room', async () => {
  const shown = '[process.env.DOLT_FEDERATION_SEED, "in", process.env.TMPDIR, ""].join(" ")';
  const print = `test("a", () => void process.stderr.write(${shown}));`;
  const { stderr } = await runOn({ 'a.test.ts': print }, { DOLT_FEDERATION_SEED: 'random', TMPDIR: '' });
  const seed = /DOLT_FEDERATION_SEED=(\d+)/.exec(stderr)?.[1] ?? 'none';
  const place = new RegExp(`\\b${seed} in (/dev/shm/df-\\w+|) `).exec(stderr)?.[1];
  expect(place).toBeDefined();
  expect(existsSync(place ?? '')).toBe(false);
});

test.each(['/no/such/dolt', 'dolt'])('a missing Dolt stops the script: %s', async (dolt) => {
  const env = { ...readEnv(), DOLT_FEDERATION_TEST_DOLT: dolt };
  const { exitCode, stdout, stderr } = await run(process.execPath, [SCRIPT], { env });
  expect([exitCode, stdout]).toEqual([1, '0 passed, 1 failed']);
  expect(stderr).toBe(`DOLT_FEDERATION_TEST_DOLT names no file: "${dolt}"`);
});

test('the remote server cannot be built without Go, and this is reported', async () => {
  await using folder = await tempFolder();
  const env = { DOLT_FEDERATION_TEST_DOLT: process.execPath, PATH: folder.path, XDG_CACHE_HOME: folder.path };
  const { exitCode, stderr } = await run(process.execPath, [SCRIPT], { env });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('The tests need remotesrv, which is built from source: no Go was found on PATH');
});
