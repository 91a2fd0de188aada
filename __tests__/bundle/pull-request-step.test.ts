import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type FakeRunner, fakeRunner } from '../helpers/fake-runner.ts';
import { startGithubApi } from '../helpers/servers/github-api.ts';
import { type RecordingServer, startRecordingServer } from '../helpers/servers/recording-server.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const [BASE, HEAD] = ['b'.repeat(40), 'c'.repeat(40)] as const;
const SECRET = 'correct-horse-battery';
const repository = { default_branch: 'main', visibility: 'public', private: false };
const pullRequest = (fork: boolean) => ({
  repository,
  number: 7,
  pull_request: { number: 7, base: { sha: BASE }, head: { sha: HEAD, repo: { fork } } },
});

/** Each event that a pull request of a stranger can cause or influence. */
const EVENTS = [
  { name: 'pull_request', ref: 'refs/pull/7/merge', payload: pullRequest(true) },
  { name: 'pull_request_target', ref: 'refs/heads/main', payload: pullRequest(true) },
  {
    name: 'merge_group',
    ref: 'refs/heads/gh-readonly-queue/main/pr-7',
    payload: { repository, merge_group: { base_sha: BASE, head_sha: HEAD } },
  },
  { name: 'issue_comment', ref: 'refs/heads/main', payload: { repository, issue: { number: 7, pull_request: {} } } },
  { name: 'workflow_run', ref: 'refs/heads/main', payload: { repository, workflow_run: { head_sha: HEAD } } },
  { name: 'push', ref: 'refs/heads/topic', payload: { repository } },
] as const;

let folder: TempFolder;
let runner: FakeRunner;
let elsewhere: RecordingServer;
const config = (endpoint: string) => `sync: {mode: dolt-native}\nfederation: {peers: {partner: "${endpoint}"}}\n`;

beforeAll(async () => {
  folder = await tempFolder();
  runner = await fakeRunner(folder);
  elsewhere = await startRecordingServer({ http2: true });
  await makeDatabase(join(runner.workspace, 'local'));
  await mkdir(join(runner.workspace, '.beads'));
  await mkdir(join(runner.workspace, '.git'));
  await writeFile(join(runner.workspace, '.git', 'HEAD'), HEAD);
  await writeFile(join(runner.workspace, '.beads', 'config.yaml'), config(`${elsewhere.url}/db`));
});
afterAll(async () => {
  await elsewhere[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe('a peer that a change moves to another host, with the secret of the old one', () => {
  const inputs = (url = 'https://dolt.partner.example') => ({
    database: 'local',
    'dolt-path': testDolt(),
    credentials: `partner: {url: "${url}", user: sync, password: ${SECRET}}`,
  });

  test.each(EVENTS)('is not contacted there by $name on $ref', async (event) => {
    const step = await runner.main({ event, inputs: inputs() });
    expect(step.outputs).toMatchObject({ status: 'skipped', changed: 'false' });
    expect(elsewhere.requests).toEqual([]);
  });

  test('is not contacted on an event that may write, unless the secret is for that host', async () => {
    const [, event] = EVENTS;
    const allowed = async (url?: string) =>
      await runner.main({ event, inputs: { ...inputs(url), 'allow-untrusted-event': 'true' } });
    const step = await allowed();
    expect(step.outputs['status']).toBe('failed');
    expect(step.outputs['result']).toContain('credential-url-mismatch');
    expect(elsewhere.requests).toEqual([]);
    await allowed(elsewhere.url);
    expect(elsewhere.requests).not.toEqual([]);
  });
});

describe('the check of a pull request', () => {
  const [event] = EVENTS;
  const check = async (token: string, api: string, inputs: Readonly<Record<string, string>> = {}) =>
    await runner.main({
      event,
      action: 'validate/action.yml',
      inputs: { 'github-token': token, comment: 'changes', ...inputs },
      env: { GITHUB_REPOSITORY: 'org/repo', GITHUB_API_URL: api, GITHUB_WORKFLOW: 'check' },
    });

  test('writes one comment, updates it, and falls back to the summary for a token that may only read', async () => {
    await using api = await startGithubApi(undefined, { behind_by: 2, merge_base_commit: { sha: BASE } });
    api.files.set(`.beads/config.yaml@${BASE}`, config('https://dolt.partner.example/db'));
    const fork = await check('read-1', api.url);
    expect(fork).toMatchObject({ exitCode: 0, outputs: { status: 'success' } });
    expect(fork.summary).toMatch(/peer-moved[\s\S]*branch-behind/);
    const refused = 'The pull request got no comment';
    expect(fork.commands).toContainEqual(
      expect.objectContaining({ command: 'notice', properties: { title: refused } }),
    );
    expect(api.comments).toEqual([]);

    const failed = await check('app-1', api.url, { 'fail-on-change': 'new-host', label: 'true' });
    expect([...api.labels]).toEqual(['federation: failed']);
    expect(failed).toMatchObject({ exitCode: 2, outputs: { status: 'failed' } });
    expect(failed.commands).toContainEqual(
      expect.objectContaining({
        command: 'error',
        properties: { title: 'config-change', file: '.beads/config.yaml', line: '2', col: '22' },
      }),
    );
    const before = api.comments[0]?.body;
    expect((await check('app-1', api.url, { label: 'true' })).exitCode).toBe(0);
    expect([...api.labels]).toEqual(['federation: dangerous change']);
    expect(api.comments).toHaveLength(1);
    expect(api.comments[0]?.body).not.toBe(before);
    expect(api.comments[0]?.body).toContain('2 commits behind its base');
  });

  test('writes nothing if nothing changes, and refuses an unknown mode before any request', async () => {
    await using api = await startGithubApi(undefined, { merge_base_commit: { sha: BASE } });
    api.files.set(`.beads/config.yaml@${BASE}`, config(`${elsewhere.url}/db`));
    expect((await check('app-1', api.url)).exitCode).toBe(0);
    expect(api.comments).toEqual([]);
    const requests = api.requests.length;
    expect((await check('app-1', api.url, { comment: 'sometimes' })).exitCode).toBe(2);
    expect(api.requests).toHaveLength(requests);
  });

  test('reports a skipped plan in a comment of its own', async () => {
    await using api = await startGithubApi();
    const step = await runner.main({
      event,
      inputs: { command: 'plan', comment: 'always', 'github-token': 'app-1', database: 'local' },
      env: { GITHUB_REPOSITORY: 'org/repo', GITHUB_API_URL: api.url, GITHUB_WORKFLOW: 'check' },
    });
    expect(step.outputs['status']).toBe('skipped');
    expect(api.comments.map(({ body }) => body)).toEqual([expect.stringContaining('dolt-federation plan')]);
  });
});
