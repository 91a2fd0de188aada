import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { webhookSchema } from '../../src/report/alarm/webhook-message.ts';
import { CLI, commandLine, userEnvironment } from '../helpers/bundled-cli.ts';
import { COMPILE_CACHE, childNode } from '../helpers/child-node.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type FakeRunner, fakeRunner, type Step } from '../helpers/fake-runner.ts';
import { type StubApi, startGithubApi } from '../helpers/servers/github-api.ts';
import { startWebhook, type WebhookServer } from '../helpers/servers/webhook.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** The part of the webhook's address that must not be shown. */
const SECRET = 'services-T0-B0-correct-horse';
/** No process listens on this port. */
const GONE = '{endpoint: "https://127.0.0.1:1/db", live: false}';

let folder: TempFolder;
let runner: FakeRunner;
let api: StubApi;
let hook: WebhookServer;

beforeAll(async () => {
  folder = await tempFolder();
  runner = await fakeRunner(folder);
  api = await startGithubApi();
  hook = await startWebhook();
  await makeDatabase(join(runner.workspace, 'local'));
});
afterAll(async () => {
  await hook[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const configure = async (text: string) => await writeFile(join(runner.workspace, 'c.yaml'), text);
const peers = (box: string) => `federation: {peers: {box: ${box}, other: "file://${folder.file('other')}"}}\n`;

/** A step on an Enterprise server. */
async function step(inputs: Readonly<Record<string, string>> = {}, over: Step = {}) {
  const end = await runner.main({
    inputs: {
      ...{ config: 'c.yaml', database: 'local', 'dolt-path': testDolt(), retries: '0', 'github-token': 'app-1' },
      ...{ 'issue-on-failure': 'true', 'webhook-url': `${hook.url}/${SECRET}`, ...inputs },
    },
    ...over,
    env: {
      GITHUB_REPOSITORY: 'org/repo',
      GITHUB_API_URL: `${api.url}/api/v3`,
      GITHUB_SERVER_URL: 'https://ghes.example',
      GITHUB_RUN_ID: '42',
      GITHUB_WORKFLOW: 'night',
    },
  });
  const shown = end.commands.filter(({ command }) => command !== 'add-mask').map(({ message }) => message);
  const log = end.stdout.replaceAll(/^::add-mask::.*$/gm, '');
  expect([log, end.summary, JSON.stringify(end.outputs), ...shown].join('\n')).not.toContain(SECRET);
  return end;
}

const opened = () => api.issues.all.filter(({ state }) => state === 'open').map(({ title }) => title);

describe('a step with an alarm', () => {
  test('opens an issue for an unreachable peer, keeps it, and closes it when the peer is in sync', async () => {
    await configure(peers(GONE));
    const failed = await step();
    expect([failed.exitCode, failed.outputs['status']]).toEqual([3, 'partial']);
    expect(opened()).toEqual(['Federation: box failed (network)']);
    expect(failed.stdout).toContain('Issue 1 was opened.');
    const [issue] = api.issues.all;
    expect(issue?.body).toContain('[run 42](https://ghes.example/org/repo/actions/runs/42) of the workflow night');
    expect(hook.bodies.map((body) => webhookSchema.parse(JSON.parse(body)))).toEqual([
      expect.objectContaining({
        status: 'partial',
        run: 'https://ghes.example/org/repo/actions/runs/42',
        error: null,
        peers: [{ name: 'box', code: 'network', needsDecision: false }],
      }),
    ]);

    // The configuration, Dolt, the database or an input fails the whole run.
    await configure('federation: {sovereignty: T9}\n');
    expect((await step()).exitCode).toBe(2);
    expect(opened()).toEqual(['Federation: box failed (network)', 'Federation: sync in night failed (config-invalid)']);
    expect(api.issues.all[1]?.body).toContain('could not run');
    await configure(peers(GONE));
    await step({ 'dolt-path': join(runner.workspace, 'no-dolt') });
    await step({ timeout: 'soon' });
    expect(opened()).toHaveLength(2);
    expect(hook.bodies.slice(1).map((body) => JSON.parse(body))).toMatchObject([
      { status: 'failed', error: { code: 'config-invalid' }, peers: [] },
      { status: 'failed', error: { code: 'dolt-not-found' }, peers: [] },
      { status: 'failed', error: { code: 'bad-usage' }, peers: [] },
    ]);

    await configure(peers(`"file://${folder.file('box')}"`));
    const ok = await step();
    expect([ok.exitCode, ok.outputs['status']]).toEqual([0, 'success']);
    expect(opened()).toEqual([]);
    expect(hook.bodies).toHaveLength(4);
  });

  test('waits for stale-after only if the failure may pass', async () => {
    await configure(peers(`"file://${folder.file('box')}"`));
    await step({ 'stale-after': '2d' });
    const messages = hook.bodies.length;
    // The state file knows that the peer was in sync a moment ago.
    const state = join(runner.workspace, 'local', '.dolt', 'dolt-federation.json');
    const text = await readFile(state, 'utf8');
    await writeFile(state, text.replaceAll(`file://${folder.file('box')}`, 'https://127.0.0.1:1/db'));
    await configure(peers(GONE));
    const waiting = await step({ 'stale-after': '2d' });
    expect([waiting.exitCode, waiting.outputs['status'], waiting.outputs['failed']]).toEqual([0, 'partial', 'box']);
    expect(waiting.stdout).toContain('the failure does not count yet');
    expect([opened(), hook.bodies.length]).toEqual([[], messages]);
    const stale = await step({ 'stale-after': '1s' });
    expect(stale.exitCode).toBe(3);
    expect(opened()).toEqual(['Federation: box failed (network)']);
  });

  test('succeeds even if an issue or a message cannot be written', async () => {
    await configure('federation: {sovereignty: T9}\n');
    const before = api.issues.all.length;
    const own = await step({
      'github-token': 'read-1',
      command: 'status',
      'webhook-url': `${hook.url.replace(/\d+$/, '1')}/${SECRET}`,
    });
    expect(own.exitCode).toBe(2);
    expect(own.outputs['result']).toContain('config-invalid');
    expect(own.commands).toContainEqual(
      expect.objectContaining({ command: 'notice', properties: { title: 'The alarm is incomplete' } }),
    );
    expect(own.commands).toContainEqual(
      expect.objectContaining({ command: 'warning', message: expect.stringContaining('did not accept the message') }),
    );
    expect(api.issues.all).toHaveLength(before);
    const refused = await step({ 'webhook-url': `http://hooks.example/${SECRET}` });
    expect([refused.exitCode, refused.outputs['result']]).toEqual([2, expect.stringContaining('webhook-url')]);
    expect(opened()).toContain('Federation: sync in night failed (bad-usage)');
    const messages = hook.bodies.length;
    const unread = await step({ 'issue-on-failure': 'maybe' });
    expect([unread.exitCode, unread.outputs['result']]).toEqual([2, expect.stringContaining('issue-on-failure')]);
    expect(hook.bodies).toHaveLength(messages + 1);
  });
});

test('a step whose outputs cannot be written raises one alarm, about itself and its peers', async () => {
  await configure(peers(GONE));
  api.issues.all.length = 0;
  const messages = hook.bodies.length;
  const inputs = {
    config: 'c.yaml',
    database: 'local',
    'dolt-path': testDolt(),
    retries: '0',
    'github-token': 'app-1',
  };
  const end = await runner.main({
    inputs: { ...inputs, 'issue-on-failure': 'true', 'webhook-url': `${hook.url}/${SECRET}` },
    env: {
      ...{ GITHUB_OUTPUT: folder.file('missing'), GITHUB_WORKFLOW: 'night' },
      ...{ GITHUB_REPOSITORY: 'org/repo', GITHUB_API_URL: `${api.url}/api/v3` },
    },
  });
  expect(end.exitCode).toBe(2);
  expect(opened()).toEqual(['Federation: sync in night failed (bad-usage)', 'Federation: box failed (network)']);
  expect(hook.bodies.slice(messages).map((body) => JSON.parse(body))).toMatchObject([
    { status: 'failed', error: { code: 'bad-usage' }, peers: [{ name: 'box', code: 'network' }] },
  ]);
  api.issues.all.length = 0;
});

test('a report keeps the issues of peers that its results do not show', async () => {
  await configure(peers(GONE));
  const report = async (only: string, over: Readonly<Record<string, string>> = {}) => {
    const alone = { shard: '1/1', 'issue-on-failure': '', 'webhook-url': '' };
    const leg = await step({ command: 'status', only, ...alone, ...over });
    await cp(leg.outputs['result-path'] ?? '', join(runner.workspace, 'leg.json'));
    return await step({ command: 'report', results: 'leg.json', config: '', database: '', 'webhook-url': '' });
  };
  await report('');
  expect(opened()).toEqual(['Federation: box failed (network)']);
  expect((await report('other')).exitCode).toBe(0);
  await configure(`federation: {peers: {third: "file://${folder.file('third')}"}}\n`);
  await makeDatabase(join(runner.workspace, 'second'));
  await report('', { database: 'second' });
  expect(opened()).toEqual(['Federation: box failed (network)']);
  await configure(`federation: {peers: {other: "file://${folder.file('other')}"}}\n`);
  await report('');
  expect(opened()).toEqual([]);
  api.issues.all.length = 0;
});

test('a step on an event that may not write is skipped with every command and raises no alarm', async () => {
  await configure(peers(GONE));
  // A plan reads the former configuration through the same API.
  const aboutIssues = () => api.requests.filter((line) => line.includes('/issues')).length;
  const [requests, messages] = [aboutIssues(), hook.bodies.length];
  const event = { name: 'pull_request', ref: 'refs/pull/1/merge' };
  for (const command of ['sync', 'pull', 'push', 'status', 'plan', 'export']) {
    const end = await step({ command, 'jsonl-path': 'issues.jsonl' }, { event });
    expect([command, end.exitCode, end.outputs['status']]).toEqual([command, 0, 'skipped']);
  }
  await configure('federation: {sovereignty: T9}\n');
  expect((await step({}, { event })).exitCode).toBe(2);
  expect([aboutIssues(), hook.bodies.length]).toEqual([requests, messages]);
});

test('the command line alerts the webhook of its environment only about commands that run unattended', async () => {
  await makeDatabase(folder.file('local'));
  const env = { ...userEnvironment(folder), DOLT_FEDERATION_WEBHOOK_URL: `${hook.url}/${SECRET}` };
  const start = async (words: readonly string[], variables: Readonly<Record<string, string>> = {}) => {
    const options = {
      cwd: folder.path,
      env: { ...env, ...COMPILE_CACHE, ...variables },
      extendEnv: false,
      reject: false,
    };
    return await execa(childNode(), [...words], options);
  };
  const words = await commandLine(folder, 'status', { box: 'https://127.0.0.1:1/db' });
  const messages = hook.bodies.length;
  const failed = await start(words);
  expect([failed.exitCode, JSON.parse(failed.stdout).status]).toEqual([1, 'failed']);
  expect(webhookSchema.parse(JSON.parse(hook.bodies[messages] ?? ''))).toMatchObject({
    command: 'status',
    status: 'failed',
    repository: null,
    run: null,
    peers: [{ name: 'box', code: 'network' }],
  });
  // A person runs the command.
  const listed = await start([CLI, 'list-peers', '--config', 'none.yaml']);
  expect([listed.exitCode, listed.stderr]).toEqual([2, expect.stringContaining('config-not-found')]);
  expect(hook.bodies).toHaveLength(messages + 1);

  const unset = await start(words, { DOLT_FEDERATION_WEBHOOK_URL: `http://hooks.example/${SECRET}` });
  expect([unset.exitCode, unset.stdout]).toEqual([2, expect.stringContaining('DOLT_FEDERATION_WEBHOOK_URL')]);
  const quiet = words.filter((word) => word !== '--json');
  const gone = await start(quiet, { DOLT_FEDERATION_WEBHOOK_URL: `http://127.0.0.1:1/${SECRET}` });
  expect([gone.exitCode, gone.stderr]).toEqual([1, expect.stringContaining('did not accept the message')]);
  for (const { stdout, stderr } of [failed, unset, gone]) expect(`${stdout}${stderr}`).not.toContain(SECRET);
});
