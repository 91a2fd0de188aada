import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { doltEnvironment, preparePrivateRoot } from '../../src/dolt/environment.ts';
import { checkDatabase } from '../../src/dolt/fsck.ts';
import { startServer } from '../../src/dolt/process.ts';
import { watchPrograms } from '../../src/dolt/server/memory.ts';
import { ENGINE_MARK } from '../../src/dolt/server/processes.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { addExpandingArchive } from '../helpers/expanding-archive.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const MIB = 1024 * 1024;
const SLEEP = 'setInterval(() => {}, 1000);';
/** Holds memory as git holds the refs that a server names without an end, but not so much that the system ends it. */
const GROW = `const held = []; setInterval(() => { if (held.length < 20) held.push(Buffer.alloc(${32 * MIB}, 1)); }, 20);`;

const start = (script: string, mark: string) => {
  const child = startServer(process.execPath, ['-e', script], { env: { [ENGINE_MARK]: mark }, cwd: '/' });
  child.all.resume();
  return child;
};

test('a program of an engine that exceeds the limit is ended, but no other process', async () => {
  if (process.platform !== 'linux') return expect(watchPrograms).toBeDefined();
  const mark = `program-memory-${process.pid}`;
  const [engine, program, small, other] = [SLEEP, GROW, SLEEP, SLEEP].map((script, index) =>
    start(script, index === 3 ? `${mark}-other` : mark),
  );
  if (engine === undefined || program === undefined || small === undefined || other === undefined) throw new Error();
  try {
    watchPrograms(engine, mark, 400 * MIB);
    const [, signal] = await once(program, 'exit');
    expect(signal).toBe('SIGKILL');
    expect([engine, small, other].map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([
      null,
      null,
      null,
    ]);
  } finally {
    for (const child of [engine, program, small, other]) child.kill('SIGKILL');
  }
});

test('`dolt fsck` is ended when a small archive expands beyond the limit, and finds no damage then', async () => {
  await using folder = await tempFolder();
  const { path } = await makeDatabase(folder.file('database'));
  const root = await preparePrivateRoot(folder.path);
  const env = doltEnvironment(readEnv(), root, { privateDir: folder.path, userHome: false });
  const context = { env, signal: new AbortController().signal, secrets: new Secrets() };
  const check = () => checkDatabase({ dolt: testDolt(), folder: path }, context, 256 * MIB);
  await check();
  await addExpandingArchive(`${path}/.dolt/noms`, 1024 * MIB);
  if (process.platform !== 'linux') return;
  await expect(check()).rejects.toMatchObject({
    code: 'too-large',
    message: '`dolt fsck` used more than 256 MiB of memory and was stopped',
  });
});
