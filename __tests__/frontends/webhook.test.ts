import { describe, expect, test } from '@jest/globals';
import type { Env } from '../../src/core/env.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { parseWebhook, postWebhook } from '../../src/frontends/webhook.ts';
import { runAlarms } from '../../src/report/alarm/alarms.ts';
import { type WebhookMessage, webhookMessage, webhookSchema } from '../../src/report/alarm/webhook-message.ts';
import { conflict, failed, peer, problem, runResult } from '../helpers/results.ts';
import { startRefusingProxy } from '../helpers/servers/refusing-proxy.ts';
import { startWebhook } from '../helpers/servers/webhook.ts';
import { failureOf } from '../helpers/thrown.ts';

const run = { command: 'sync', workflow: 'night', page: { id: '7', url: 'https://git.example/o/r/actions/runs/7' } };
const MESSAGE: WebhookMessage = {
  version: 1,
  text: 'dolt-federation sync: partial, gone (network)',
  command: 'sync',
  status: 'partial',
  repository: 'o/r',
  workflow: 'night',
  run: run.page.url,
  error: null,
  peers: [{ name: 'gone', code: 'network', needsDecision: false }],
};

describe('the address of a webhook', () => {
  const SECRET = 'https://hooks.example/services/T0/a-secret-part';

  test.each([SECRET, ` ${SECRET}\n`, 'http://127.0.0.1:1/x', 'http://[::1]:1/x', 'http://localhost/x'])(
    '%j is used, and its secret part is never shown',
    (text) => {
      const secrets = new Secrets();
      const url = parseWebhook(text, 'the input webhook-url', secrets);
      expect(url.href).toBe(new URL(text.trim()).href);
      expect(secrets.hide(`at ${url.href}`)).toBe('at ***');
      if (text === SECRET) {
        expect(secrets.hide('POST /services/T0/a-secret-part')).toBe('POST ***');
        expect(secrets.hide('getaddrinfo ENOTFOUND hooks.example')).toBe('getaddrinfo ENOTFOUND ***');
      }
      // The name of this machine appears in every log of a test or of a tunnel.
      expect(secrets.hide('127.0.0.1 [::1] localhost')).toBe('127.0.0.1 [::1] localhost');
    },
  );

  test.each(['hooks.example/x', 'http://hooks.example/x', 'https://ann:pass@hooks.example/x', 'file:///x', 'hooks'])(
    '%j is refused and not repeated',
    async (text) => {
      const failure = await failureOf(() => parseWebhook(text, 'the input webhook-url', new Secrets()));
      expect(failure.code).toBe('bad-usage');
      expect(`${failure.message}${failure.hint}`).not.toContain(text);
    },
  );
});

describe('a message to a webhook', () => {
  const post = async (url: string, env: Env = {}, limitMs = 20_000, { signal } = new AbortController()) =>
    await postWebhook(new URL(`${url}/a-secret-part`), MESSAGE, { env, signal }, limitMs);

  test.each([
    ['is accepted', [], 1, null],
    ['is accepted after a second attempt', [{ status: 503 }], 2, null],
    ['is accepted after a rate limit', [{ status: 429 }], 2, null],
    ['is not sent again after a final refusal', [{ status: 404 }], 1, 'it answered 404'],
    ['is given up after two refusals', [{ status: 500 }, { status: 502 }], 2, 'it answered 502'],
    ['follows no redirect', [{ status: 307, location: 'http://127.0.0.1:1/elsewhere' }], 1, 'it answered 307'],
    ['is given up without an answer', ['silent', 'silent'], 2, 'no answer within 300 ms'],
  ] as const)('%s', async (_, answers, requests, reason) => {
    await using hook = await startWebhook(answers);
    expect(await post(hook.url, {}, answers[0] === 'silent' ? 300 : undefined)).toBe(reason);
    expect(hook.bodies).toHaveLength(requests);
    for (const body of hook.bodies) expect(webhookSchema.parse(JSON.parse(body))).toEqual(MESSAGE);
  });

  test('ends with the step, and is not sent again', async () => {
    await using hook = await startWebhook(['silent']);
    const step = new AbortController();
    const failing = failureOf(post(hook.url, {}, undefined, step));
    await hook.asked;
    step.abort();
    expect((await failing).code).toBe('interrupted');
    expect((await failureOf(post(hook.url, {}, undefined, step))).code).toBe('interrupted');
    expect(hook.bodies).toHaveLength(1);
  });

  test('to a service that is gone reports this without the address', async () => {
    expect(await post('http://127.0.0.1:1')).toBe('ECONNREFUSED');
    expect(await post('https://a-secret-name.invalid')).toMatch(/^E[A-Z_]+$/);
  });

  test('uses the proxy of the job', async () => {
    await using proxy = await startRefusingProxy();
    const reason = await post('https://hooks.example.test', { https_proxy: proxy.url });
    expect(reason).not.toMatch(/secret|hooks/);
    expect(new Set(proxy.asked)).toEqual(new Set(['hooks.example.test:443']));
  });
});

