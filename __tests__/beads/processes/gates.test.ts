import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { enterGates } from '../../../src/beads/processes/gates.ts';
import { readEnv } from '../../../src/core/env.ts';
import { holdExclusively } from '../../helpers/hold-lock.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder();
  await mkdir(folder.file('.beads', 'embeddeddolt'), { recursive: true });
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

const context = { env: { PATH: readEnv()['PATH'] ?? '' }, signal: new AbortController().signal };
const workspaceGate = () => folder.file('.beads.gate.lock');
const rootGate = () => folder.file('.beads', 'embeddeddolt.gate.lock');
const enter = (env = context.env) =>
  enterGates([folder.file('.beads'), folder.file('.beads', 'embeddeddolt')], { ...context, env }, 0);

test('gates are shared, exclude maintenance, and stay as files', async () => {
  const [one, other] = [await enter(), await enter()];
  for (const file of [workspaceGate(), rootGate()]) {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await expect(holdExclusively(file)).rejects.toThrow();
  }
  await one.leave();
  await expect(holdExclusively(rootGate())).rejects.toThrow();
  await other.leave();
  for (const file of [workspaceGate(), rootGate()]) await (await holdExclusively(file))();
});

test('maintenance of bd stops a run, which then holds no other gate', async () => {
  const end = await holdExclusively(rootGate());
  await writeFile(`${rootGate()}.info`, JSON.stringify({ pid: 17, reason: 'bd migrate\u001b[2J' }));
  try {
    await expect(enter()).rejects.toMatchObject({
      code: 'database-in-use',
      message: expect.stringContaining('bd migrate\\u{1b}[2J (pid 17) maintains this beads workspace'),
      hint: expect.stringContaining('Wait until that command of bd has ended'),
    });
    await (await holdExclusively(workspaceGate()))();
  } finally {
    await end();
  }
  await (await enter()).leave();
});

test('a waiting run continues when maintenance ends', async () => {
  const end = await holdExclusively(workspaceGate());
  const entering = enterGates([folder.file('.beads')], context, 60_000);
  await end();
  await (await entering).leave();
});

test('a gate that cannot be locked does not stop a run, and no other file is created', async () => {
  await using other = await tempFolder();
  await symlink(folder.file('.beads'), other.file('linked'));
  await symlink(other.file('target'), other.file('plain.gate.lock'));
  await mkdir(other.file('plain'));
  const guarded = [other.file('linked'), other.file('plain'), other.file('no', 'such')];
  await (await enterGates(guarded, context, 0)).leave();
  expect((await readdir(other.path)).sort()).toEqual(['linked', 'plain', 'plain.gate.lock']);
  const end = await holdExclusively(workspaceGate());
  await (await enter({ PATH: other.path })).leave();
  await end();
});
