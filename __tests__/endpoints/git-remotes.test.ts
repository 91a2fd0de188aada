import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { makeDatabase } from '../helpers/database.ts';
import { git } from '../helpers/git.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test("two peers use their own refs of one repository, and the user's hooks and templates do not run", async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const head = await local.head();
  const repository = await bareRepository(folder.file('far.git'), { withBranch: true });
  for (const hooks of [folder.file('home', 'hooks'), folder.file('home', 'template', 'hooks')]) {
    await mkdir(hooks, { recursive: true });
    const script = `#!/bin/sh\necho "$0" >> '${folder.file('hooked')}'\nexit 1\n`;
    await writeFile(`${hooks}/pre-push`, script, { mode: 0o755 });
  }
  const settings = `[core]\n\thooksPath = ${folder.file('home', 'hooks')}\n[init]\n\ttemplateDir = ${folder.file('home', 'template')}\n`;
  await writeFile(folder.file('home', '.gitconfig'), settings);

  const endpoint = `git+file://${repository.path}`;
  const peers = { a: { endpoint, ref: 'refs/dolt/a' }, b: { endpoint, ref: 'refs/dolt/b' } };
  const { result } = await command(folder, stringify(peers), { userHome: true, env: { HOME: folder.file('home') } });
  expect(result.peers).toMatchObject([
    { name: 'a', status: 'pushed', verified: true, remoteHead: head },
    { name: 'b', status: 'pushed', verified: true, remoteHead: head },
  ]);
  // No __dolt_remote_info__ among them.
  expect(await repository.refs()).toEqual(['refs/dolt/a', 'refs/dolt/b', 'refs/heads/main']);
  await expect(stat(folder.file('hooked'))).rejects.toThrow('ENOENT');
});

/** Replaces the data ref of a bare repository by another object, from a folder with a file. */
type Shape = (repository: string, work: string) => Promise<unknown>;

const push = async (repository: string, work: string, file: string, text = 'x'): Promise<void> => {
  await git(work, 'init', '--quiet');
  await mkdir(dirname(join(work, file)), { recursive: true });
  await writeFile(join(work, file), text);
  await git(work, 'add', '--all');
  await git(work, 'commit', '--quiet', '-m', file);
  await git(work, 'push', '--quiet', repository, 'HEAD:refs/dolt/data');
};
/** Names of more than 16 MiB in one tree. */
const pushNames = async (repository: string, work: string): Promise<void> => {
  const blob = await git(repository, 'hash-object', '-t', 'blob', '-w', '--', '/dev/null');
  const id = Buffer.from(blob, 'hex');
  const entries = Array.from({ length: 4_200 }, (_, index) => [
    Buffer.from(`100644 ${String(index).padStart(4_000, '0')}\0`),
    id,
  ]);
  await writeFile(join(work, 'tree'), Buffer.concat(entries.flat()));
  const tree = await git(repository, 'hash-object', '-t', 'tree', '-w', '--', join(work, 'tree'));
  await git(repository, 'update-ref', 'refs/dolt/data', await git(repository, 'commit-tree', '-m', 'x', tree));
};
const SOME_HASH = 'a'.repeat(32);
const MANIFEST_OUTSIDE = `5:__DOLT__:${SOME_HASH}:${SOME_HASH}:${SOME_HASH}:../../../../etc/passwd:1`;
const SHAPES: Readonly<Record<string, readonly [shape: Shape, code: string | null, says: string]>> = {
  tag: [
    async (repository) => {
      await git(repository, 'tag', '-a', '-m', 'x', 'v1', 'main');
      await git(repository, 'update-ref', 'refs/dolt/data', 'refs/tags/v1');
    },
    'not-a-remote',
    'the git repository of tag has a tag object at refs/dolt/data, which Dolt cannot replace',
  ],
  code: [
    (repository, work) => push(repository, work, 'src/a.ts'),
    'not-a-remote',
    'the git repository of code has src at refs/dolt/data, and no data of Dolt',
  ],
  names: [pushNames, 'too-large', 'git was ended because it wrote more than 16384 KiB'],
  folder: [(repository, work) => push(repository, work, 'manifest/x'), 'corrupt', 'invalid part name'],
  branch: [
    (repository) => git(repository, 'update-ref', 'refs/heads/refs/dolt/data', 'main'),
    'not-a-remote',
    'has a ref refs/heads/refs/dolt/data, which git cannot distinguish from refs/dolt/data in a push',
  ],
  'short-tag': [
    async (repository) => {
      await git(repository, 'update-ref', 'refs/dolt/data', 'main');
      await git(repository, 'tag', 'refs/dolt/data', 'main');
    },
    'not-a-remote',
    'has a ref refs/tags/refs/dolt/data, which git',
  ],
  outside: [
    (repository, work) => push(repository, work, 'manifest', MANIFEST_OUTSIDE),
    'corrupt',
    'invalid table file name',
  ],
  loop: [
    (repository) => git(repository, 'symbolic-ref', 'refs/dolt/data', 'refs/dolt/data'),
    'not-a-remote',
    'refusing update to broken symref',
  ],
  below: [
    (repository) => git(repository, 'update-ref', 'refs/dolt/data/x', 'main'),
    'not-a-remote',
    "'refs/dolt/data/x' exists; cannot create 'refs/dolt/data'",
  ],
  nothing: [(repository) => git(repository, 'update-ref', 'refs/dolt/data', 'main'), null, ''],
};

