import { describe, expect, test } from '@jest/globals';
import { configure, problemPlaces, refusal } from '../helpers/configuring.ts';

/** Nine levels of ten aliases each: a thousand million values. */
const BOMB = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
  .concat([...'bcdefghi'].map((one, index) => `${one}: &${one} [${Array(10).fill(`*${'abcdefgh'[index]}`).join()}]`))
  .join('\n');

describe('text that is not a configuration', () => {
  test.each([
    ['a: [\n', 'config-syntax 1:4'],
    ['a:\n\tb: 1\n', 'config-syntax 2:1'],
    ['sync: &x {mode: *y}', 'config-syntax 1:17'],
    ['a: 1\n---\nb: 2\n', 'config-syntax 2:1'],
    ['%YAML 1.1\n---\na: yes\n', 'config-syntax 1:1'],
    ['- a\n', 'config-syntax 1:1'],
    ['text\n', 'config-syntax 1:1'],
    ['a: 1\nb: 2\na: 1\n', 'config-syntax 3:1'],
    ['other:\n  x: 1\n  x: 2\n', 'config-syntax 3:3'],
    [BOMB, 'config-syntax 2:8'],
    [`a: &a 1\nb: [${'*a,'.repeat(1001)}]`, 'config-syntax 2:5'],
    [`a: ${'['.repeat(500_000)}`, 'config-syntax 1:1'],
    [`a: ${'{b: '.repeat(5_000)}`, 'config-syntax 1:1'],
    [`${'- '.repeat(5_000)}a`, 'config-syntax 1:1'],
    [Array.from({ length: 900 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), 'config-syntax 402:1'],
  ])('is reported at its place: %.40j', async (text, place) => {
    expect(await problemPlaces(text)).toEqual([place]);
  });

  test('a message about malformed YAML repeats no text of the file', async () => {
    for (const text of ['token: "hunter2\n', '"a" hunter2\n', 'a: "x" hunter2\n', ']hunter2']) {
      const problems = (await refusal(() => configure(text))).problems;
      for (const { message, hint } of problems) expect(`${message}${hint}`).not.toContain('hunter2');
    }
  });

  test.each(['', '# only a comment\n', '---\n', '~\n', '\uFEFF', '\uFEFFsync: {mode: realtime}'])(
    '%j is valid',
    (text) => {
      expect(configure(text).syncMode.value).toBe(text.includes('sync') ? 'realtime' : 'dolt-native');
    },
  );
});

describe('unknown keys', () => {
  test.each([
    ['sync: {Mode: x}', 'unknown key "sync.Mode"', '`sync.mode`'],
    ['federation:\n  sovereignity: T4', 'unknown key "federation.sovereignity"', '`federation.sovereignty`'],
    [
      'federation.allowed_remote_patterns: []',
      'unknown key "federation.allowed_remote_patterns"',
      '`federation.allowed-remote-patterns`',
    ],
    ['conflict.strateg: ours', 'unknown key "conflict.strateg"', '`conflict.strategy`'],
    ['federation: {constructor: 1}', 'unknown key "federation.constructor"', 'Known keys: remote'],
    ['federation: {"peers.a": file:///a}', 'unknown key "federation.peers.a"', '`federation.peers`'],
    [
      'federation: {peers: {a: {endpoint: file:///a, rolle: peer}}}',
      'unknown key "federation.peers.a.rolle"',
      '`federation.peers.a.role`',
    ],
  ])('are refused: %j', async (text, message, hint) => {
    const failure = await refusal(() => configure(text));
    expect(failure).toMatchObject({ code: 'config-unknown-key', message });
    expect(failure.hint).toContain(hint);
  });

  test.each([
    ['Federation:\n  remote: file:///x', '"Federation"', '`federation`'],
    ['FEDERATION: {peers: {}}', '"FEDERATION"', '`federation`'],
    ['federatoin: {peers: {}}', '"federatoin"', '`federation`'],
    ['federations: {}', '"federations"', '`federation`'],
    ['Federation.remote: file:///x', '"Federation.remote"', '`federation.remote`'],
    ['snyc: {mode: dolt-native}', '"snyc"', '`sync`'],
    ['Sync.mode: dolt-native', '"Sync.mode"', '`sync.mode`'],
    ['conflicts: {strategy: ours}', '"conflicts"', '`conflict`'],
    ['peers: {a: file:///a}', '"peers"', '`federation.peers`'],
    ['peers.a: file:///a', '"peers.a"', '`federation.peers.a`'],
    ['sovereignty: T4', '"sovereignty"', '`federation.sovereignty`'],
    ['allowed_remote_patterns: []', '"allowed_remote_patterns"', '`federation.allowed-remote-patterns`'],
  ])('%j is a misspelling of one of our keys', async (text, key, hint) => {
    const failure = await refusal(() => configure(text));
    expect(failure).toMatchObject({ code: 'config-unknown-key', message: `the top-level key ${key} has no effect` });
    expect(failure.hint).toContain(hint);
    expect(failure.location).toMatchObject({ line: 1, column: 1 });
  });

  test.each(['syncer: {}', 'async: 1', 'sync-branch: x', 'peer: 1', 'conflicting: 1', 'remote: x'])(
    '%j belongs to another program',
    (text) => {
      expect(configure(text).peers).toEqual([]);
    },
  );

  test('the keys of beads and all other top-level keys are ignored', () => {
    const text = `issue-prefix: bd
no-push: true
5: number
syncer: {any: thing}
sync: {export_on: push, import_on: pull, remote: x, git-remote: y, branch: z}
conflict: {fields: {a: max}}
federation: {remotes: {a: {url: x}}, exclude_types: [wisp]}
`;
    expect(configure(text).peers).toEqual([]);
    for (const value of ['[]', '[ wisp ]', 'wisp']) configure(`federation.exclude_types: ${value}`);
  });

  test.each([
    'federation: {privacy: {}}',
    'federation: {organizations: []}',
    'federation: {exclude_types: [bug]}',
    'federation.exclude_types: [wisp, bug]',
    ...['filter', 'erasure'].map((key) => `federation: {peers: {a: {endpoint: file:///a, ${key}: x}}}`),
  ])('%s is reserved for a later version', async (text) => {
    const failure = await refusal(() => configure(text));
    expect(failure).toMatchObject({ code: 'not-supported', location: { file: '/c.yaml', line: 1 } });
    expect(failure.message).toContain('not supported by this version');
  });

  test.each([
    ['sync: dolt-native', 'config-invalid 1:7'],
    ['federation: []', 'config-invalid 1:13'],
    ['federation: {5: x}', 'config-invalid 1:14'],
    ['federation: {peers: {a: !env file:///a}}', 'config-invalid 1:30'],
    ['a: &a {mode: realtime}\nsync: *a', 'config-invalid 2:7'],
    ['federation: {allowed-remote-patterns: [a, "b["]}', 'config-invalid 1:43'],
    ['federation: {allowed-remote-patterns: [5]}', 'config-invalid 1:40'],
    ['federation: {allowed-remote-patterns: {a: b}}', 'config-invalid 1:39'],
    ['federation: {remote: 5}', 'config-invalid 1:22'],
    ['sync: {mode: }', 'config-invalid 1:14'],
  ])('%j is refused', async (text, place) => {
    expect(await problemPlaces(text)).toEqual([place]);
  });

  test('an unknown tag is named', async () => {
    const failure = await refusal(() => configure('federation: {peers: {a: !env file:///a}}'));
    expect(failure.message).toBe('a value of the type !env is not supported here');
  });

  test('an alias may replace a single value', () => {
    expect(configure('x: &mode realtime\nsync: {mode: *mode}').syncMode.value).toBe('realtime');
  });
});

describe('both spellings of a key', () => {
  test('flat dotted keys are read as the nested ones', () => {
    const text =
      'federation.sovereignty: "T4"\nsync.mode: realtime\nfederation.peers.a: file:///a\nfederation.peers.b.endpoint: file:///b\nfederation.peers.b.role: backup\n';
    const configuration = configure(text);
    expect(configuration.sovereignty).toMatchObject({ value: 'T4', origin: { location: { line: 1, column: 1 } } });
    expect(configuration.syncMode.value).toBe('realtime');
    expect(configuration.peers.map(({ name, role }) => `${name} ${role}`)).toEqual(['a peer', 'b backup']);
  });

  test('both spellings add up, and may agree', () => {
    const text =
      'federation:\nfederation.peers:\n  a: file:///a\nfederation.dirty: fail\nsync: {mode: realtime}\nsync.mode: realtime\n';
    expect(configure(text)).toMatchObject({ dirty: { value: 'fail' }, peers: [{ name: 'a' }] });
  });

  test.each([
    ['sync: {mode: realtime}\nsync.mode: dolt-native', 'config-ambiguous 2:1'],
    ['federation.peers.a: file:///a\nfederation: {peers: {a: file:///b}}', 'config-ambiguous 2:22'],
    ['federation.peers.a: file:///a\nfederation.peers.a.role: peer', 'config-ambiguous 2:1'],
  ])('contradictory spellings are an error: %j', async (text, place) => {
    expect(await problemPlaces(text)).toEqual([place]);
  });
});

test('all problems are reported at once, the topmost first', async () => {
  const text =
    'federation:\n  dirty: no\n  peers:\n    a: srv\n    Main: file:///m\n    b: {endpoint: file:///b, color: red}\nsync: {mod: x}\n';
  const failure = await refusal(() => configure(text));
  expect(failure.message).toBe('federation.dirty: "no" is not one of allow, fail, commit (and 4 more problems)');
  expect(failure.problems.map(({ code }) => code)).toEqual([
    'config-invalid',
    'invalid-endpoint',
    'invalid-peer-name',
    'config-unknown-key',
    'config-unknown-key',
  ]);
  expect(await problemPlaces(text)).toHaveLength(5);
});
