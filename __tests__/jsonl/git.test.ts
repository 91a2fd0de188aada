import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { commitJsonl } from '../../src/commands/outcome/jsonl-file.ts';
import { type Env, readEnv } from '../../src/core/env.ts';
import { Failure } from '../../src/core/failure.ts';
import { commandContext } from '../helpers/configuring.ts';
import { git as runGit } from '../helpers/git.ts';
import { type GitHttp, startGitHttp } from '../helpers/servers/git-http.ts';
import { startGithubApi } from '../helpers/servers/github-api.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const TOKEN = 'ghs_0123456789abcdef';
const AUTHOR = { name: 'Ann', email: 'ann@example.org' };

/** Runs git as Bob, with the token in its settings, as a checkout step leaves it. */
function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const header = `Authorization: Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`;
  const settings = [
    'user.name=Bob',
    'user.email=bob@example.org',
    `http.extraheader=${header}`,
    'init.defaultBranch=main',
  ];
  return runGit(cwd, ...settings.flatMap((setting) => ['-c', setting]), ...args);
}

interface Scene {
  readonly host: GitHttp;
  /** The repository of the host. */
  readonly bare: string;
  readonly repo: string;
  readonly file: string;
  readonly warnings: string[];
}

/** A host with a repository, and a checkout of it with a JSONL file that is not committed. */
async function checkout(folder: TempFolder): Promise<Scene> {
  const [bare, repo] = [folder.file('git', 'repo.git'), folder.file('repo')];
  await mkdir(bare, { recursive: true });
  await git(bare, 'init', '--quiet', '--bare');
  await git(bare, 'config', 'http.receivepack', 'true');
  const host = await startGitHttp({ root: folder.file('git'), token: TOKEN });
  await git(folder.path, 'clone', '--quiet', `${host.url}/repo.git`, repo);
  await writeFile(folder.file('repo', 'README'), 'first\n');
  await git(repo, 'add', '.');
  await git(repo, 'commit', '--quiet', '-m', 'first');
  await git(repo, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');
  await mkdir(folder.file('repo', '.beads'));
  const file = folder.file('repo', '.beads', 'issues.jsonl');
  await writeFile(file, '{"id":"bd-1"}\n');
  return { host, bare, repo, file, warnings: [] };
}

/** Commits the file as a step does, whose checkout left a header of its own. */
async function commit(
  folder: TempFolder,
  { host, file, warnings }: Scene,
  mode: 'commit' | 'push' | 'pull-request',
  branch: string | null = 'main',
  job: Env = {},
) {
  const env = { PATH: readEnv()['PATH'] ?? '', GITHUB_SERVER_URL: host.url, ...job };
  const context = { ...commandContext(folder.path, { env, warnings }), tempDir: folder.file('tmp') };
  const jsonl = { allowFewer: false, commit: { mode, branch, author: AUTHOR, message: 'Backup' } };
  const request = { jsonl, dolt: { source: 'release', githubToken: TOKEN } } as const;
  return await commitJsonl(file, request, context, async ({ copy }) => {
    if ((await readFile(copy, 'utf8')).includes('must stay')) throw new Failure('export-fewer', 'a record must stay');
  });
}

describe('the commit of the JSONL file', () => {
  test('is added to the branch of the host by push, and the checkout follows', async () => {
    await using folder = await tempFolder();
    const scene = await checkout(folder);
    await using host = scene.host;
    const { bare, repo, file } = scene;
    await git(repo, 'config', `http.${host.url}/.extraheader`, 'Authorization: Basic d3Jvbmc=');
    for (const hook of ['pre-push', 'reference-transaction', 'post-commit']) {
      const path = folder.file('repo', '.git', 'hooks', hook);
      await writeFile(path, `#!/bin/sh\ntouch ${folder.file('hooked')}\nexit 1\n`);
      await chmod(path, 0o755);
    }
    await writeFile(folder.file('repo', 'README'), 'work in progress\n');
    await git(repo, 'config', 'push.followTags', 'true');
    await git(repo, 'tag', '--annotate', '-m', 'of this machine', 'private');
    const pushed = await commit(folder, scene, 'push');
    expect(pushed).toMatchObject({ status: 'pushed', branch: 'main' });
    expect(await git(bare, 'log', '--format=%an %s', 'main')).toBe('Ann Backup\nBob first');
    expect(await git(bare, 'show', 'main:.beads/issues.jsonl')).toBe('{"id":"bd-1"}');
    expect(await git(bare, 'show', 'main:README')).toBe('first');
    expect(await git(bare, 'tag')).toBe('');
    expect(await git(repo, 'rev-parse', 'HEAD')).toBe(pushed?.commit);
    expect(await git(repo, 'status', '--porcelain')).toBe('M README');
    await expect(stat(folder.file('hooked'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readFile(folder.file('repo', '.git', 'config'), 'utf8')).not.toContain(TOKEN);
    expect(await commit(folder, scene, 'push')).toMatchObject({ status: 'unchanged', commit: null });

    // As after runs that were killed before the checkout followed, or between the index and the branch.
    const kill = (...keep: readonly string[]) => git(repo, 'reset', '--quiet', ...keep, 'HEAD~1');
    for (const keep of [[], ['--soft']]) {
      await kill(...keep);
      expect(await commit(folder, scene, 'push')).toMatchObject({ status: 'unchanged', commit: null });
      expect(await git(repo, 'rev-parse', 'HEAD')).toBe(pushed?.commit);
      expect(await git(repo, 'status', '--porcelain')).toBe('M README');
    }
    await kill();
    await git(repo, 'commit', '--quiet', '--allow-empty', '-m', 'by hand');
    const own = await git(repo, 'rev-parse', 'HEAD');
    expect(scene.warnings).toEqual([]);
    expect(await commit(folder, scene, 'push')).toMatchObject({ status: 'unchanged', commit: null });
    expect(scene.warnings).toEqual([expect.stringContaining(`its commit ${own} is not pushed`)]);
    expect(await git(repo, 'rev-parse', 'HEAD')).toBe(own);
    await kill();
    await writeFile(file, '{"id":"bd-1"}\n{"id":"bd-3"}\n');
    const second = await commit(folder, scene, 'push');
    expect(second).toMatchObject({ status: 'pushed' });
    expect(await git(repo, 'rev-parse', 'HEAD')).toBe(second?.commit);
    expect(await git(repo, 'status', '--porcelain')).toBe('M README');
    // A shallow clone hides the parent. Commits of others, which change other files, are for the user to pull.
    const shallow = { ...scene, repo: folder.file('shallow'), file: folder.file('shallow', '.beads', 'issues.jsonl') };
    await git(folder.path, 'clone', '--quiet', '--depth=1', `file://${bare}`, shallow.repo);
    await git(shallow.repo, 'remote', 'set-url', 'origin', `${host.url}/repo.git`);
    await writeFile(shallow.file, '{"id":"bd-1"}\n');
    const third = await commit(folder, shallow, 'push');
    await git(shallow.repo, 'reset', '--quiet', second?.commit ?? '');
    expect(await commit(folder, shallow, 'push')).toMatchObject({ status: 'unchanged' });
    expect(await git(shallow.repo, 'rev-parse', 'HEAD')).toBe(third?.commit);
    await git(shallow.repo, 'rm', '--quiet', 'README');
    await git(shallow.repo, 'commit', '--quiet', '-m', 'of another person');
    await git(shallow.repo, 'push', '--quiet', 'origin', 'HEAD:main');
    await writeFile(file, '{"id":"bd-1"}\n');
    expect(await commit(folder, scene, 'push')).toMatchObject({ status: 'unchanged' });
    expect(await git(repo, 'rev-parse', 'HEAD')).toBe(second?.commit);
    expect(scene.warnings).toHaveLength(1);
    // Only the remote knows whether a commit of a shallow clone is before its own.
    const deep = { ...scene, repo: folder.file('deep'), file: folder.file('deep', '.beads', 'issues.jsonl') };
    await git(folder.path, 'clone', '--quiet', '--depth=3', `file://${bare}`, deep.repo);
    await git(deep.repo, 'remote', 'set-url', 'origin', `${host.url}/repo.git`);
    expect(await commit(folder, deep, 'push')).toMatchObject({ status: 'unchanged' });
    expect(await git(deep.repo, 'rev-list', '--count', 'HEAD')).toBe('3');
    for (const name of ['a', 'b']) {
      await writeFile(folder.file('shallow', name), '');
      await git(shallow.repo, 'add', name);
      await git(shallow.repo, 'commit', '--quiet', '-m', `another ${name}`);
    }
    await git(shallow.repo, 'push', '--quiet', 'origin', 'HEAD:main');
    expect(await commit(folder, deep, 'push')).toMatchObject({ status: 'unchanged' });
    expect(scene.warnings).toHaveLength(1);
    await git(deep.repo, 'commit', '--quiet', '--allow-empty', '-m', 'by hand');
    const unpushed = await git(deep.repo, 'rev-parse', 'HEAD');
    expect(await commit(folder, deep, 'push')).toMatchObject({ status: 'unchanged' });
    expect(scene.warnings.slice(1)).toEqual([expect.stringContaining(`its commit ${unpushed} is not pushed`)]);
    expect(await git(deep.repo, 'rev-list', '--count', 'HEAD')).toBe('4');

    // On a release, a tag is checked out.
    await rm(folder.file('repo', '.git', 'hooks'), { recursive: true });
    await git(repo, 'stash', '--quiet');
    await git(repo, 'checkout', '--quiet', '--detach', 'HEAD~1');
    await mkdir(folder.file('repo', '.beads'), { recursive: true });
    await writeFile(file, '{"id":"bd-2"}\n');
    expect(await commit(folder, scene, 'push')).toMatchObject({ status: 'pushed' });
    expect(await git(bare, 'log', '--format=%s', 'main')).toBe(
      'Backup\nanother b\nanother a\nof another person\nBackup\nBackup\nBackup\nfirst',
    );
    await expect(commit(folder, scene, 'commit')).rejects.toMatchObject({ code: 'jsonl-commit-failed' });
  });

  test('is added on top if the branch moves, and a refused push is not repeated', async () => {
    await using folder = await tempFolder();
    const scene = await checkout(folder);
    await using host = scene.host;
    const { bare, repo } = scene;
    await git(repo, 'commit', '--quiet', '--allow-empty', '-m', 'of another job');
    await git(repo, 'push', '--quiet', 'origin', 'HEAD:refs/heads/other');
    await git(repo, 'reset', '--quiet', '--hard', 'HEAD~1');
    const hook = `#!/bin/sh\ntest -e moved && exit 0\ntouch moved\ngit update-ref refs/heads/main refs/heads/other\nexit 1\n`;
    await writeFile(folder.file('git', 'repo.git', 'hooks', 'update'), hook);
    await chmod(folder.file('git', 'repo.git', 'hooks', 'update'), 0o755);
    expect(await commit(folder, scene, 'push')).toMatchObject({ status: 'pushed' });
    expect(await git(bare, 'log', '--format=%s', 'main')).toBe('Backup\nof another job\nfirst');

    await writeFile(scene.file, '{"id":"bd-3","title":"must stay"}\n');
    await writeFile(folder.file('repo', '.git', 'index.lock'), '');
    expect(await commit(folder, scene, 'push')).toMatchObject({ status: 'pushed' });
    await rm(folder.file('repo', '.git', 'index.lock'));
    await writeFile(scene.file, '{"id":"bd-4"}\n');
    await expect(commit(folder, scene, 'push')).rejects.toMatchObject({ code: 'export-fewer' });
    expect(await git(bare, 'show', 'main:.beads/issues.jsonl')).toContain('bd-3');

    await git(bare, 'update-ref', 'refs/heads/main', 'main~1');
    host.refusePushes();
    const before = host.requests.length;
    await expect(commit(folder, scene, 'push')).rejects.toMatchObject({
      code: 'jsonl-commit-failed',
      message: expect.not.stringContaining(TOKEN),
    });
    expect(host.requests.slice(before).filter((request) => / 403$/.test(request))).toHaveLength(1);
    await expect(commit(folder, scene, 'push', null)).rejects.toMatchObject({ code: 'jsonl-commit-failed' });
  });

  test('replaces one commit on a branch of its own with pull-request, and opens one pull request', async () => {
    await using folder = await tempFolder();
    const scene = await checkout(folder);
    await using _ = scene.host;
    await using api = await startGithubApi();
    const { bare, repo, file } = scene;
    const job = { GITHUB_API_URL: api.url, GITHUB_REPOSITORY: 'org/repo' };
    const propose = () => commit(folder, scene, 'pull-request', 'main', job);
    const lines = (branch: string) => git(bare, 'log', '--format=%an %s', branch);

    // Without the API a push has no purpose.
    await expect(commit(folder, scene, 'pull-request')).rejects.toMatchObject({ code: 'jsonl-commit-failed' });
    expect(await git(bare, 'branch', '--format=%(refname:short)')).toBe('main');

    const first = await propose();
    const branch = first?.branch ?? '';
    expect(branch).toMatch(/^dolt-federation\/jsonl-/);
    expect(first).toMatchObject({ status: 'proposed', pullRequest: 'https://git.example/org/repo/pull/1' });
    expect(api.pulls).toEqual([{ head: branch, base: 'main', title: 'Backup', body: expect.any(String) }]);
    expect(await lines(branch)).toBe('Ann Backup\nBob first');
    expect(await lines('main')).toBe('Bob first');
    expect(await git(repo, 'status', '--porcelain')).toBe('?? .beads/');
    expect(await propose()).toEqual(first);

    await writeFile(file, '{"id":"bd-2"}\n');
    await git(repo, 'commit', '--quiet', '--allow-empty', '-m', 'next');
    await git(repo, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    expect(await propose()).toMatchObject({ status: 'proposed', pullRequest: first?.pullRequest });
    expect(await lines(branch)).toBe('Ann Backup\nBob next\nBob first');
    expect(await git(bare, 'show', `${branch}:.beads/issues.jsonl`)).toBe('{"id":"bd-2"}');
    expect(api.pulls).toHaveLength(1);

    // The work of a person on the branch stays.
    await git(repo, 'fetch', '--quiet', 'origin', branch);
    const ours = await git(repo, 'rev-parse', 'FETCH_HEAD');
    const theirs = await git(repo, 'commit-tree', `${ours}^{tree}`, '-p', ours, '-m', 'by hand');
    await git(repo, 'push', '--quiet', 'origin', `${theirs}:refs/heads/${branch}`);
    await writeFile(file, '{"id":"bd-3"}\n');
    const left = { code: 'jsonl-commit-failed', hint: expect.stringContaining(`delete the branch \`${branch}\``) };
    await expect(propose()).rejects.toMatchObject(left);
    // Commits with the message of ours: a rebase, an amend of its author, an amend of its files under our name, and a
    // second commit.
    const message = await git(repo, 'log', '-1', '--format=%B', ours);
    const [own, head] = [await git(repo, 'rev-parse', `${ours}^{tree}`), `${ours}~1`];
    const other = await git(repo, 'rev-parse', `${head}^{tree}`);
    const foreign: readonly (readonly [tree: string, parent: string, settings: readonly string[]])[] = [
      [own, `${ours}~2`, []],
      [own, head, []],
      [other, head, ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org']],
      [own, ours, []],
    ];
    for (const [tree, parent, settings] of foreign) {
      const amended = await git(repo, ...settings, 'commit-tree', tree, '-p', parent, '-m', message);
      await git(repo, 'push', '--quiet', '--force', 'origin', `${amended}:refs/heads/${branch}`);
      await expect(propose()).rejects.toMatchObject(left);
      expect(await git(bare, 'rev-parse', branch)).toBe(amended);
    }
    await git(repo, 'push', '--quiet', '--force', 'origin', `${ours}:refs/heads/${branch}`);
    // An executable file stays one.
    await git(repo, 'update-index', '--add', '--chmod=+x', '.beads/issues.jsonl');
    await git(repo, 'commit', '--quiet', '-m', 'executable');
    await git(repo, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    await writeFile(file, '{"id":"bd-5"}\n');
    expect(await propose()).toMatchObject({ status: 'proposed' });
    expect(await git(bare, 'ls-tree', branch, '.beads/')).toMatch(/^100755 /);

    api.fail({ method: 'GET', status: 403 });
    await expect(propose()).rejects.toMatchObject({ hint: expect.stringContaining('pull-requests: write') });

    api.fail({ method: 'GET', status: 500 });
    await expect(propose()).rejects.toMatchObject({ hint: 'Run the job again.' });

    // The branch of the workflow has the file, so there is no proposal.
    await writeFile(file, '{"id":"bd-4"}\n');
    expect(await commit(folder, scene, 'push')).toMatchObject({ status: 'pushed' });
    expect(await propose()).toMatchObject({ status: 'unchanged', branch: 'main' });
    expect(await git(bare, 'branch', '--format=%(refname:short)')).toBe('main');
  });

  test('stays on this machine with commit, and a file that git ignores is not committed', async () => {
    await using folder = await tempFolder();
    const scene = await checkout(folder);
    await using _ = scene.host;
    expect(await commit(folder, scene, 'commit')).toMatchObject({ status: 'committed', branch: 'main' });
    expect(await git(scene.repo, 'log', '--format=%s')).toBe('Backup\nfirst');
    expect(await git(scene.repo, 'status', '--porcelain')).toBe('');
    expect(await git(scene.bare, 'log', '--format=%s', 'main')).toBe('first');
    await writeFile(folder.file('repo', '.gitignore'), '*.log\n');
    const ignored = { ...scene, file: folder.file('repo', 'b.log') };
    await writeFile(ignored.file, '');
    await expect(commit(folder, ignored, 'commit')).rejects.toMatchObject({
      code: 'jsonl-commit-failed',
      message: expect.stringContaining('b.log is ignored by git'),
    });
    // A run that ends before either of the last two steps leaves the other one to the next run.
    for (const lock of ['index.lock', 'refs/heads/main.lock']) {
      await writeFile(scene.file, `{"id":"${lock}"}\n`);
      await writeFile(folder.file('repo', '.git', lock), '');
      await expect(commit(folder, scene, 'commit')).rejects.toMatchObject({ code: 'jsonl-commit-failed' });
      await rm(folder.file('repo', '.git', lock));
      expect(await commit(folder, scene, 'commit')).toMatchObject({ status: 'committed' });
      expect(await git(scene.repo, 'status', '--porcelain', '.beads')).toBe('');
      expect(await git(scene.repo, 'show', 'HEAD:.beads/issues.jsonl')).toContain(lock);
    }
    const outside = { ...scene, file: folder.file('c.jsonl') };
    await writeFile(outside.file, '');
    await expect(commit(folder, outside, 'commit')).rejects.toMatchObject({ code: 'jsonl-commit-failed' });
  });
});
