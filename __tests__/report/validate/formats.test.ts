import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import type { ChangeResult, Problem, ValidateResult } from '../../../src/contract/result.ts';
import type { ReportFormat } from '../../../src/contract/vocabulary.ts';
import { escapedJson } from '../../../src/core/json.ts';
import { COMMENT_BUDGET_BYTES } from '../../../src/report/summary.ts';
import { PLAIN_STYLE } from '../../../src/report/text/table.ts';
import { sarifText } from '../../../src/report/validate/sarif.ts';
import { reportText, validateJson, validateSummary } from '../../../src/report/validate/text.ts';
import { validated } from '../../helpers/json-schema.ts';
import { readCommands } from '../../helpers/runner-protocol.ts';

/**
 * The official schema is of draft 4, of which only the names of the first two keys differ from those that ajv reads.
 */
const { $schema, id, ...schema } = JSON.parse(await readFile('__tests__/fixtures/sarif-schema-2.1.0.json', 'utf8'));
const isSarif = new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false }).compile({
  $id: id,
  ...schema,
});

const problem = (about: Partial<Problem> = {}): Problem => ({
  severity: 'error',
  code: 'config-unknown-key',
  message: 'unknown key "sync.Mode"',
  hint: 'Did you mean `sync.mode`?',
  peer: null,
  file: '/w/sub/.beads/config.yaml',
  line: 2,
  column: 3,
  ...about,
});

const result = (problems: readonly Problem[]): ValidateResult => {
  const status = problems.some(({ severity }) => severity === 'error') ? 'invalid' : 'valid';
  return { version: 1, command: 'validate', status, file: '/w/sub/.beads/config.yaml', peers: 2, problems };
};

const shown = (problems: readonly Problem[], format: ReportFormat) =>
  reportText({ result: result(problems), root: '/w', cwd: '/w/sub' }, format, PLAIN_STYLE);

const HOSTILE = 'a % b\n::error::x, y: z \u001b[31m|`<b>';

describe('the format text', () => {
  test('has one line for each problem, with the place first and the fix below', () => {
    expect(
      shown([problem(), problem({ severity: 'warning', file: null, line: null, column: null, hint: '' })], 'text'),
    ).toBe(
      [
        '.beads/config.yaml:2:3: error: unknown key "sync.Mode" (config-unknown-key)',
        '  Did you mean `sync.mode`?',
        'warning: unknown key "sync.Mode" (config-unknown-key)',
        '  ',
        '.beads/config.yaml: 1 error, 1 warning',
        '',
      ].join('\n'),
    );
    expect(shown([], 'text')).toBe('.beads/config.yaml: no problems, 2 peers\n');
  });
});

describe('the format json', () => {
  test('is the result, and follows the published schema', async () => {
    expect(validated('validate', shown([problem()], 'json'))).toEqual(result([problem()]));
  });

  test.each(['x', '\u00ad'])('is cut for an output of the Action: %j', async (letter) => {
    const message = letter.repeat(2_000);
    const many = Array.from({ length: 500 }, (_, line) => problem({ line: line + 1, message }));
    const json = escapedJson(validateJson(result(many)));
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(64 * 1024);
    const cut = validated('validate', json);
    expect(cut).toMatchObject({ truncated: true, status: 'invalid' });
    expect(cut['problems']).not.toEqual([]);
  });
});

describe('the format github', () => {
  test('is one command for each problem, as a runner reads it', () => {
    const commands = readCommands(shown([problem({ message: HOSTILE, severity: 'warning' })], 'github'));
    expect(commands).toHaveLength(1);
    expect(commands[0]).toMatchObject({
      command: 'warning',
      properties: { file: 'sub/.beads/config.yaml', line: '2', col: '3', title: 'config-unknown-key' },
    });
  });

  test('has as many problems as GitHub shows, and counts the rest', () => {
    const lines = shown(
      Array.from({ length: 30 }, () => problem()),
      'github',
    )
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toContain('and 20 more problems');
  });
});

describe('the format sarif', () => {
  test.each([
    ['no problem', []],
    ['a problem', [problem()]],
    ['every severity', (['error', 'warning', 'notice'] as const).map((severity) => problem({ severity }))],
    ['a problem without a place', [problem({ file: null, line: null, column: null })]],
    ['a file elsewhere', [problem({ file: '/home/a b/ü.yaml' })]],
    ['hostile text', [problem({ message: HOSTILE, hint: HOSTILE })]],
    ['too many for GitHub', Array.from({ length: 5_001 }, () => problem())],
  ])('follows the official schema with %s', (_, problems) => {
    const log: unknown = JSON.parse(sarifText(result(problems), '/w'));
    expect({ fits: isSarif(log), errors: isSarif.errors }).toEqual({ fits: true, errors: null });
  });

  test('names files relative to the repository, and counts the omitted problems', () => {
    const log = JSON.parse(sarifText(result(Array.from({ length: 5_003 }, () => problem())), '/w'));
    const [run] = log.runs;
    expect(run.results).toHaveLength(5_000);
    expect(run.invocations[0].toolExecutionNotifications[0].message.text).toBe('3 more problems not shown');
    expect(run.results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'sub/.beads/config.yaml', uriBaseId: '%SRCROOT%' },
      region: { startLine: 2, startColumn: 3 },
    });
    expect(run.tool.driver.rules[run.results[0].ruleIndex].id).toBe('config-unknown-key');
  });
});

