import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/core/failure.ts';
import { prepared } from '../helpers/command-line.ts';

function refusal(argv: readonly string[]): Failure {
  try {
    prepared(argv);
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

test.each([['--watch'], ['--xyz'], ['-z']])('sync %s resembles no flag, so no flag is suggested', (flag) => {
  expect(refusal(['sync', flag]).hint).not.toContain('Did you mean');
});

describe('an invalid command line is refused', () => {
  test.each([
    [['snyc'], "unknown command 'snyc'", 'Did you mean sync?'],
    [['lst-peers'], "unknown command 'lst-peers'", 'Did you mean list-peers?'],
    [['config', 'lst'], "unknown command 'lst'", 'Did you mean list?'],
    [['ls'], "unknown command 'ls'", 'Did you mean list-peers?'],
    [['rm', 'x'], "unknown command 'rm'", 'Did you mean remove-peer?'],
    [['remote', 'add', 'x'], "unknown command 'remote'", 'Did you mean list-peers?'],
    [['config', 'edit'], "unknown command 'edit'", 'Did you mean set? Run `dolt-federation config --help`.'],
    [['config', '--list'], "unknown option '--list'", 'Did you mean list? Run `dolt-federation config --help`.'],
    [['sync', '--peer', 'x'], "unknown option '--peer'", 'Write the names of peers after the command'],
    [['push', ''], 'the name of a peer is empty', 'remove the empty word'],
    [['doctor', ' ,'], 'the name of a peer is empty', 'remove the empty word'],
    [['add-peer', 'x', 'y', '--sovereignty', 'T2'], "unknown option '--sovereignty'", 'Did you mean --tier?'],
    [['peers'], "unknown command 'peers'", 'Did you mean list-peers?'],
    [['report'], "missing required argument 'file'", 'Run `dolt-federation report --help`.'],
    [['sync', '--shard', '4/3'], 'shard is "4/3": the leg must be from 1 to 3 (character 1)', '--shard 1/3'],
    [['backup', '--shard', '1/2', '--require-copies', '1'], 'a leg makes only some of them', 'run without `--shard`'],
    [['validate', '--shards', '257'], "--shards is '257', but must be a whole number from 1 to 256", '--shards 1'],
    [['stat'], "unknown command 'stat'", 'Did you mean status?'],
    [['help', 'xyz'], "unknown command 'xyz'", 'Run `dolt-federation --help`'],
    [['help', 'config', 'gt'], "unknown command 'gt'", 'Did you mean get?'],
    [['help', 'credential'], "unknown command 'credential'", 'Did you mean credentials?'],
    [['sync', '--password', 'x'], "unknown option '--password'", 'Did you mean --credentials?'],
    [['sync', '--token=a-secret'], "unknown option '--token'", 'Did you mean --credentials?'],
    [['sync', '--xyz=a-secret=b'], "unknown option '--xyz'", '--help'],
    [['sync', '-pa-secret'], "unknown option '-p'", '--help'],
    [['sync', '-na-secret'], "unknown option '-a'", '--help'],
    [['sync', '-databse'], "unknown option '-databse'", 'Did you mean --database?'],
    [['sync', '--credentials', '-----BEGIN a-secret'], '--credentials needs a value, but something else follows', ''],
    [['sync', '--color', 'red'], "'red' is invalid. Allowed choices are always, never, auto", '--help'],
    [
      ['sync', '--role', 'x'],
      "unknown option '--role'",
      'Did you mean --only-role? Run `dolt-federation sync --help`.',
    ],
    [['config', 'get'], "missing required argument 'key'", 'Run `dolt-federation config get --help`.'],
    [['sync', '--dry-rum'], "unknown option '--dry-rum'", 'Did you mean --dry-run?'],
    [['sync', '--jsn'], "unknown option '--jsn'", 'Did you mean --json?'],
    [['--config', 'x', 'sync'], "unknown option '--config'", 'Put the options of a command after it'],
    [['sync', '--timeout', '3'], "--timeout is '3', but must be a duration", '--timeout 10m'],
    [['demo', '--branch', 'x'], "unknown option '--branch'", '--help'],
    [['add-peer', 'far'], "missing required argument 'endpoint'", '--help'],
    [['add-peer', 'far', 'file:///far', '--timeout', '3'], "--timeout is '3'", '--timeout 10m'],
    [['list-peers', 'far'], 'too many arguments', '--help'],
    [['sync', '--branch'], "'--branch <name>' argument missing", '--help'],
    [['config'], "a command is missing after 'config'", 'dolt-federation config --help'],
    [['sync', '--quiet', '-v'], "'-v, --verbose' cannot be used with option '-q, --quiet'", '--help'],
    [['sync', '--fail-on', 'some'], "--fail-on is 'some', but must be one of any, primary, none", '--fail-on any'],
    [['sync', '--sovereignty', 'T5'], "--sovereignty is 'T5', but must be one of T1, T2, T3, T4", 'T1'],
    [['sync', '--retries', '-1'], "--retries needs a value, but '-1' follows it", '--retries'],
    [['sync', '--retries', '1.5'], "--retries is '1.5', but must be a whole number of at least 0", '--retries 3'],
    [['sync', '--retries', '007'], 'a whole number of at least 0, written without leading zeros', '--retries 3'],
    [['sync', '--retries', '9999999999'], 'a whole number of at least 0 with at most nine digits', '--retries 3'],
    [
      ['sync', '--max-delete', '101'],
      "--max-delete is '101', but must be a whole number from 0 to 100",
      '--max-delete 50',
    ],
    [
      ['pull', '--max-delete', '50%'],
      "--max-delete is '50%', but must be a whole number from 0 to 100",
      '--max-delete 50',
    ],
    [['sync', '--parallel', '0'], "--parallel is '0', but must be a whole number of at least 1", '--parallel 8'],
    [['sync', '--branch', ''], "--branch needs a value, but '' follows it", 'remove the flag'],
    [['sync', '--branch', '--dry-run'], "--branch needs a value, but '--dry-run' follows it", 'after --branch'],
  ])('with its message: %j', (argv, message, hint) => {
    const failure = refusal(argv);
    expect(failure.code).toBe('bad-usage');
    expect(failure.message).toContain(message);
    expect(failure.message).not.toContain('error:');
    expect(failure.hint).toContain(hint);
    expect(`${failure.message} ${failure.hint}`).not.toContain('a-secret');
  });
});
