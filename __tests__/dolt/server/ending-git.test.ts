import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readEnv } from '../../../src/core/env.ts';
import { removeGitLocks } from '../../../src/dolt/server/git-locks.ts';
import { descendantsOf, ENGINE_MARK } from '../../../src/dolt/server/processes.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

/** As git: it ends on SIGTERM, and removes its lock first. */
const GIT = `trap 'rm config.lock; exit' TERM; : > config.lock; echo locked; while :; do sleep 0.05; done`;

test('a program of an engine removes its lock files before it ends', async () => {
  await using folder = await tempFolder();
  await writeFile(folder.file('git'), GIT);
  const env = { PATH: readEnv()['PATH'] ?? '', [ENGINE_MARK]: folder.path };
  const engine = execa('sh', ['-c', 'sh ./git & wait'], { cwd: folder.path, env, extendEnv: false, reject: false });
  await once(engine.stdout, 'data');
  const end = await descendantsOf({ pid: engine.pid ?? 0, mark: folder.path });
  engine.kill('SIGKILL');
  await end();
  await engine;
  expect(await readdir(folder.path)).toEqual(['git']);
});

test('the lock files of a killed git are removed from the repositories of Dolt, and nothing else', async () => {
  await using folder = await tempFolder();
  await removeGitLocks(folder.path);
  const repository = folder.file('.dolt', 'git-remote-cache', 'a1', 'repo.git');
  await mkdir(`${repository}/refs/dolt`, { recursive: true });
  for (const name of ['info', 'pack.lock']) await mkdir(`${repository}/objects/${name}`, { recursive: true });
  const files = ['.dolt-gc.lock', 'config', 'config.lock', 'refs/dolt/data', 'refs/dolt/data.lock'];
  for (const file of [...files, 'objects/info/commit-graph.lock']) await writeFile(`${repository}/${file}`, '');
  await removeGitLocks(folder.path);
  const left = await readdir(repository, { recursive: true });
  const folders = ['objects', 'objects/info', 'objects/pack.lock', 'refs', 'refs/dolt'];
  expect(left.sort()).toEqual(['.dolt-gc.lock', 'config', ...folders, 'refs/dolt/data']);
});
