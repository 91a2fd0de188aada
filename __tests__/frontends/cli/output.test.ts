import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../../src/commands/outcome/outcome.ts';
import { errorResultSchema } from '../../../src/contract/result.ts';
import { Failure } from '../../../src/core/failure.ts';
import { failureOutput, outcomeOutput } from '../../../src/frontends/cli/output.ts';
import { parseArgv } from '../../../src/frontends/cli/parse-argv.ts';

const located = new Failure('config-unknown-key', "'federation.peer' is no key", {
  hint: "Did you mean 'peers'?\nCorrect it.",
  location: { file: '/t/.beads/config.yaml', line: 3, column: 5 },
});

/** What a command line prints for an outcome. */
function shown(line: string, outcome: Outcome): string {
  const invocation = parseArgv(line.split(' '), { terminal: false });
  if (invocation.kind === 'print') throw new Error(`'${line}' prints help`);
  return outcomeOutput(outcome, invocation.request, invocation.display).stdout;
}

describe('what stopped a command', () => {
  test('as JSON, on standard output, in the published form', () => {
    const output = failureOutput(located, { json: true, color: false });
    const parsed: unknown = JSON.parse(output.stdout);
    expect(errorResultSchema.parse(parsed)).toEqual({
      error: {
        code: 'config-unknown-key',
        message: "'federation.peer' is no key",
        hint: "Did you mean 'peers'?\nCorrect it.",
        file: '/t/.beads/config.yaml',
        line: 3,
        column: 5,
      },
    });
    expect(output.stderr).toBe('');
    expect(output.stdout).toMatch(/^\{\n {2}"error": \{\n {4}"code"[\s\S]*\}\n$/);
  });

  test('several problems: all of them, as text and as JSON', () => {
    const other = new Failure('config-invalid', 'no mapping', {
      hint: 'Write one.',
      location: { file: 'VARIABLE', line: 1 },
    });
    const failure = new Failure(located.code, `${located.message} (and 1 more problem)`, { cause: [located, other] });
    const { stderr } = failureOutput(failure, { json: false, color: false });
    expect(stderr).toBe(
      [
        "error: 'federation.peer' is no key (config-unknown-key)\n  at /t/.beads/config.yaml:3:5",
        "  Did you mean 'peers'?\n  Correct it.\nerror: no mapping (config-invalid)\n  at VARIABLE:1\n  Write one.\n",
      ].join('\n'),
    );
    const json = errorResultSchema.parse(JSON.parse(failureOutput(failure, { json: true, color: false }).stdout));
    expect(json.error.message).toBe("'federation.peer' is no key (and 1 more problem)");
    expect(json.problems).toEqual([
      expect.objectContaining({ message: "'federation.peer' is no key", line: 3 }),
      {
        code: 'config-invalid',
        message: 'no mapping (at VARIABLE:1)',
        hint: 'Write one.',
        file: null,
        line: null,
        column: null,
      },
    ]);
  });

  test('a failure without a place has nulls', () => {
    const output = failureOutput(new Failure('unknown', 'odd'), { json: true, color: false });
    expect(JSON.parse(output.stdout)).toMatchObject({ error: { file: null, line: null, column: null } });
  });

  test('as text, on standard error: what, where, what next', () => {
    expect(failureOutput(located, { json: false, color: false })).toEqual({
      stdout: '',
      stderr: [
        "error: 'federation.peer' is no key (config-unknown-key)",
        '  at /t/.beads/config.yaml:3:5',
        "  Did you mean 'peers'?",
        '  Correct it.',
        '',
      ].join('\n'),
    });
  });

  test('colour where it is wanted, and nothing that a peer wrote can steer the terminal', () => {
    const hostile = new Failure('unknown', 'a\u001b[2Jb\rc\nd');
    expect(failureOutput(hostile, { json: false, color: true }).stderr).toContain('\u001b[31merror:\u001b[39m');
    const { stderr } = failureOutput(hostile, { json: false, color: false });
    expect(stderr).not.toContain('\u001b');
    expect(stderr).not.toContain('\r');
    expect(stderr.split('\n')[0]).toContain('c\\nd');
  });
});

describe('results', () => {
  const entry = { key: 'sync.mode', value: 'dolt-native', origin: 'file /t/config.yaml:2:3' };
  const other = { key: 'federation.sovereignty', value: 'T1', origin: 'default' };
  const config: Outcome = { command: 'config', result: [entry, other] };
  const one: Outcome = { command: 'config', result: [entry] };

  test.each<[string, Outcome, string]>([
    ['config list', config, 'sync.mode = dolt-native\nfederation.sovereignty = T1\n'],
    [
      'config list --show-origin',
      config,
      'file /t/config.yaml:2:3  sync.mode = dolt-native\ndefault                  federation.sovereignty = T1\n',
    ],
    ['config get sync.mode', one, 'dolt-native\n'],
    ['config get sync.mode --show-origin', one, 'file /t/config.yaml:2:3  dolt-native\n'],
    ['list-peers', { command: 'list-peers', result: [] }, 'no peers; add one with'],
    [
      'list-peers',
      {
        command: 'list-peers',
        result: [
          { name: 'origin', endpoint: 'file:///o', role: 'primary', tier: 'T1' },
          { name: 'b', endpoint: 'file:///b', role: 'backup', tier: 'T4' },
        ],
      },
      'origin  file:///o  primary  T1\nb       file:///b  backup   T4\n',
    ],
    [
      'add-peer b file:///b',
      { command: 'add-peer', result: { name: 'b', endpoint: 'file:///b', status: 'added' } },
      'added peer b (file:///b)\n',
    ],
    ['remove-peer b', { command: 'remove-peer', result: { name: 'b', status: 'removed' } }, 'removed peer b\n'],
    [
      'install',
      { command: 'install', result: { version: '2.3.0', path: '/d/dolt', source: 'path' } },
      'dolt 2.3.0 at /d/dolt (path)\n',
    ],
  ])('%s', (line, outcome, text) => {
    expect(shown(line, outcome)).toContain(text);
  });

  test.each<[string, Outcome, unknown]>([
    ['config list --json', config, [entry, other]],
    ['config get sync.mode --json', one, entry],
    ['list-peers --json', { command: 'list-peers', result: [] }, []],
    [
      'remove-peer b --json',
      { command: 'remove-peer', result: { name: 'b', status: 'removed' } },
      { name: 'b', status: 'removed' },
    ],
  ])('%s is the result and nothing else', (line, outcome, value) => {
    const text = shown(line, outcome);
    expect(JSON.parse(text)).toEqual(value);
    expect(text).toBe(`${JSON.stringify(value, null, 2)}\n`);
  });
});
