import { describe, expect, test } from '@jest/globals';
import { configure, problemPlaces, refusal } from '../helpers/configuring.ts';

const summary = (text: string, overrides = {}) =>
  configure(text, { overrides }).peers.map(({ name, role, tier, branch }) => [name, role, tier, branch]);

describe('peers', () => {
  test('are endpoints or mappings, sorted by name after the primary', () => {
    const text = `federation:
  remote: file:///srv/own
  sovereignty: T2
  peers:
    zeta: file:///srv/z
    alpha:
      endpoint: gs://bucket/a
      role: Upstream
      tier: t3
      branch: release/1
    low: {endpoint: file:///srv/l, tier: T1, lower-tier: true, role: backup}
`;
    expect(summary(text)).toEqual([
      ['origin', 'primary', 'T2', null],
      ['alpha', 'upstream', 'T3', 'release/1'],
      ['low', 'backup', 'T1', null],
      ['zeta', 'peer', 'T2', null],
    ]);
    expect(configure(text).peers[1]).toMatchObject({
      endpoint: { written: 'gs://bucket/a', kind: 'gs' },
      origin: { layer: 'file', location: { line: 6, column: 5 } },
    });
  });

  test('include a primary by role if federation.remote is not set', () => {
    const text = 'federation: {peers: {a: file:///a, hub: {endpoint: file:///h, role: primary}}}';
    expect(summary(text)).toEqual([
      ['hub', 'primary', 'T1', null],
      ['a', 'peer', 'T1', null],
    ]);
  });

  test('have their own strategy or that of the run', () => {
    const text = 'federation: {remote: file:///o, peers: {a: {endpoint: file:///a, conflict: Manual}, b: file:///b}}';
    const strategies = (overrides = {}) => configure(text, { overrides }).peers.map(({ strategy }) => strategy);
    expect(strategies()).toEqual(['newest', 'manual', 'newest']);
    expect(strategies({ strategy: 'theirs' })).toEqual(['theirs', 'manual', 'theirs']);
  });

  test('can come from the input', () => {
    const overrides = { peers: 'b: file:///b\na: {endpoint: file:///a, role: archive}' };
    expect(summary('federation: {peers: {c: file:///c}}', overrides).map(([name]) => name)).toEqual(['a', 'b', 'c']);
    expect(configure('', { overrides }).peers[0]?.origin).toEqual({ layer: 'input', name: 'peers' });
  });

  test('accept each word once, and a primary of federation.remote accepts no changes', () => {
    const text = 'federation: {remote: file:///o, peers: {a: {endpoint: file:///a, accept: [Future, ignore, future]}}}';
    expect(configure(text).peers.map(({ name, accept }) => [name, accept])).toEqual([
      ['origin', []],
      ['a', ['future', 'ignore']],
    ]);
    expect(configure('federation: {peers: {a: {endpoint: file:///a, accept: []}}}').peers[0]?.accept).toEqual([]);
  });

  test('may name an S3 service that a pattern allows', () => {
    const patterns = '["s3://b/*", "https://s3.own.example"]';
    const peer = '{endpoint: s3://b/p, aws: {endpoint: "https://S3.own.example:443/"}}';
    const { peers } = configure(`federation: {allowed-remote-patterns: ${patterns}, peers: {a: ${peer}}}`);
    expect(peers).toHaveLength(1);
  });

  test('are none in an empty mapping', () => {
    expect(summary('federation:\n  peers:\n')).toEqual([]);
    expect(summary('federation:\n')).toEqual([]);
    expect(summary('', { peers: '# none\n' })).toEqual([]);
  });
});

const PEER = 'federation:\n  peers:\n    a:\n      endpoint: file:///a\n      ';

