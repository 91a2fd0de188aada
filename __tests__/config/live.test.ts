import { describe, expect, test } from '@jest/globals';
import { configure, refusal } from '../helpers/configuring.ts';

const live = (peer: string, federation = 'town: north') =>
  configure(`federation: {${federation}, peers: {a: ${peer}}}`).peers[0]?.live;

describe('whether a peer is a running database', () => {
  test.each([
    ['https://h/db', null],
    ['http://localhost:1/db', null],
    ['ssh://u@h/srv/db', null],
    ['{endpoint: "https://h/db", live: true}', true],
    ['{endpoint: "https://h/db", live: false}', false],
    ['{endpoint: "ssh://h/srv/db", live: true}', true],
    ['{endpoint: "file:///srv/a", live: false}', false],
    ['file:///srv/a', false],
    ['gs://b/p', false],
    ['s3://b/p', false],
    ['"aws://[t:b]/p"', false],
    ['git@h:p', false],
    ['https://h/p.git', false],
    ['ssh://h/p.git', false],
    ['az://h/c/p', false],
    ['oci://b/p', false],
    ['dolthub://o/r', false],
    ['https://doltremoteapi.dolthub.com/o/r', false],
  ])('%s: %s', (peer, expected) => {
    expect(live(peer)).toBe(expected);
  });

  test.each([
    ['https://plain.example/db', false],
    ['https://PLAIN.example:8443/db', false],
    ['ssh://u@plain.example/srv/db', false],
    ['{endpoint: "https://plain.example/db", live: true}', true],
    ['https://other.example/db', null],
    ['https://other.example:50051/db', false],
    ['https://sub.plain.example/db', null],
    ['https://plain.example.evil/db', null],
  ])('with plain hosts %s: %s', (peer, expected) => {
    expect(live(peer, 'town: north, plain-hosts: [Plain.example, "other.example:50051"]')).toBe(expected);
  });

  test('the host that serves dolthub:// can be a plain host', () => {
    const text = 'federation: {remote: "https://hub.example:8443/o/r"}';
    expect(configure(text).peers[0]?.live).toBeNull();
    expect(configure(text, { overrides: { dolthubHost: 'Hub.example:8443' } }).peers[0]?.live).toBe(false);
  });

  test.each([
    'file:///srv/a',
    'gs://b/p',
    's3://b/p',
    '"aws://[t:b]/p"',
    'git@h:p',
    'https://h/p.git',
    'dolthub://o/r',
    'az://h/c/p',
  ])('%s cannot be a running database', async (endpoint) => {
    const failure = await refusal(() => live(`{endpoint: ${endpoint}, live: true}`));
    expect(failure.code).toBe('config-invalid');
    expect(failure.message).toMatch(/^peer a: `live: true` has no effect for /);
    expect(failure.location).toMatchObject({ line: 1 });
  });

  test.each(['"true"', 'yes', '1', 'maybe'])('%s is not a valid value', async (written) => {
    const failure = await refusal(() => live(`{endpoint: "https://h/db", live: ${written}}`));
    expect(failure).toMatchObject({
      code: 'config-invalid',
      message: 'federation.peers.a.live: must be true or false',
    });
  });
});

describe('the name of our database', () => {
  test('is required to deliver, and comes from file or environment', async () => {
    const peer = '{endpoint: "https://h/db", live: true}';
    const failure = await refusal(() => live(peer, 'dirty: allow'));
    expect(failure).toMatchObject({ code: 'config-invalid', hint: expect.stringContaining('Set `federation.town`') });
    expect(live('{endpoint: "https://h/db", live: true, role: upstream}', 'dirty: allow')).toBe(true);
    const env = { BD_FEDERATION_TOWN: 'south' };
    const found = configure(`federation: {town: north, peers: {a: ${peer}}}`, { env });
    expect(found.town).toEqual({ value: 'south', origin: { layer: 'environment', variable: 'BD_FEDERATION_TOWN' } });
  });

  test.each(['a/b', '-a', 'a-', '.a', 'a.', 'a..b', 'a b', 'a:b', 'ü', '', 'a'.repeat(65)])(
    'is refused if it is %j',
    async (local) => {
      const failure = await refusal(() => configure(`federation: {town: ${JSON.stringify(local)}}`));
      expect(failure.code).toBe('config-invalid');
      expect(failure.message).toMatch(/^federation.town: must /);
    },
  );
});

describe('the settings for deliveries', () => {
  test.each([
    ['true', true],
    ['false', false],
    ['[north, south]', ['north', 'south']],
    ['[]', []],
  ])('inbox: %s', (written, value) => {
    expect(configure(`federation: {inbox: ${written}}`).inbox.value).toEqual(value);
  });

  test.each([
    ['inbox: north', 'federation.inbox: must be true, false or a list of names'],
    ['inbox: [a/b]', expect.stringContaining('federation.inbox')],
    ['plain-hosts: h', 'federation.plain-hosts: must be a list of hosts'],
    [
      'plain-hosts: ["https://h"]',
      'federation.plain-hosts[0]: must be a host such as dolt.example or dolt.example:8080',
    ],
    ['plain-hosts: ["h/db"]', expect.stringContaining('must be a host')],
    ['plain-hosts: ["h:0"]', expect.stringContaining('must be a host')],
  ])('%s is refused', async (written, message) => {
    expect(await refusal(() => configure(`federation: {${written}}`))).toMatchObject({
      code: 'config-invalid',
      message,
    });
  });
});
