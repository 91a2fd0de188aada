import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { git } from '../helpers/git.ts';
import { runWorkflows } from '../helpers/servers/act.ts';
import { startGithubApi } from '../helpers/servers/github-api.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const PAGE = 'docs/pull-requests.md';
const RECIPE = 'docs/recipes/pull-request-check.yml';
const CONFIG = '.beads/config.yaml';
const BASE = '4f2a90c1d7e8b35a6c0f1e2d3b4a59687f0e1d2c';

test('the recipe checks a pull request, and its comment and summary equal those on the page', async () => {
  await using folder = await tempFolder();
  await using api = await startGithubApi(undefined, { merge_base_commit: { sha: BASE } });
  const page = await readFile(PAGE, 'utf8');
  const [before = '', after = '', ...others] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
    ([, text]) => text,
  );
  expect(others).toEqual([]);
  api.files.set(`${CONFIG}@${BASE}`, before);

  const repository = folder.file('repository');
  const workflow = join('.github', 'workflows', 'check.yml');
  for (const [file, text] of [
    [CONFIG, after],
    [workflow, await readFile(RECIPE, 'utf8')],
  ] as const) {
    await mkdir(dirname(join(repository, file)), { recursive: true });
    await writeFile(join(repository, file), text);
  }
  await git(repository, 'init', '--quiet', '--initial-branch=change');
  await git(repository, 'add', '--all');
  await git(repository, 'commit', '--quiet', '--message=change');
  const head = (await git(repository, 'rev-parse', 'HEAD')).trim();

  const payload = { number: 7, pull_request: { number: 7, base: { sha: BASE }, head: { sha: head, ref: 'change' } } };
  const run = await runWorkflows(folder, {
    event: { name: 'pull_request', payload },
    repository,
    secrets: { GITHUB_TOKEN: 'app-1' },
    env: { GITHUB_REPOSITORY: 'my-org/my-repo', GITHUB_API_URL: api.url, PATH: readEnv()['PATH'] ?? '' },
  });
  expect(run.log).toContain('config-change');
  expect(run.exitCode).not.toBe(0);
  const [comment, ...more] = api.comments;
  expect(more).toEqual([]);
  const [marker, ...lines] = comment?.body.trimEnd().split('\n') ?? [];
  expect(marker).toMatch(/^<!-- .* -->$/);
  expect(run.summary.trimEnd()).toBe(lines.join('\n'));
  const shown = /<!-- example:comment start -->\n([\s\S]*?)<!-- example:comment end -->/.exec(page)?.[1];
  expect(shown).toBe(`\n${lines.map((line) => `> ${line}`.trimEnd()).join('\n')}\n\n`);
}, 180_000);
