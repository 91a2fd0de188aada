import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { hideInFailure, hideSecrets, OWN_PROPERTIES } from '../../../src/commands/outcome/hide-secrets.ts';
import { Failure } from '../../../src/core/failure.ts';
import { conflict, HEAD, peer, problem, runResult } from '../../helpers/results.ts';

const hide = (text: string) => text.replaceAll('s3cret', '***');

test('secrets are hidden in the message, hint and problems of a failure', () => {
  const problem = new Failure('config-invalid', 'a s3cret', { hint: 'no s3cret', cause: new Error('below') });
  for (const problems of [[problem], [problem, problem]]) {
    const hidden = hideInFailure(
      new Failure('auth', 's3cret', { hint: 'a s3cret', location: { file: '/f' }, problems }),
      hide,
    );
    expect(hidden).toMatchObject({ code: 'auth', message: '***', hint: 'a ***', location: { file: '/f' } });
    expect(hidden.problems.map(({ message, hint }) => [message, hint])).toEqual(
      problems.map(() => ['a ***', 'no ***']),
    );
    expect(hidden.problems[0]?.cause).toBe(problem.cause);
  }
  const alone = new Failure('unknown', 's3cret', { cause: 'what was thrown' });
  expect(hideInFailure(alone, hide)).toMatchObject({ message: '***', location: null, cause: 'what was thrown' });
});

test('secrets are hidden in every message, hint and row of a run', () => {
  const cells = { id: 's3cret', s3cret: null };
  const said = { message: 'got s3cret', hint: 'not s3cret' };
  const result = runResult({
    peers: [
      peer({
        error: { code: 'auth', retryable: false, ...said },
        conflicts: [
          conflict({ key: cells, base: cells, ours: cells, theirs: null, table: 's3cret', columns: ['s3cret'] }),
          conflict({ with: { table: 't', key: cells }, otherKey: cells, lost: { commit: HEAD, sql: "= 's3cret'" } }),
          conflict({
            paths: [
              { column: 's3cret', path: '$.s3cret', base: null, ours: 's3cret', theirs: '1', resolution: 'ours' },
            ],
          }),
        ],
        held: [{ table: 't', key: cells, column: 'c', value: 'a s3cret' }],
      }),
      peer({ held: [{ table: 't', key: cells, column: null, value: null }] }),
    ],
    problems: [problem(said)],
  });
  const hidden = hideSecrets({ result, doltPath: null, doltSource: null, locations: {} }, hide);
  expect(hidden.result).toEqual(JSON.parse(hide(JSON.stringify(result))));
  expect(JSON.stringify(hidden)).toContain('"message":"got ***","hint":"not ***"');
});

test('secrets are hidden in the names of the tables that a drill counted', () => {
  const drill = {
    ...({ kind: 'proven', tag: 'pushed', databaseHash: HEAD, bytes: 1, growth: null, durationMs: 1 } as const),
    ...{ tables: [{ name: 'a s3cret', rows: 1 }], lastProvenAt: null },
  };
  const [shown] = hideSecrets(runResult({ peers: [peer({ drill })] }), hide).peers;
  expect(shown?.drill).toEqual({ ...drill, tables: [{ name: 'a ***', rows: 1 }] });
  const uncounted = { ...drill, tables: null };
  expect(hideSecrets(runResult({ peers: [peer({ drill: uncounted })] }), hide).peers[0]?.drill).toEqual(uncounted);
});

test('secrets are hidden in the result of doctor', () => {
  const check = { check: 'git', peer: 'p', status: 'missing' } as const;
  const checks = [
    { ...check, message: 'got s3cret', cure: 'not s3cret' },
    { ...check, message: 's3cret', cure: null },
  ];
  expect(hideSecrets(checks, hide)).toEqual(JSON.parse(hide(JSON.stringify(checks))));
});

test('a secret that equals a word of the contract, a name or a column does not change these', () => {
  const words = ['failed', 'partner', 'message', 'key', 'id', 'status'];
  const hideWords = (text: string) => words.reduce((rest, word) => rest.replaceAll(word, '***'), text);
  const cells = { status: 'failed', id: '1' };
  const error = { code: 'auth', retryable: false, message: 'failed: id', hint: '' } as const;
  const [shown] = hideSecrets(
    runResult({ peers: [peer({ status: 'failed', error, conflicts: [conflict({ key: cells })] })] }),
    hideWords,
  ).peers;
  expect(shown).toMatchObject({ name: 'partner', status: 'failed', error: { code: 'auth', message: '***: ***' } });
  expect(shown?.conflicts[0]?.key).toEqual({ '***': '1' });
});

test('each property of the published results is listed as ours, or its texts lose secrets', async () => {
  const schema: unknown = JSON.parse(await readFile('docs/result.schema.json', 'utf8'));
  const properties = [...new Set(textProperties(schema))].sort();
  expect(properties).toEqual([
    ...[
      'after',
      'base',
      'before',
      'changed',
      'column',
      'columns',
      'creator',
      'cure',
      'date',
      'extra',
      'from',
      'hint',
      'key',
      'madeBy',
      'message',
      'missing',
      'notes',
      'origin',
      'ours',
      'path',
    ],
    ...['peers', 'ref', 'resolution', 'sql', 'subjects', 'system', 'table', 'text', 'theirs', 'town', 'user', 'value'],
  ]);
});

/** The names of properties in a JSON schema that hold a text or texts, and that are not our own. */
function textProperties(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(textProperties);
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, one]) => {
    if (name !== 'properties' || typeof one !== 'object') return textProperties(one);
    return Object.entries(one).flatMap(([property, value]: [string, unknown]) =>
      OWN_PROPERTIES.has(property) ? [] : [...(holdsText(value) ? [property] : []), ...textProperties(value)],
    );
  });
}

function holdsText(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('type' in value && [value.type].flat().includes('string')) return true;
  if ('anyOf' in value && Array.isArray(value.anyOf)) return value.anyOf.some(holdsText);
  return 'items' in value && holdsText(value.items);
}