test('a data ref with other contents is refused at once and unchanged, and the other peers are served', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const repositories: Record<string, string> = {};
  for (const [name, [shape]] of Object.entries(SHAPES)) {
    const { path } = await bareRepository(folder.file(`${name}.git`), { withBranch: true });
    await mkdir(folder.file('work', name), { recursive: true });
    await shape(path, folder.file('work', name));
    repositories[name] = path;
  }
  const refs = () =>
    Promise.all(Object.entries(repositories).map(async ([name, path]) => [name, await git(path, 'show-ref')] as const));
  const before = new Map(await refs());
  const peers = Object.fromEntries(Object.entries(repositories).map(([name, path]) => [name, `git+file://${path}`]));
  const { result } = await command(folder, stringify({ ...peers, box: `file://${folder.file('box')}` }));
  const found = new Map(result.peers.map((peer) => [peer.name, peer]));
  for (const [name, [, code, says]] of Object.entries(SHAPES)) {
    const { error, verified, attempts } = found.get(name) ?? {};
    expect([name, error?.code ?? null, verified, attempts]).toEqual([name, code, code === null, 1]);
    expect(error?.message ?? '').toContain(says);
  }
  expect(found.get('box')).toMatchObject({ verified: true });
  expect(found.get('folder')?.error).toMatchObject({
    message: expect.stringContaining('folder has damaged data, or sends something else'),
    hint: expect.stringContaining('Check what the endpoint serves.'),
  });
  for (const [name, now] of await refs()) expect([name, now === before.get(name)]).toEqual([name, name !== 'nothing']);

  // The data of one peer is to be replaced, and its ref becomes a tag object of the data.
  const { nothing = '' } = repositories;
  const lease = await local.head();
  await git(nothing, 'tag', '-a', '-m', 'x', 'data', 'refs/dolt/data');
  await git(nothing, 'update-ref', 'refs/dolt/data', 'refs/tags/data');
  const untouched = await files(nothing);
  await local.sql("CALL DOLT_COMMIT('--amend', '-m', 'another')");
  const replacing = await command(folder, `nothing: git+file://${nothing}`, {
    command: 'push',
    leases: new Map([['nothing', lease]]),
  });
  expect(replacing.result.peers).toMatchObject([{ status: 'failed', error: { code: 'not-a-remote' } }]);
  expect(await files(nothing)).toEqual(untouched);
  expect(await local.rows('SELECT tag_name FROM dolt_tags')).toEqual([]);
});

/** All files of a repository, and so all of its refs and objects. */
async function files(repository: string): Promise<string[]> {
  return (await readdir(repository, { recursive: true })).toSorted();
}
