import { describe, expect, test } from '@jest/globals';
import { COMMAND_TABLE } from '../../../src/commands/index.ts';
import { DEFAULT_SYNC_REQUEST } from '../../../src/commands/request.ts';
import { COMMAND_NAMES, COMMANDS } from '../../../src/contract/commands.ts';
import type { ReportValues } from '../../../src/contract/vocabulary.ts';
import { parseArgv } from '../../../src/frontends/cli/parse-argv.ts';
import { rawRequestOfFlags } from '../../../src/frontends/cli/raw-request.ts';
import { parseAskedVersion } from '../../../src/install/version.ts';
import { parsed, prepared } from '../../helpers/command-line.ts';
import { HEAD } from '../../helpers/results.ts';

const words = (line: string): string[] => (line === '' ? [] : line.split(' '));
const parse = (line: string) => parsed(words(line));
const request = (line: string) => prepared(words(line)).request;

describe('the request from a command line', () => {
  test.each(['sync', 'pull', 'push', 'status'])('has the defaults of %s', (command) => {
    expect(request(command)).toEqual({ ...DEFAULT_SYNC_REQUEST, command });
  });

  test('has the options of sync with --verbose', () => {
    const line = [
      'sync a b --dry-run --fail-on primary --retries 0 --timeout 90s --merge-timeout 20s --parallel 2 --bootstrap a --no-init-empty --database db --max-delete 75',
      '--credentials c.yaml --branch work --report-values none --config f.yaml --sync-mode belt-and-suspenders --remote file:///r',
      '--sovereignty T3 --conflict-strategy manual --dirty fail --allow-insecure --dolthub-host h.example',
      `--stop-bd --only-role peer,backup --force-with-lease a=${HEAD} --adopt b=${HEAD} --discard-local ${HEAD} --merge-rewritten c=${HEAD}`,
      '--dolt-version ^2 --dolt-source auto --dolt-path /d --dolt-mirror https://m.example',
    ].join(' ');
    expect(request(line)).toEqual({
      command: 'sync',
      only: ['a', 'b'],
      allowNoPeers: true,
      onlyRoles: ['peer', 'backup'],
      leases: new Map([['a', HEAD]]),
      rewrites: { adopt: new Map([['b', HEAD]]), discardLocal: [HEAD], merge: new Map([['c', HEAD]]) },
      dryRun: true,
      fixRemotes: false,
      stopBd: true,
      failOn: 'primary',
      retries: 0,
      timeout: 90_000,
      fetchWait: 60_000,
      mergeTimeout: 20_000,
      credentials: { file: 'c.yaml' },
      parallel: 2,
      bootstrap: 'a',
      initEmpty: false,
      maxDelete: 75,
      database: 'db',
      branch: 'work',
      jsonl: { allowFewer: false },
      reportValues: 'none',
      untrusted: false,
      save: false,
      overrides: {
        config: 'f.yaml',
        syncMode: 'belt-and-suspenders',
        remote: 'file:///r',
        sovereignty: 'T3',
        strategy: 'manual',
        dirty: 'fail',
        allowInsecure: true,
        dolthubHost: 'h.example',
      },
      dolt: { version: parseAskedVersion('^2'), source: 'auto', path: '/d', mirror: 'https://m.example' },
    });
  });

  test.each([
    ['--live true', [{ path: ['live'], value: true }]],
    ['--live FALSE', [{ path: ['live'], value: false }]],
    ['', []],
  ])('has the values of add-peer %s', (flag, set) => {
    expect(request(`add-peer far ssh://far.example/db ${flag}`.trim())).toMatchObject({ set });
  });

  test('has all values of add-peer', () => {
    expect(
      request('add-peer far file:///far --role upstream --tier t2 --branch work --timeout 90s --database db'),
    ).toMatchObject({
      name: 'far',
      endpoint: 'file:///far',
      set: [
        { path: ['role'], value: 'upstream' },
        { path: ['tier'], value: 'T2' },
        { path: ['branch'], value: 'work' },
        { path: ['timeout'], value: '90s' },
      ],
      database: 'db',
    });
  });

  test.each([
    ['remove-peer far', { name: 'far' }],
    ['list-peers --config x', { overrides: { config: 'x' } }],
    ['config list', { key: null }],
    ['config get sync.mode', { key: 'sync.mode' }],
    ['install --dolt-source build', { dolt: { source: 'build' } }],
    ['demo', { dolt: { source: 'auto' } }],
    ['demo --dolt-source release', { dolt: { source: 'release' } }],
    ['install --dolt-path /d', { dolt: { version: undefined, path: '/d' } }],
    ['install --dolt-path /d --dolt-version 2.3.0', { dolt: { version: parseAskedVersion('2.3.0'), path: '/d' } }],
    ['sync --init-empty', { command: 'sync', initEmpty: true }],
  ])('has the values of %s', (line, expected) => {
    expect(request(line)).toMatchObject(expected);
  });

  test.each([
    ['federation status', 'status'],
    ['-C status federation pull', 'pull'],
    ['--color auto federation status', 'status'],
    ['--version', 'version'],
    ['sync -V --dry-run', 'version'],
    ['--json federation list-peers', 'list-peers'],
    ['federation --json list-peers', 'list-peers'],
  ])("is the same for '%s' and '%s'", (line, command) => {
    expect(parse(line).parsed.command).toBe(command);
  });

  test.each(['', '--json', '-q', 'federation', '--quiet federation', '-C folder', '--color never', 'help', '-h'])(
    "asks for the help in '%s'",
    (line) => {
      const invocation = parseArgv(words(line));
      expect(invocation.kind === 'print' && invocation.text).toContain('Usage: dolt-federation');
    },
  );

  test.each([
    ['sync -n', { command: 'sync', dryRun: true }],
    ['sync a,b c', { only: ['a', 'b', 'c'] }],
    ['sync -qn a', { command: 'sync', dryRun: true, only: ['a'] }],
  ])('has the short flags of %s', (line, expected) => {
    expect(request(line)).toMatchObject(expected);
  });

  test.each([
    ['-C there list-peers', 'there'],
    ['list-peers --working-directory=there', 'there'],
    ['list-peers', '.'],
  ])('of %s starts in the folder %s', (line, directory) => {
    expect(parse(line).directory).toBe(directory);
  });

  test('ignores the word federation only at the start', () => {
    expect(request('sync federation')).toMatchObject({ command: 'sync', only: ['federation'] });
  });
});