describe('the text of a message', () => {
  const messageOf = (result: Parameters<typeof runAlarms>[0], waiting: readonly string[] = []) =>
    webhookMessage(
      { status: result.status, subjects: runAlarms(result, ({ name }) => waiting.includes(name)) },
      run,
      'o/r',
    );

  test('names the failed peers and their codes, and no text of a peer', () => {
    const rows = [conflict({ key: { id: 'private' }, resolution: 'ours' })];
    const error = { code: 'id-collision', message: 'private', hint: 'private', retryable: false } as const;
    const one = peer({ name: 'box', status: 'conflict', error, conflicts: rows });
    const result = runResult({ status: 'conflict', peers: [peer(failed), one, peer()] });
    const message = messageOf(result);
    expect(webhookSchema.parse(message)).toEqual({
      ...MESSAGE,
      text: 'dolt-federation sync: conflict, gone (network), box (id-collision)',
      status: 'conflict',
      peers: [...MESSAGE.peers, { name: 'box', code: 'id-collision', needsDecision: true }],
    });
    expect(JSON.stringify(message)).not.toContain('private');
  });

  test('is not sent without a failure, or if no failure counts yet', () => {
    expect(messageOf(runResult({ peers: [peer()] }))).toBeNull();
    expect(messageOf(runResult({ status: 'skipped', problems: [problem({ severity: 'error' })] }))).toBeNull();
    expect(messageOf(runResult({ status: 'failed', peers: [peer(failed)] }), ['gone'])).toBeNull();
  });

  test('mentions no user and contains no link, whatever name a forged result gives a peer', () => {
    const names = ['<!channel>', '@everyone', '<https://evil.example|click>', '[a](b)'];
    const peers = names.map((name) => peer({ ...failed, name }));
    const message = messageOf(runResult({ status: 'failed', peers }));
    expect(message?.text).not.toMatch(/[<>@[|*]/);
    expect(message?.peers.map(({ name }) => name)).toEqual(names);
  });

  test('contains the code of a run that failed as a whole', () => {
    const problems = [problem({ severity: 'error', code: 'unsaved' })];
    expect(messageOf(runResult({ status: 'failed', peers: [peer()], unsaved: 2, problems }))).toMatchObject({
      text: 'dolt-federation sync: failed, unsaved',
      error: { code: 'unsaved' },
      peers: [],
    });
  });

  test('is one line even for a large federation', () => {
    const peers = Array.from({ length: 500 }, (_, index) => peer({ ...failed, name: `peer${index}` }));
    const message = messageOf(runResult({ status: 'failed', peers }));
    expect(message?.text).toMatch(/, peer9 \(network\), and 490 more peers$/);
    expect(message?.peers).toHaveLength(500);
  });
});
