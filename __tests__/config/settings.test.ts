import { describe, expect, test } from '@jest/globals';
import type { Origin } from '../../src/config/configuration.ts';
import { configure, refusal, type SearchContext } from '../helpers/configuring.ts';

const at = (line: number, column: number): Origin => ({ layer: 'file', location: { file: '/c.yaml', line, column } });
const variable = (name: string): Origin => ({ layer: 'environment', variable: name });
const input = (name: string): Origin => ({ layer: 'input', name });

const FILE = `sync:
  mode: belt-and-suspenders
federation:
  remote: file:///srv/file
  allowed-remote-patterns: ["file:///srv/*"]
  dirty: fail
conflict:
  strategy: ours
`;
const ENV = {
  BD_SYNC_MODE: 'realtime',
  BD_FEDERATION_REMOTE: 'file:///srv/env',
  BD_FEDERATION_ALLOWED_REMOTE_PATTERNS: 'file:///srv/*, gs://*/*',
  BD_CONFLICT_STRATEGY: 'theirs',
};
const OVERRIDES = {
  syncMode: 'dolt-native',
  remote: 'file:///srv/input',
  strategy: 'manual',
  dirty: 'commit',
} as const;

describe('precedence: default, file, environment, input', () => {
  test('the defaults apply without any setting', () => {
    const nothing = { origin: { layer: 'default' } };
    expect(configure('')).toEqual({
      file: '/c.yaml',
      workspace: null,
      redirect: null,
      bdEnv: {},
      syncMode: { ...nothing, value: 'dolt-native' },
      attribution: { ...nothing, value: 'report' },
      push: { ...nothing, value: true, guard: null },
      register: { ...nothing, value: 'keep' },
      sovereignty: { ...nothing, value: 'T1' },
      remote: { ...nothing, value: null },
      strategy: { ...nothing, value: 'newest' },
      database: { value: null, origin: { layer: 'default' } },
      dirty: { ...nothing, value: 'allow' },
      allowedRemotePatterns: { ...nothing, value: [] },
      town: { ...nothing, value: null },
      inbox: { ...nothing, value: false },
      server: { ...nothing, value: null },
      plainHosts: { ...nothing, value: [] },
      peers: [],
    });
  });

  test('the file overrides the default', () => {
    expect(configure(FILE)).toMatchObject({
      syncMode: { value: 'belt-and-suspenders', origin: at(2, 3) },
      remote: { value: 'file:///srv/file', origin: at(4, 3) },
      allowedRemotePatterns: { value: ['file:///srv/*'], origin: at(5, 3) },
      dirty: { value: 'fail', origin: at(6, 3) },
      strategy: { value: 'ours', origin: at(8, 3) },
    });
  });

  test('the environment overrides the file', () => {
    expect(configure(FILE, { env: ENV })).toMatchObject({
      syncMode: { value: 'realtime', origin: variable('BD_SYNC_MODE') },
      remote: { value: 'file:///srv/env', origin: variable('BD_FEDERATION_REMOTE') },
      allowedRemotePatterns: {
        value: ['file:///srv/*', 'gs://*/*'],
        origin: variable('BD_FEDERATION_ALLOWED_REMOTE_PATTERNS'),
      },
      strategy: { value: 'theirs', origin: variable('BD_CONFLICT_STRATEGY') },
      dirty: { value: 'fail', origin: at(6, 3) },
    });
  });

  test('the input overrides the environment', () => {
    expect(configure(FILE, { env: ENV, overrides: OVERRIDES })).toMatchObject({
      syncMode: { value: 'dolt-native', origin: input('--sync-mode') },
      remote: { value: 'file:///srv/input', origin: input('--remote') },
      strategy: { value: 'manual', origin: input('--conflict-strategy') },
      dirty: { value: 'commit', origin: input('--dirty') },
    });
  });

  test('empty variables and inputs count as unset', () => {
    const empty = Object.fromEntries(Object.keys(ENV).map((key) => [key, '']));
    expect(configure(FILE, { env: empty, overrides: { remote: '' } })).toEqual(configure(FILE));
  });

  test('the default mode inside a beads workspace is git-portable', () => {
    expect(configure('', { workspace: '/w/.beads' }).syncMode.value).toBe('git-portable');
  });

  test('case and surrounding spaces of a word do not matter', () => {
    expect(configure('sync: {mode: " Dolt-Native "}\nfederation: {sovereignty: " t3 "}')).toMatchObject({
      syncMode: { value: 'dolt-native' },
      sovereignty: { value: 'T3' },
    });
  });

  test('an empty remote in the file counts as unset, because beads writes it', () => {
    expect(configure('federation: {remote: ""}').peers).toEqual([]);
    expect(configure('federation:\n  remote:\n').remote.value).toBeNull();
  });
});

