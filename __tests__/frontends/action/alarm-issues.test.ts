import { describe, expect, test } from '@jest/globals';
import type { PeerResult } from '../../../src/contract/result.ts';
import type { DrillKind, DrillMode } from '../../../src/contract/vocabulary.ts';
import { type Keeping, keepIssues } from '../../../src/frontends/action/alarm-issues.ts';
import { type AlarmSubject, runAlarms } from '../../../src/report/alarm/alarms.ts';
import { conflict, failed, HEAD, peer, problem, runResult } from '../../helpers/results.ts';
import { holdUntilTwo, repositoryAt, type StubApi, startGithubApi } from '../../helpers/servers/github-api.ts';
import type { StubIssue } from '../../helpers/servers/github-issues.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The time of the first failure. */
const BEGIN = Date.now() - 60 * DAY_MS;

const subject = (verdict: AlarmSubject['verdict'], over: Partial<AlarmSubject> = {}): AlarmSubject => {
  return {
    peer: 'box',
    verdict,
    code: 'network',
    needsDecision: false,
    filtered: false,
    details: () => 'details',
    ...over,
  };
};
const FAILING = subject('failing');
const OK = subject('ok', { code: null });

const keeping = (api: StubApi, now: number = Date.now(), token = 'app-1'): Keeping => ({
  repository: repositoryAt(api.url, { token }),
  place: { workflow: 'night', command: 'sync', inputs: ['.'] },
  run: { command: 'sync', workflow: 'night', page: { id: '7', url: 'https://git.example/org/repo/actions/runs/7' } },
  now,
  complete: false,
});

const openOf = ({ issues }: StubApi) => issues.all.filter(({ state }) => state === 'open');
const commentsOf = ({ comments }: Pick<StubIssue, 'comments'>) => comments.map(({ body }) => body.split('\n')[1]);