describe('the changes of a configuration', () => {
  const change = (about: Partial<ChangeResult> = {}): ChangeResult => ({
    kind: 'peer-moved',
    peer: 'north',
    setting: 'branch',
    before: null,
    after: 'main',
    file: '/w/sub/.beads/config.yaml',
    line: 4,
    column: 5,
    ...about,
  });
  const notice = problem({ code: 'config-change', severity: 'notice', message: 'peer-moved' });
  const compared = (changes: readonly ChangeResult[], problems: readonly Problem[] = []) => ({
    result: { ...result(problems), changes, base: { commit: 'a'.repeat(40), behind: 1 } },
    root: '/w',
    cwd: '/w/sub',
  });

  test('are listed once, without the notices about them', () => {
    const both = compared([change(), change({ kind: 'peer-added', setting: 'endpoint' })], [notice]);
    expect(reportText(both, 'text', PLAIN_STYLE)).toBe(
      [
        'peer-moved: north: branch: none -> main',
        'peer-added: north: endpoint: none -> main',
        '.beads/config.yaml: no problems, 2 peers, 2 changes (2 dangerous)',
        '',
      ].join('\n'),
    );
    expect(reportText(both, 'github', PLAIN_STYLE)).toContain('::notice file=sub/.beads/config.yaml,line=2');
    const summary = validateSummary(both, 10_000);
    expect(summary).toMatch(/^## ⚠️ .*no problems, 2 changes \(2 dangerous\)\n\n.*1 commit behind its base/);
    expect(summary).not.toContain('### Problems');
  });

  test('show hostile values as text in every format', () => {
    const hostile = compared([change({ after: `${HOSTILE}\n\`\`\`mermaid\n@team #1 [x](http://e)` })]);
    const text = reportText(hostile, 'text', PLAIN_STYLE);
    expect(text.split('\n').filter((line) => line.startsWith('::'))).toEqual([]);
    const summary = validateSummary(hostile, 10_000);
    for (const markup of ['<b>', '```', '@team', ' #1 ', '[x]', '\u001b', '\n::'])
      expect(summary).not.toContain(markup);
  });

  test('share the size limit with problems, and are cut between rows', async () => {
    const changes = Array.from({ length: 1_000 }, (_, line) => change({ line: line + 1, after: 'ä'.repeat(300) }));
    const many = compared(
      changes,
      Array.from({ length: 1_000 }, () => problem()),
    );
    const comment = validateSummary(many, COMMENT_BUDGET_BYTES);
    expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(65_536);
    expect(comment.match(/[1-9]\d* more rows are not shown/g)).toHaveLength(2);
    const json = validateJson(many.result);
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(64 * 1024);
    const cut = validated('validate', json);
    expect(cut['changes']).not.toEqual([]);
    expect(cut['problems']).not.toEqual([]);
  });
});

test.each(['text', 'json', 'sarif'] as const)(
  'the format %s contains no command of a runner, and no link',
  (format) => {
    const hostile = 'a\n::error::x ##[add-mask]y [z](https://evil.example)';
    const printed = shown([problem({ message: hostile, hint: hostile })], format);
    expect(printed).not.toMatch(/##\[|^\s*::/m);
    if (format === 'sarif') expect(printed).not.toContain('](');
  },
);

test('the schema file is the official one', () => {
  expect($schema).toBe('http://json-schema.org/draft-04/schema#');
  expect(schema.title).toContain('SARIF) Version 2.1.0');
  expect(isSarif({ version: '2.1.0' })).toBe(false);
});

test('the summary shows hostile text as text, and is cut', () => {
  const many = Array.from({ length: 2_000 }, () => problem({ message: HOSTILE }));
  const text = validateSummary({ result: result(many), root: '/w', cwd: '/w' }, 100_000);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(100_000);
  expect(text).toContain('❌ dolt-federation validate: 2000 errors');
  expect(text).not.toContain('<b>');
  expect(text).not.toContain('\u001b');
  expect(text).toMatch(/more rows are not shown/);
});