test.each(COMMAND_NAMES)('every command of the table can run: %s', (name) => {
  const { arguments: operands } = COMMANDS[name];
  expect(prepared([...name.split(' '), ...operands.map(() => 'x')]).run).toBeInstanceOf(Function);
});

describe('the format of the output', () => {
  test.each(['--json list-peers', 'list-peers --json', 'federation list-peers --json'])('is JSON after %s', (line) => {
    expect(parse(line).display).toEqual({ json: true, quiet: false, verbose: false, wide: false, showOrigin: false });
  });

  test('follows quiet, verbose and show-origin', () => {
    expect(parse('sync --quiet').display.quiet).toBe(true);
    expect(parse('-v status').display.verbose).toBe(true);
    expect(parse('status --wide').display.wide).toBe(true);
    expect(parse('sync --no-color --verbose').display.verbose).toBe(true);
    expect(parse('config list --show-origin').display.showOrigin).toBe(true);
  });

  test('includes values on a terminal, only keys on a pipe, and follows the option of the user', () => {
    const shown = (line: string, values: ReportValues) =>
      COMMAND_TABLE.sync.prepare(rawRequestOfFlags(parse(line).parsed, values)).request;
    expect(shown('sync', 'full')).toMatchObject({ reportValues: 'full' });
    expect(shown('sync', 'keys')).toMatchObject({ reportValues: 'keys' });
    expect(shown('sync --report-values none', 'full')).toMatchObject({ reportValues: 'none' });
  });
});