describe('the issue about a failed peer', () => {
  test('is opened once, gets comments at growing intervals, and is closed after a success', async () => {
    await using api = await startGithubApi();
    const run = async (hours: number, one: AlarmSubject) =>
      await keepIssues([one], keeping(api, BEGIN + hours * HOUR_MS));
    expect(await run(0, OK)).toMatchObject({ done: [], reasons: [] });
    expect(await run(0, FAILING)).toMatchObject({ done: ['Issue 1 was opened.'], reasons: [] });
    const [issue] = openOf(api);
    expect(issue).toMatchObject({ title: 'Federation: box failed (network)', labels: [{ name: 'federation: alarm' }] });
    expect(issue?.body).toContain('[run 7](https://git.example/org/repo/actions/runs/7) of the workflow night');

    const commented: number[] = [];
    for (let hours = 6; hours < 9 * 24; hours += 6) {
      const { done } = await run(hours, FAILING);
      if (done.length > 0) commented.push(hours / 24);
    }
    expect(commented).toEqual([1, 3, 7]);
    expect((await run(230, subject('waiting'))).done).toEqual([]);
    expect((await run(230, subject('unknown'))).done).toEqual([]);
    expect(openOf(api)).toHaveLength(1);

    expect((await run(231, OK)).done).toEqual(['Issue 1 was closed.']);
    expect(api.issues.all).toMatchObject([{ state: 'closed', state_reason: 'completed' }]);
    expect(api.issues.all.flatMap(commentsOf)).toEqual([
      expect.stringContaining('This is comment 1 on this failure'),
      expect.stringContaining('This is comment 2 on this failure'),
      expect.stringContaining('This is comment 3 on this failure'),
      expect.stringMatching(/^The peer <code>box<\/code> succeeded in \[run 7\]/),
    ]);
    expect((await run(232, FAILING)).done).toEqual(['Issue 2 was opened.']);
  });

  test('is separate for each peer, for the run itself, and for another place', async () => {
    await using api = await startGithubApi();
    const all = [subject('failing', { peer: null }), FAILING, subject('failing', { peer: 'vault' })];
    await keepIssues(all, keeping(api));
    await keepIssues(all, { ...keeping(api), place: { ...keeping(api).place, inputs: ['other'] } });
    await keepIssues(all, keeping(api));
    expect(openOf(api).map(({ title }) => title)).toEqual([
      'Federation: sync in night failed (network)',
      'Federation: box failed (network)',
      'Federation: vault failed (network)',
      'Federation: sync in night failed (network)',
      'Federation: box failed (network)',
      'Federation: vault failed (network)',
    ]);
    await keepIssues([subject('ok', { peer: null }), OK], keeping(api));
    expect(openOf(api).map(({ number }) => number)).toEqual([3, 4, 5, 6]);
  });

  test('stays open after a success if rows need a decision', async () => {
    await using api = await startGithubApi();
    await keepIssues([subject('failing', { code: 'id-collision', needsDecision: true })], keeping(api));
    expect((await keepIssues([OK], keeping(api))).done).toEqual([]);
    // The removal of the peer also does not close it.
    const rest = [subject('unknown', { peer: null }), subject('ok', { peer: 'vault' })];
    expect((await keepIssues(rest, { ...keeping(api), complete: true })).done).toEqual([]);
    expect(openOf(api)).toMatchObject([{ title: 'Federation: box needs a decision (id-collision)' }]);
  });

  test('gets a comment about each merge with rows that need a decision, and keeps its first rows', async () => {
    await using api = await startGithubApi();
    const run = async (hours: number, one: AlarmSubject) =>
      (await keepIssues([one], keeping(api, BEGIN + hours * HOUR_MS))).done;
    const rows = (details: string) =>
      subject('failing', { code: 'id-collision', needsDecision: true, details: () => details });
    await run(0, FAILING);
    expect(await run(1, rows('row 7'))).toEqual(['Issue 1 got a comment.']);
    expect(await run(2, OK)).toEqual([]);
    expect(await run(3, rows('row 8'))).toEqual(['Issue 1 got a comment.']);
    expect(await run(4, FAILING)).toEqual([]);
    expect(await run(200, FAILING)).toEqual(['Issue 1 got a comment.']);
    expect(await run(201, OK)).toEqual([]);
    const [issue] = openOf(api);
    expect(issue?.title).toBe('Federation: box needs a decision (id-collision)');
    expect(issue?.body).toMatch(/row 7[\s\S]*close this issue when they are resolved/);
    const [seven = '', eight = '', failure = ''] = issue?.comments.map(({ body }) => body) ?? [];
    expect(seven).toContain('row 7');
    expect(eight).toMatch(/row 8[\s\S]*Rows need a decision/);
    expect(failure).not.toContain('Rows need a decision');
  });

  test('is closed when the peer is removed from the configuration, unless the run includes only some peers', async () => {
    await using api = await startGithubApi();
    await keepIssues([subject('failing', { peer: null }), FAILING], keeping(api));
    const rest = [subject('unknown', { peer: null }), subject('ok', { peer: 'vault' })];
    expect((await keepIssues(rest, keeping(api))).done).toEqual([]);
    expect((await keepIssues(rest, { ...keeping(api), complete: true })).done).toEqual(['Issue 2 was closed.']);
    expect(openOf(api).map(({ number }) => number)).toEqual([1]);
  });

  test('is found behind hundreds of other issues', async () => {
    await using api = await startGithubApi();
    await keepIssues([FAILING], keeping(api));
    for (let count = 0; count < 250; count += 1) api.issues.add({ body: 'another workflow' });
    expect((await keepIssues([OK], keeping(api))).done).toEqual(['Issue 1 was closed.']);
  });

  test('is never an issue of another user with the same text, or a pull request', async () => {
    await using api = await startGithubApi();
    await keepIssues([FAILING], keeping(api));
    const body = api.issues.all[0]?.body ?? '';
    api.issues.all.length = 0;
    api.issues.add({ body });
    api.issues.add({ body, user: { id: 1, type: 'Bot' }, pull_request: {} });
    expect((await keepIssues([OK], keeping(api))).done).toEqual([]);
    expect((await keepIssues([FAILING], keeping(api))).done).toEqual(['Issue 3 was opened.']);
    // The issue also does not belong to the token of a user.
    expect((await keepIssues([FAILING], keeping(api, Date.now(), 'user-9'))).done).toEqual(['Issue 4 was opened.']);
    expect((await keepIssues([FAILING], keeping(api, Date.now(), 'user-9'))).done).toEqual([]);
  });

  test('counts from its creation if a person removed its hidden line', async () => {
    await using api = await startGithubApi();
    await keepIssues([FAILING], keeping(api, BEGIN));
    const [issue] = api.issues.all;
    if (issue !== undefined) issue.body = issue.body.split('\n')[0] ?? '';
    expect((await keepIssues([FAILING], keeping(api))).done).toEqual([]);
    expect((await keepIssues([FAILING], keeping(api, Date.now() + DAY_MS))).done).toEqual(['Issue 1 got a comment.']);
    expect((await keepIssues([FAILING], keeping(api, Date.now() + 2 * DAY_MS))).done).toEqual([]);
  });
});