describe('peers that are refused', () => {
  test.each([
    [`${PEER}role: prim`, 'config-invalid 5:13'],
    [`${PEER}conflict: latest`, 'config-invalid 5:17'],
    [`${PEER}tier: T9`, 'config-invalid 5:13'],
    [`${PEER}lower-tier: "true"`, 'config-invalid 5:19'],
    [`${PEER}branch: 1.0`, 'config-invalid 5:15'],
    [`${PEER}branch: "a:b"`, 'config-invalid 5:15'],
    [`${PEER}Role: peer`, 'config-unknown-key 5:7'],
    [`${PEER}timeout: 5`, 'config-invalid 5:16'],
    [`${PEER}erasure: strict`, 'not-supported 5:7'],
    [`${PEER}accept: triggers`, 'config-invalid 5:15'],
    [`${PEER}accept:`, 'config-invalid 5:14'],
    [`${PEER}accept: {triggers: true}`, 'config-invalid 5:15'],
    [`${PEER}accept: [triggers, trigger]`, 'config-invalid 5:26'],
    [`${PEER}accept:\n        - ignore\n        - 5`, 'config-invalid 7:11'],
    [`${PEER}acept: [triggers]`, 'config-unknown-key 5:7'],
    ['federation:\n  sovereignty: T3\n  peers: {a: {endpoint: file:///a, tier: T2}}', 'tier-lowered 3:42'],
    ['federation:\n  peers:\n    Main: file:///a', 'invalid-peer-name 3:5'],
    ['federation:\n  peers:\n    a: ', 'config-invalid 3:8'],
    ['federation:\n  peers:\n    a: 5', 'config-invalid 3:8'],
    ['federation:\n  peers:\n    a: []', 'config-invalid 3:8'],
    ['federation:\n  peers:\n    a: {role: peer}', 'config-invalid 3:8'],
    ['federation:\n  peers:\n    a: srv', 'invalid-endpoint 3:8'],
    ['federation:\n  peers:\n    a: https://u:p@h/x', 'secret-in-config 3:8'],
    ['federation:\n  peers: file:///a', 'config-invalid 2:10'],
    ['federation:\n  peers: [file:///a]', 'config-invalid 2:10'],
    ['federation: {remote: file:///h, peers: {a: {endpoint: file:///a, role: primary}}}', 'config-invalid 1:72'],
    [
      'federation: {peers: {a: {endpoint: file:///a, role: primary}, b: {endpoint: file:///a, role: primary}}}',
      'config-invalid 1:94',
    ],
    ['federation: {allowed-remote-patterns: ["gs://*/*"], peers: {a: file:///a}}', 'endpoint-not-allowed 1:64'],
    ['federation: {allowed-remote-patterns: [gs://b/*], remote: file:///a}', 'endpoint-not-allowed 1:51'],
    [
      'federation: {allowed-remote-patterns: ["s3://b/*"], peers: {a: {endpoint: s3://b/p, aws: {endpoint: "https://s3.stranger.example"}}}}',
      'endpoint-not-allowed 1:101',
    ],
    [
      'federation: {allowed-remote-patterns: ["s3://b/*"], peers: {a: "s3://b/p?endpoint=https://s3.stranger.example"}}',
      'endpoint-not-allowed 1:64',
    ],
  ])('%j is refused: %s', async (text, place) => {
    expect(await problemPlaces(text)).toEqual([place]);
  });

  test.each([
    ['file:///srv/x', 'file:///srv/x'],
    ['https://h.example/x.git', 'git+https://H.example:443/x.git'],
    ['dolthub://org/x', 'https://doltremoteapi.dolthub.com/org/x'],
    ['ssh://ann@h.example/~/x', 'ssh://ann@h.example:22/~/x'],
    // Outside of the homes, the user only decides who may write.
    ['ssh://ann@h.example/srv/x', 'ssh://bob@h.example/srv/x'],
    ['s3://b/x', 's3://b/x", aws: {region: eu-west-1, endpoint: "https://S.example:443'],
    ['aws://[tab:b]/x', 's3://b/x", aws: {dynamodb-table: tab, endpoint: "https://S.example'],
    ['s3://b/x', 's3://b/x", aws: {dynamodb-table: tab, endpoint: "https://S.example'],
    ['ann@h.example:x.git', 'git+ssh://ann@h.example/~/x.git'],
    ['git+https://h.example/x', 'git+https://h.example/x", "ref": "refs/dolt/data'],
  ])('push to the upstream %s as %s: refused', async (upstream, backup) => {
    const text = `federation: {peers: {u: {endpoint: "${upstream}", role: upstream}, b: {role: backup, endpoint: "${backup}"}}}`;
    const env = { AWS_ENDPOINT_URL_S3: 'https://s.example' };
    const failure = await refusal(() => configure(text.replace(/(aws: \{.*?")\}/, '$1}}'), { env }));
    expect(failure).toMatchObject({ code: 'config-invalid', message: expect.stringContaining('of the upstream u') });
  });

  test.each([
    ['ssh://ann@h.example/~/x', 'ssh://bob@h.example/~/x'],
    ['ann@h.example:x.git', 'bob@h.example:x.git'],
    ['s3://b/x', 's3://b/x?endpoint=https://s.example'],
    ['ssh://ann@h.example/~/x', 'ssh://ann@h.example/x'],
  ])('push to a backup %s beside the upstream %s', (upstream, backup) => {
    const text = `federation: {peers: {u: {endpoint: "${upstream}", role: upstream}, b: {role: backup, endpoint: "${backup}"}}}`;
    expect(configure(text).peers.map(({ name }) => name)).toEqual(['b', 'u']);
  });

  test('from the input have their place in the input', async () => {
    const overrides = { peers: 'b: file:///b\na: srv' };
    const failure = await refusal(() => configure('', { overrides }));
    expect(failure).toMatchObject({ code: 'invalid-endpoint', location: { file: 'input peers', line: 2, column: 4 } });
  });

  test.each([
    ['a: file:///a', 'peer-exists', 1],
    ['a: [', 'config-syntax', 1],
    ['- file:///a', 'config-syntax', 1],
    ['\n5: file:///a', 'config-invalid', 2],
  ])('from the input: %j is %s', async (peers, code, line) => {
    const failure = await refusal(() => configure('federation: {peers: {a: file:///a}}', { overrides: { peers } }));
    expect(failure).toMatchObject({ code, location: { file: 'input peers', line } });
  });

  test('have messages with the value and the fix', async () => {
    const messageOf = async (text: string) => (await refusal(() => configure(text))).message;
    expect(await messageOf(`${PEER}role: prim`)).toBe(
      'federation.peers.a.role: "prim" is not one of primary, peer, upstream, backup, archive',
    );
    for (const peer of ['{role: backup}', '{}', '', '{endpoint: }']) {
      expect(await messageOf(`federation: {peers: {c: ${peer}}}`)).toBe(
        'federation.peers.c.endpoint: is missing: write the endpoint of the peer, such as file:///path',
      );
    }
    expect(await messageOf(`${PEER}accept: [triggers, all]`)).toBe(
      'federation.peers.a.accept[1]: "all" is not one of triggers, procedures, events, ignore, deletion, future, recreated, expressions, ignored-tables, peers',
    );
    expect(await messageOf(`${PEER}accept: triggers`)).toBe(
      'federation.peers.a.accept: must be a list of triggers, procedures, events, ignore, deletion, future, recreated, expressions, ignored-tables, peers',
    );
    expect(await messageOf('federation: {sovereignty: T3, peers: {a: {endpoint: file:///a, tier: T2}}}')).toBe(
      "peer a: tier T2 is below the federation's T3",
    );
    expect(await messageOf('federation: {allowed-remote-patterns: ["gs://*/*"], peers: {a: file:///a}}')).toBe(
      'peer a: the endpoint "file:///a" does not match any allowed pattern of "gs://*/*"',
    );
    expect(await messageOf('federation: {remote: file:///h, peers: {a: {endpoint: file:///a, role: primary}}}')).toBe(
      'peer a: the primary is already set (federation.remote)',
    );
  });
});
