import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '../../src/dolt/process.ts';
import { git } from '../helpers/git.ts';
import { type GitDataApi, startGitDataApi } from '../helpers/git-data-api.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/push-dist.mjs', import.meta.url));
const BRANCH = 'dependabot/npm_and_yarn/bundled-1a2b3c';

/** A repository with a branch of Dependabot, whose dist/ is old, and the files that were built for it. */
async function scene(folder: TempFolder): Promise<string> {
  const repository = folder.file('repository');
  await mkdir(folder.file('repository', 'dist'), { recursive: true });
  await git(folder.path, 'init', '--quiet', `--initial-branch=${BRANCH}`, repository);
  for (const name of ['cli.js', 'gone.js']) await writeFile(folder.file('repository', 'dist', name), 'old');
  await writeFile(folder.file('repository', 'README.md'), 'text');
  await git(repository, 'add', '.');
  await git(repository, 'commit', '--quiet', '-m', 'first');
  await mkdir(folder.file('built'));
  for (const name of ['cli.js', 'main.js', 'licenses.txt', 'package.json']) {
    await writeFile(folder.file('built', name), `new ${name}`);
  }
  return repository;
}

interface Asked {
  readonly api: GitDataApi;
  readonly head: string;
  readonly branch?: string;
  readonly token?: string;
}

async function push(folder: TempFolder, { api, head, branch = BRANCH, token = 'secret-token' }: Asked) {
  const env = {
    GITHUB_API_URL: api.url,
    GITHUB_REPOSITORY: 'org/x',
    HEAD_REF: branch,
    HEAD_SHA: head,
    GH_TOKEN: token,
  };
  return await run(process.execPath, [SCRIPT, folder.file('built')], { env });
}

test('dist/ gets the built files in one commit on top of the built commit, and no other file changes', async () => {
  await using folder = await tempFolder();
  const repository = await scene(folder);
  await using api = await startGitDataApi(repository);
  const head = await git(repository, 'rev-parse', BRANCH);
  const { exitCode, stdout, stderr } = await push(folder, { api, head });
  const commit = await git(repository, 'rev-parse', BRANCH);
  expect([exitCode, stdout, stderr]).toEqual([0, `${BRANCH} is now at ${commit}`, '']);
  expect(await git(repository, 'rev-parse', `${commit}^`)).toBe(head);
  expect(await git(repository, 'diff', '--name-status', '--no-renames', head, commit)).toBe(
    ['M\tdist/cli.js', 'D\tdist/gone.js', 'A\tdist/licenses.txt', 'A\tdist/main.js', 'A\tdist/package.json'].join('\n'),
  );
  expect((await git(repository, 'ls-tree', commit, 'dist/cli.js')).split(' ')[0]).toBe('100755');
  expect(await git(repository, 'show', `${commit}:dist/main.js`)).toBe('new main.js');
  expect(await git(repository, 'log', '-1', '--format=%B', commit)).toContain('[dependabot skip]');

  await git(repository, 'commit', '--quiet', '--allow-empty', '-m', 'Dependabot was faster');
  const moved = await git(repository, 'rev-parse', BRANCH);
  const again = await push(folder, { api, head });
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain('answered 422');
  expect(await git(repository, 'rev-parse', BRANCH)).toBe(moved);
});

describe('no push is made', () => {
  let folder: TempFolder;
  let head: string;
  let repository: string;
  beforeEach(async () => {
    folder = await tempFolder();
    repository = await scene(folder);
    head = await git(repository, 'rev-parse', BRANCH);
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });

  test.each([
    [
      'a workflow file',
      (file: string) => mkdir(file, { recursive: true }),
      'workflows',
      '"workflows" is no file of dist/',
    ],
    ['a link', (file: string) => symlink('/etc/passwd', file), 'post.js', '"post.js" is no file of dist/'],
    ['another name', (file: string) => writeFile(file, 'x'), 'Post.sh', '"Post.sh" is no file of dist/'],
    [
      'an endless file',
      async (file: string) => {
        await writeFile(file, 'x');
        await truncate(file, 17 * 1024 * 1024);
      },
      'post.js',
      'more than any file of dist/',
    ],
  ])('for %s', async (_, make, name, message) => {
    await using api = await startGitDataApi(repository);
    await make(folder.file('built', name));
    const { exitCode, stderr } = await push(folder, { api, head });
    expect([exitCode, api.requests]).toEqual([1, []]);
    expect(stderr).toContain(message);
  });

  test('to a branch of another author than Dependabot, or on an invalid commit', async () => {
    await using api = await startGitDataApi(repository);
    for (const branch of ['main', 'dependabot/npm_and_yarn/../../main', 'dependabot/github_actions/x', `${BRANCH}?x`]) {
      expect((await push(folder, { api, head, branch })).stderr).toContain('is no branch of Dependabot for npm');
    }
    expect((await push(folder, { api, head: 'main' })).stderr).toContain('"main" is no commit');
    expect(api.requests).toEqual([]);
    expect((await push(folder, { api, head, token: 'read-only' })).stderr).toContain('answered 403');
  });
});
