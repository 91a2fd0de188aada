import { describe, expect, test } from '@jest/globals';
import { errorResultSchema } from '../../../src/contract/result.ts';
import { Failure } from '../../../src/core/failure.ts';
import { failureOutput, renderedOutput } from '../../../src/frontends/cli/output.ts';
import { PLAIN_STYLE } from '../../../src/report/text/table.ts';

const located = new Failure('config-unknown-key', "'federation.peer' is no key", {
  hint: "Did you mean 'peers'?\nCorrect it.",
  location: { file: '/t/.beads/config.yaml', line: 3, column: 5 },
});

describe('a failed command', () => {
  test('prints JSON of the published form to standard output', () => {
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

  test('prints all of several problems as text and as JSON', () => {
    const other = new Failure('config-invalid', 'no mapping', {
      hint: 'Write one.',
      location: { file: 'VARIABLE', line: 1 },
    });
    const failure = new Failure(located.code, `${located.message} (and 1 more problem)`, {
      problems: [located, other],
    });
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

  test('prints null for a missing place', () => {
    const output = failureOutput(new Failure('unknown', 'odd'), { json: true, color: false });
    expect(JSON.parse(output.stdout)).toMatchObject({ error: { file: null, line: null, column: null } });
  });

  test('prints the problem, the place and the next step to standard error', () => {
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

  test('uses colour only if wanted, and prints no control characters of a peer', () => {
    const hostile = new Failure('unknown', 'a\u001b[2Jb\rc\nd');
    expect(failureOutput(hostile, { json: false, color: true }).stderr).toContain('\u001b[31merror:\u001b[39m');
    const { stderr } = failureOutput(hostile, { json: false, color: false });
    expect(stderr).not.toContain('\u001b');
    expect(stderr).not.toContain('\r');
    expect(stderr.split('\n').slice(1, 3)).toEqual(['  c', '  d']);
  });
});

test.each([
  [false, 'one, from here\n'],
  [true, '{\n  "a": 1\n}\n'],
])('a result with --json is printed as JSON: %s', (json, stdout) => {
  const display = { ...PLAIN_STYLE, json, showOrigin: true };
  const text = ({ showOrigin }: { readonly showOrigin: boolean }) => `one${showOrigin ? ', from here' : ''}\n`;
  expect(renderedOutput({ json: { a: 1 }, text }, display)).toEqual({ stdout, stderr: '' });
});

test('no line of a text is a command for a runner, unless the text is meant for it', () => {
  const text = () => 'Rows in conflict:\n    ::error::boo: base "x"\n::set-output name=x::y\n';
  const shown = { ...PLAIN_STYLE, json: false, showOrigin: false };
  expect(renderedOutput({ json: null, text }, shown).stdout).toBe(
    'Rows in conflict:\n    : :error::boo: base "x"\n: :set-output name=x::y\n',
  );
  expect(renderedOutput({ json: null, text, hasCommands: true }, shown).stdout).toBe(text());
});
