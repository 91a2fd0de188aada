import { describe, expect, test } from '@jest/globals';
import { NO_REWRITES, type Request } from '../../../src/commands/request.ts';
import { DEFAULT_DOLT_VERSION } from '../../../src/contract/dolt-options.ts';
import { parseArgv } from '../../../src/frontends/cli/parse-argv.ts';
import { parseAskedVersion } from '../../../src/install/version.ts';
import { HEAD } from '../../helpers/results.ts';

function parse(line: string, terminal = false) {
  const invocation = parseArgv(line === '' ? [] : line.split(' '), { terminal });
  if (invocation.kind === 'print') throw new Error(`'${line}' prints: ${invocation.text}`);
  return invocation;
}

const request = (line: string): Request => parse(line).request;

describe('a command line becomes a request', () => {
  test.each(['sync', 'pull', 'push', 'status'])('%s with its defaults', (command) => {
    expect(request(command)).toEqual({
      command,
      only: [],
      onlyRoles: [],
      leases: new Map(),
      rewrites: NO_REWRITES,
      dryRun: false,
      fixRemotes: false,
      failOn: 'any',
      retries: 3,
      timeout: 600_000,
      mergeTimeout: 120_000,
      parallel: 8,
      initEmpty: true,
      maxDelete: 50,
      reportValues: 'keys',
      untrusted: false,
      overrides: { allowInsecure: false },
      dolt: { version: parseAskedVersion(DEFAULT_DOLT_VERSION), source: 'release' },
    });
  });

  test('sync with everything said', () => {
    const line = [
      'sync a b --dry-run --fail-on primary --retries 0 --timeout 90s --merge-timeout 20s --parallel 2 --bootstrap a --no-init-empty --database db --max-delete 75',
      '--credentials c.yaml --branch work --report-values none --config f.yaml --sync-mode belt-and-suspenders --remote file:///r',
      '--sovereignty T3 --conflict-strategy manual --dirty fail --allow-insecure --dolthub-host h.example',
      `--only-role peer,backup --force-with-lease a=${HEAD} --adopt b=${HEAD} --discard-local ${HEAD} --merge-rewritten c=${HEAD}`,
      '--dolt-version ^2 --dolt-source auto --dolt-path /d --dolt-mirror https://m.example',
    ].join(' ');
    expect(request(line)).toEqual({
      command: 'sync',
      only: ['a', 'b'],
      onlyRoles: ['peer', 'backup'],
      leases: new Map([['a', HEAD]]),
      rewrites: { adopt: new Map([['b', HEAD]]), discardLocal: [HEAD], merge: new Map([['c', HEAD]]) },
      dryRun: true,
      fixRemotes: false,
      failOn: 'primary',
      retries: 0,
      timeout: 90_000,
      mergeTimeout: 20_000,
      credentials: { file: 'c.yaml' },
      parallel: 2,
      bootstrap: 'a',
      initEmpty: false,
      maxDelete: 75,
      database: 'db',
      branch: 'work',
      reportValues: 'none',
      untrusted: false,
      overrides: {
        config: 'f.yaml',
        syncMode: 'belt-and-suspenders',
        remote: 'file:///r',
        sovereignty: 'T3',
        conflictStrategy: 'manual',
        dirty: 'fail',
        allowInsecure: true,
        dolthubHost: 'h.example',
      },
      dolt: { version: parseAskedVersion('^2'), source: 'auto', path: '/d', mirror: 'https://m.example' },
    });
  });

  test.each([
    ['--live true', true],
    ['--live FALSE', false],
    ['', undefined],
  ])('add-peer %s', (flag, live) => {
    expect(request(`add-peer far ssh://far.example/db ${flag}`.trim())).toMatchObject({ command: 'add-peer', live });
  });

  test('add-peer', () => {
    expect(
      request('add-peer far file:///far --role upstream --tier t2 --branch work --timeout 90s --database db'),
    ).toMatchObject({
      command: 'add-peer',
      timeout: '90s',
      name: 'far',
      endpoint: 'file:///far',
      role: 'upstream',
      tier: 'T2',
      branch: 'work',
      database: 'db',
    });
  });

  test.each([
    ['remove-peer far', { command: 'remove-peer', name: 'far' }],
    ['list-peers --config x', { command: 'list-peers', overrides: { config: 'x' } }],
    ['config list', { command: 'config', key: null }],
    ['config get sync.mode', { command: 'config', key: 'sync.mode' }],
    ['install --dolt-source build', { command: 'install', dolt: { source: 'build' } }],
    ['demo', { command: 'demo', dolt: { source: 'auto' } }],
    ['demo --dolt-source release', { command: 'demo', dolt: { source: 'release' } }],
    ['install --dolt-path /d', { command: 'install', dolt: { version: undefined, path: '/d' } }],
    [
      'install --dolt-path /d --dolt-version 2.3.0',
      { command: 'install', dolt: { version: parseAskedVersion('2.3.0'), path: '/d' } },
    ],
    ['sync --init-empty', { command: 'sync', initEmpty: true }],
  ])('%s', (line, expected) => {
    expect(request(line)).toMatchObject(expected);
  });

  test.each([
    ['', 'sync'],
    ['--json', 'sync'],
    ['federation', 'sync'],
    ['federation status', 'status'],
    ['--json federation list-peers', 'list-peers'],
    ['federation --json list-peers', 'list-peers'],
  ])("'%s' means %s", (line, command) => {
    expect(request(line).command).toBe(command);
  });

  test('only the first word federation means nothing', () => {
    expect(request('sync federation')).toMatchObject({ command: 'sync', only: ['federation'] });
  });
});

describe('how the result is shown', () => {
  test.each(['--json list-peers', 'list-peers --json', 'federation list-peers --json'])('%s', (line) => {
    expect(parse(line).display).toEqual({ json: true, quiet: false, verbose: false, showOrigin: false });
  });

  test('quiet, verbose, origins', () => {
    expect(parse('sync --quiet').display.quiet).toBe(true);
    expect(parse('sync --no-color --verbose').display.verbose).toBe(true);
    expect(parse('config list --show-origin').display.showOrigin).toBe(true);
  });

  test('a terminal may show values, a pipe only keys, and the user has the last word', () => {
    expect(parse('sync', true).request).toMatchObject({ reportValues: 'full' });
    expect(parse('sync', false).request).toMatchObject({ reportValues: 'keys' });
    expect(parse('sync --report-values none', true).request).toMatchObject({ reportValues: 'none' });
  });
});