describe('sovereignty can only be raised', () => {
  const tiers: readonly (readonly [string, string, 'T1' | 'T2' | undefined, string, Origin['layer']])[] = [
    ['', '', undefined, 'T1', 'default'],
    ['T1', '', undefined, 'T1', 'file'],
    ['T3', 'T2', 'T1', 'T3', 'file'],
    ['T2', 't4', 'T1', 'T4', 'environment'],
    ['', 'T1', 'T2', 'T2', 'input'],
    ['T2', 'T2', 'T2', 'T2', 'input'],
  ];
  test.each(tiers)('file %j, environment %j, input %j: %s from %s', (file, env, tier, value, layer) => {
    const context: SearchContext = { env: { BD_FEDERATION_SOVEREIGNTY: env }, overrides: { sovereignty: tier } };
    const text = file === '' ? '' : `federation: {sovereignty: ${file}}`;
    expect(configure(text, context).sovereignty).toMatchObject({ value, origin: { layer } });
  });

  test.each(['T5', '', ' ', 'none', '"4"', '4', 'true', '~', '[T4]'])(
    '%j is an error, never a default',
    async (written) => {
      const failure = await refusal(() => configure(`federation:\n  sovereignty: ${written || '""'}\n`));
      expect(failure).toMatchObject({ code: 'config-invalid', location: { file: '/c.yaml', line: 2 } });
      expect(failure.message).toContain('T1, T2, T3, T4');
    },
  );
});

describe('invalid values', () => {
  test.each([
    [
      { BD_SYNC_MODE: 'dolt' },
      'BD_SYNC_MODE: "dolt" is not one of git-portable, realtime, dolt-native, belt-and-suspenders',
    ],
    [{ BD_FEDERATION_SOVEREIGNTY: 'T0' }, 'BD_FEDERATION_SOVEREIGNTY: "T0" is not one of T1, T2, T3, T4'],
    [{ BD_CONFLICT_STRATEGY: 'x' }, 'BD_CONFLICT_STRATEGY: "x" is not one of newest, ours, theirs, manual'],
    [
      { BD_FEDERATION_ALLOWED_REMOTE_PATTERNS: 'a[' },
      'BD_FEDERATION_ALLOWED_REMOTE_PATTERNS[0]: the pattern "a[" is malformed',
    ],
    // As a template with an unset variable in it gives.
    ...[' ', '\n', ' ,'].map(
      (blank) =>
        [
          { BD_FEDERATION_ALLOWED_REMOTE_PATTERNS: blank },
          `BD_FEDERATION_ALLOWED_REMOTE_PATTERNS: ${JSON.stringify(blank)} contains no pattern`,
        ] as const,
    ),
    [{ BD_FEDERATION_REMOTE: 'srv' }, 'BD_FEDERATION_REMOTE: invalid endpoint format "srv"'],
    [{ DOLT_FEDERATION_DOLTHUB_HOST: 'a/b' }, 'the host for dolthub:// endpoints, "a/b", is not a valid host'],
    [
      { DOLT_FEDERATION_DOLTHUB_HOST: '10.0.0.256' },
      'the host for dolthub:// endpoints, "10.0.0.256", is not a valid host',
    ],
    [{ DOLT_FEDERATION_DOLTHUB_HOST: 'u@b' }, 'the host for dolthub:// endpoints, "u@b", is not a valid host'],
  ])('are refused: %j', async (env, message) => {
    expect((await refusal(() => configure('', { env }))).message).toContain(message);
  });

  test('patterns without any pattern allow nothing silently, and an empty list allows everything', async () => {
    const peer = '    a: {endpoint: https://a.example/d, trust: ","}\n';
    const failure = await refusal(() => configure(`federation:\n  allowed-remote-patterns: ""\n  peers:\n${peer}`));
    expect(failure.problems.map(({ message, location }) => `${location?.line}: ${message}`)).toEqual([
      '2: federation.allowed-remote-patterns: "" contains no pattern',
      '4: federation.peers.a.trust: "," contains no pattern',
    ]);
    expect(configure('federation: {allowed-remote-patterns: []}').allowedRemotePatterns.value).toEqual([]);
  });

  test('an input that is not an endpoint is named', async () => {
    const failure = await refusal(() => configure('', { overrides: { remote: 'srv' } }));
    expect(failure).toMatchObject({ code: 'invalid-endpoint', message: expect.stringMatching(/^--remote: invalid/) });
  });

  test('the host for DoltHub comes from the input, otherwise from the environment', () => {
    const text = 'federation: {remote: "dolthub://o/r"}';
    const env = { DOLT_FEDERATION_DOLTHUB_HOST: 'env.example' };
    expect(configure(text, { env }).peers[0]?.endpoint.dolt).toBe('https://env.example/o/r');
    const overrides = { dolthubHost: 'in.example:1' };
    expect(configure(text, { env, overrides }).peers[0]?.endpoint.dolt).toBe('https://in.example:1/o/r');
    expect(configure(text).peers[0]?.endpoint.dolt).toBe('https://doltremoteapi.dolthub.com/o/r');
  });
});

test('attribution can be off, and stamp needs a name', async () => {
  expect(configure('federation.attribution: Off').attribution.value).toBe('off');
  const failure = await refusal(() => configure('federation: {attribution: stamp}'));
  expect(failure).toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining('which is not set'),
  });
  expect(configure('federation: {attribution: stamp, town: north}').attribution.value).toBe('stamp');
});