describe('concurrent runs', () => {
  test('open one issue', async () => {
    await using api = await startGithubApi(holdUntilTwo((line) => line === 'GET /repos/org/repo/issues'));
    const ends = await Promise.all([1, 2].map(() => keepIssues([FAILING], keeping(api))));
    expect(ends.flatMap(({ done }) => done).sort()).toEqual([
      'Another run has opened the issue.',
      'Issue 1 was opened.',
    ]);
    expect(api.issues.all).toMatchObject([{ state: 'open' }, { state: 'closed', state_reason: 'not_planned' }]);
  });

  test('write one comment', async () => {
    await using api = await startGithubApi(
      holdUntilTwo((line) => line.startsWith('GET') && line.endsWith('/issues/1/comments')),
    );
    await keepIssues([FAILING], keeping(api, BEGIN));
    const ends = await Promise.all([1, 2].map(() => keepIssues([FAILING], keeping(api))));
    expect(ends.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect(api.requests.filter((line) => line === 'POST /repos/org/repo/issues/1/comments')).toHaveLength(2);
    expect(api.issues.all[0]?.comments).toHaveLength(1);
    expect((await keepIssues([FAILING], keeping(api))).done).toEqual([]);
  });

  test('close the issue with one comment', async () => {
    await using api = await startGithubApi(
      holdUntilTwo((line) => line.startsWith('GET') && line.endsWith('/issues/1/comments')),
    );
    await keepIssues([FAILING], keeping(api));
    await Promise.all([1, 2].map(() => keepIssues([OK], keeping(api))));
    expect(api.issues.all).toMatchObject([{ state: 'closed', comments: [{ id: expect.any(Number) }] }]);
  });

  test('keep the older of two issues that a killed run left open', async () => {
    await using api = await startGithubApi();
    await keepIssues([FAILING], keeping(api));
    const [first] = api.issues.all;
    api.issues.add({ ...first, number: 2, comments: [] });
    await keepIssues([FAILING], keeping(api));
    expect(openOf(api).map(({ number }) => number)).toEqual([1]);
  });
});

describe('an API error', () => {
  test.each([
    { method: 'GET', status: 401 },
    { method: 'GET', status: 403 },
    { method: 'GET', status: 404 },
    { method: 'GET', status: 410 },
    { method: 'GET', status: 502 },
    { method: 'GET', status: 302, headers: { location: 'http://127.0.0.1:1/' } },
    { method: 'POST', status: 403 },
    { method: 'POST', status: 403, headers: { 'x-ratelimit-remaining': '0' } },
    { method: 'POST', status: 404 },
    { method: 'POST', status: 410 },
    { method: 'POST', status: 422 },
    { method: 'POST', status: 429, headers: { 'retry-after': '60' } },
    { method: 'POST', status: 500 },
  ])('$method answers $status $headers: the reason is reported, and the request is not repeated', async (fault) => {
    await using api = await startGithubApi();
    api.fail(fault);
    const { done, reasons } = await keepIssues([FAILING], keeping(api));
    expect(done).toEqual([]);
    expect(reasons).toEqual([expect.stringMatching(`${fault.method} .* ${fault.status}`)]);
    expect(api.issues.all).toEqual([]);
    expect(api.requests.filter((line) => line.startsWith(fault.method))).toHaveLength(1);
  });

  test.each(['POST', 'PATCH'])('of %s while an issue is open is retried by the next run', async (method) => {
    await using api = await startGithubApi();
    await keepIssues([FAILING], keeping(api));
    api.fail({ method, status: 500 });
    expect((await keepIssues([OK], keeping(api))).reasons).toHaveLength(1);
    expect(openOf(api)).toHaveLength(1);
    expect((await keepIssues([OK], keeping(api))).done).toEqual(['Issue 1 was closed.']);
    // The comment that was written before is not written again.
    expect(api.issues.all[0]?.comments).toHaveLength(1);
  });

  test('of a read-only token opens no issue, and a server that is gone is reported', async () => {
    await using api = await startGithubApi();
    expect((await keepIssues([FAILING], keeping(api, Date.now(), 'read-1'))).reasons).toEqual([
      expect.stringContaining('403'),
    ]);
    const gone = {
      ...keeping(api),
      repository: repositoryAt('http://127.0.0.1:1'),
    };
    expect((await keepIssues([FAILING], gone)).reasons).toHaveLength(1);
  });

  test('that drops the label of an issue closes the issue again, because it would not be found', async () => {
    await using api = await startGithubApi();
    api.issues.setsLabels = false;
    const { done, reasons } = await keepIssues([FAILING], keeping(api));
    expect([done, reasons]).toEqual([[], ['issue 1 was closed again, because it did not get its label']]);
    expect(openOf(api)).toEqual([]);
    api.fail({ method: 'PATCH', status: 502 });
    const [left] = (await keepIssues([FAILING], keeping(api))).reasons;
    expect(left).toMatch(/^issue 2 must be closed by hand \(.* answered 502\), because it did not get its label$/);
  });

  test('leaves the other issues to later runs after three failures', async () => {
    await using api = await startGithubApi();
    for (let count = 0; count < 3; count += 1) api.fail({ method: 'POST', status: 500 });
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => subject('failing', { peer: name }));
    const { done, reasons } = await keepIssues(all, keeping(api));
    expect(reasons).toHaveLength(3);
    expect(done).toEqual(['2 issues will be written by later runs.']);
    expect(openOf(api)).toEqual([]);
  });
});

test('a run opens at most ten issues, because one cause could fail a thousand peers', async () => {
  await using api = await startGithubApi();
  const all = Array.from({ length: 12 }, (_, index) => subject('failing', { peer: `peer${index}` }));
  expect((await keepIssues(all, keeping(api))).done).toContain('2 issues will be written by later runs.');
  expect(openOf(api)).toHaveLength(10);
  await keepIssues(all, keeping(api));
  expect(openOf(api)).toHaveLength(12);
});

test('the issue about a backup stays open until a drill proves the backup, despite other backups', async () => {
  await using api = await startGithubApi();
  const run = async (
    mode: DrillMode,
    kind: DrillKind,
    over: Partial<PeerResult> = { status: 'unchanged' },
    dryRun = false,
  ) => {
    const drill = { ...{ kind, tag: null, databaseHash: null, tables: null }, ...{ bytes: null, growth: null } };
    const vault = peer({ name: 'vault', drill: { ...drill, durationMs: null, lastProvenAt: null }, ...over });
    const backup = { tag: null, commit: HEAD, drill: mode, copies: 1, required: 1, proof: null };
    const result = runResult({ command: 'backup', peers: [vault], backup, ...(dryRun ? { dryRun: true } : {}) });
    const subjects = runAlarms(result, () => false);
    const { done } = await keepIssues(subjects, keeping(api));
    return { done, open: openOf(api).length };
  };
  const error = { code: 'drill-failed', message: 'no', hint: 'no', retryable: false } as const;
  const opened = { done: [expect.stringContaining('was opened')], open: 1 };
  const closed = { done: [expect.stringContaining('was closed')], open: 0 };
  expect(await run('rotate', 'differs', { status: 'failed', error })).toEqual(opened);
  expect(await run('rotate', 'skipped')).toEqual({ done: [], open: 1 });
  expect(await run('rotate', 'unproven')).toEqual({ done: [], open: 1 });
  expect(await run('full', 'unproven', { status: 'pushed' })).toEqual({ done: [], open: 1 });
  expect(await run('full', 'skipped', { status: 'unchanged', drill: undefined }, true)).toEqual({ done: [], open: 1 });
  expect(await run('rotate', 'proven')).toEqual(closed);
  // Without drills, a verified backup closes it.
  expect(await run('off', 'skipped', { status: 'failed', error })).toEqual(opened);
  expect(await run('off', 'skipped')).toEqual(closed);
});

describe('the text of an issue', () => {
  const hostile = 'ping @everyone and #1 --> </code><img src=x> [click](https://evil.example) ```\n# head';

  test('shows text of a peer literally, and fits into the limit', async () => {
    await using api = await startGithubApi();
    const error = { code: 'network', message: hostile, hint: hostile, retryable: true } as const;
    const many = Array.from({ length: 3_000 }, (_, index) => conflict({ key: { id: `${hostile}${index}` } }));
    const result = runResult({
      status: 'conflict',
      peers: [peer({ ...failed, name: 'gone', status: 'conflict', error, conflicts: many })],
      problems: [problem({ peer: 'gone', message: hostile.repeat(400) })],
    });
    const { done } = await keepIssues(
      runAlarms(result, () => false),
      keeping(api),
    );
    expect(done).toEqual(['Issue 1 was opened.']);
    const body = api.issues.all[0]?.body ?? '';
    expect(body.length).toBeGreaterThan(30_000);
    expect(body.length).toBeLessThanOrEqual(65_536);
    for (const text of ['@everyone', '#1 ', '<img', '](https://evil', '\n# head']) expect(body).not.toContain(text);
    expect(body).not.toContain('--> </code');
    expect(body.trimEnd().split('\n').at(-1)).toMatch(/^While the failure lasts/);
  });

  test('mentions no peer of another issue', async () => {
    await using api = await startGithubApi();
    const other = peer({ ...failed, name: 'elsewhere' });
    const result = runResult({ status: 'partial', peers: [peer(failed), other, peer()] });
    await keepIssues(
      runAlarms(result, ({ name }) => name === 'elsewhere'),
      keeping(api),
    );
    expect(api.issues.all.map(({ title }) => title)).toEqual(['Federation: gone failed (network)']);
    expect(api.issues.all[0]?.body).not.toContain('elsewhere');
  });
});
