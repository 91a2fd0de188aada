import { readFile, symlink, truncate } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { validated } from '../helpers/json-schema.ts';
import { leg, put, ran } from '../helpers/report-command.ts';
import { conflict, peer, runResult } from '../helpers/results.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

test('the legs below a folder are found, each file once, and form one run', async () => {
  await using folder = await tempFolder();
  await put(folder, { 'r/leg-1/result.json': leg(1), 'r/leg-2/result.json': leg(2), 'r/deep/er/3.json': leg(3) });
  await put(folder, { 'r/notes.txt': 'no result' });
  await symlink(folder.file('r'), folder.file('again'));
  await symlink(folder.path, folder.file('r', 'loop'));
  const { exitCode, json, text, rendered } = await ran(folder, ['r', 'again', 'r/leg-1/result.json']);
  expect(exitCode).toBe(0);
  expect(validated('report', JSON.stringify(json))).toEqual(json);
  expect(json).toMatchObject({
    status: 'success',
    runs: [{ legs: [{ file: expect.stringContaining('leg-1/result.json') }, {}, {}], missing: [] }],
  });
  expect(text).toContain('sync, primary file:///srv/partner, branch main\n\nLEG  RESULT');
  expect(text).toMatch(/^1\/3 {2}success .* \S+leg-1\/result.json$/m);
  expect(text).toMatch(/\nreport: success, 3 results\n$/);
  expect(rendered.outputs?.()).toMatchObject({
    ...{ status: 'success', changed: 'true', synced: 'origin,p1,p2,p3', failed: '', conflicts: '0' },
    ...{ 'pushed-commits': '12', head: leg(1).head },
  });
  const summary = rendered.summary?.() ?? '';
  expect(summary).toMatch(/^## ✅ dolt-federation report: success\n\n3 results\n/);
  expect(summary).toContain('| 3/3 | success |');
  expect(summary).toContain('## ✅ dolt-federation sync: success');
});

test('a missing leg is an error in every form, and results of two databases are separate', async () => {
  await using folder = await tempFolder();
  await put(folder, { 'r/1.json': leg(1), 'r/3.json': leg(3), 'r/b.json': runResult({ database: '/srv/b' }) });
  // Hidden files of a folder are not read.
  await put(folder, { 'r/.dolt/config.json': {}, 'r/.x.json': {} });
  const { exitCode, text, rendered } = await ran(folder, ['r', '--expect', '4', '--fail-on', 'none']);
  expect(exitCode).toBe(3);
  expect(text).toMatch(/^2\/3 {2}missing$/m);
  expect(text).toContain('error: sync: there is no result of 1 leg (2/3) (leg-missing)\n');
  expect(text).toContain('error: 4 results must exist, but there are 3 (leg-missing)\n');
  expect(text).toMatch(/\nreport: partial, 3 results, 2 runs, 1 leg missing\n$/);
  expect(rendered.annotations?.(true)).toMatchObject([{ severity: 'error' }, { severity: 'error' }]);
  expect(rendered.summary?.()).toContain('| 2/3 | missing |');
});

describe('a file that is not a result does not hide the others', () => {
  const whole = JSON.stringify(leg(2), null, 2);
  const REFUSED: readonly (readonly [name: string, content: unknown, message: string, place: string])[] = [
    ['empty', '', 'is not valid JSON', ''],
    ['cut', whole.slice(0, 200), 'is not valid JSON', '1:1'],
    ['garbage', Buffer.from('{"version": \u0000}'), 'it is UTF-16, or no text, not UTF-8', '1:1'],
    ['latin', Buffer.from([...Buffer.from('{"a": "'), 0xe4, 0x22, 0x7d]), 'it is not UTF-8', '1:8'],
    ['list', [], 'is JSON, but no result of dolt-federation', ''],
    ['number', '7', 'is JSON, but no result of dolt-federation', ''],
    ['other', { name: 'x' }, 'has no version of results', '1:1'],
    ['newer', whole.replace('"version": 1', '"version": 2'), 'has version 2 of results', '2:14'],
    ['text', { ...leg(2), version: '1' }, 'has version "1" of results', '1:12'],
    ['validate', { version: 1, command: 'validate', status: 'valid' }, 'is the result of "validate"', '1:24'],
    ['proof', { version: 1, madeBy: 'x' }, 'is JSON, but no result of a run; only those of sync', '1:1'],
    ['truncated', { ...leg(2), truncated: true }, 'was cut, so peers and rows may be missing', ''],
    [
      'key',
      whole.replace('"status": "success"', '"status": "success", "extra": 1'),
      'Unrecognized key: "extra"',
      '1:1',
    ],
    ['role', whole.replace('"role": "primary"', '"role": "boss"'), 'peers.0.role: Invalid option', '20:15'],
    ['name', whole.replace('"name": "p2"', '"name": "p2\\n::error::x"'), 'peers.1.name: Invalid string', ''],
    ['error', { error: { code: 'nope' } }, 'error.code: Invalid option', '1:18'],
    ['deep', '['.repeat(100_000), 'is not valid JSON', '1'],
    ['proto', '{"version":1,"command":"sync","__proto__":{"x":1}}', 'is not a result that this version can read', ''],
  ];

  test.each(REFUSED)('%s', async (_, content, message, place) => {
    await using folder = await tempFolder();
    await put(folder, { '1.json': leg(1), 'bad.json': content, '2.json': leg(2), '3.json': leg(3) });
    const { exitCode, json, text } = await ran(folder, ['1.json', '2.json', '3.json', 'bad.json', '--fail-on', 'none']);
    expect(exitCode).toBe(2);
    expect(json).toMatchObject({
      status: 'partial',
      runs: [{ legs: [{}, {}, {}] }],
      problems: [{ code: 'result-invalid', file: folder.file('bad.json') }],
    });
    expect(text).toContain(message);
    expect(text).toContain(`at ${folder.file('bad.json')}${place === '' ? '' : `:${place}`}`);
    const alone = await failureOf(async () => await ran(folder, ['bad.json']));
    expect(alone).toMatchObject({ code: 'result-invalid', message: expect.stringContaining(message) });
  });

  test('if it is too large, absent, a folder without results or not a regular file', async () => {
    await using folder = await tempFolder();
    await put(folder, { 'huge.json': leg(1), 'ok.json': leg(1), 'empty/notes.txt': '' });
    await truncate(folder.file('huge.json'), 65 * 1024 * 1024);
    const { text } = await ran(folder, ['ok.json', 'huge.json', 'absent.json', '/dev/null']);
    for (const why of ['huge.json cannot be read: it is larger than 64 MiB', 'absent.json does not exist'])
      expect(text).toContain(why);
    expect(text).toContain('it is not a regular file');
    expect(await failureOf(async () => await ran(folder, ['empty']))).toMatchObject({ code: 'no-results' });
    const both = await failureOf(async () => await ran(folder, ['huge.json', 'absent.json']));
    expect(both.problems.map(({ code }) => code)).toEqual(['result-invalid', 'result-invalid']);
  });
});

test('a run that could not start is reported with its error', async () => {
  await using folder = await tempFolder();
  const error = { code: 'network', message: 'no answer', hint: 'Try later.', file: null, line: null, column: null };
  await put(folder, { '1.json': leg(1), '2.json': { error }, '3.json': leg(3) });
  const { exitCode, text } = await ran(folder, ['1.json', '2.json', '3.json']);
  expect(exitCode).toBe(3);
  expect(text).toContain('error: the run of 2.json could not start: no answer (network)\n');
  expect(text).toContain('2/3');
});

test.each([
  ['none', false, false],
  ['keys', true, false],
  ['full', true, true],
])('report-values %s only reduces the values of the results', async (level, keys, values) => {
  await using folder = await tempFolder();
  const rows = [conflict({ key: { id: 'needle-key' }, ours: { title: 'needle-value' } })];
  await put(folder, {
    'r.json': runResult({ status: 'conflict', peers: [peer({ status: 'conflict', conflicts: rows })] }),
  });
  const { exitCode, json, rendered, text } = await ran(folder, [
    'r.json',
    '--report-values',
    level,
    '--html',
    'p.html',
  ]);
  expect(exitCode).toBe(4);
  const shown = [JSON.stringify(json), text, rendered.summary?.() ?? '', await readFile(folder.file('p.html'), 'utf8')];
  for (const form of shown) {
    expect([form.includes('needle-key'), form.includes('needle-value')]).toEqual([keys, values]);
  }
});

describe('the HTML file of a report', () => {
  test('replaces an older page, but no other file', async () => {
    await using folder = await tempFolder();
    await put(folder, { 'r.json': leg(1), 'p.html': 'old' });
    const { text, json } = await ran(folder, ['r.json', '--html', 'p.html']);
    expect(json).toMatchObject({ html: folder.file('p.html') });
    expect(text).toContain(`The page is in ${folder.file('p.html')}\n`);
    expect(await readFile(folder.file('p.html'), 'utf8')).toMatch(/^<!doctype html>\n/);
  });

  test('is an error if it cannot be written', async () => {
    await using folder = await tempFolder();
    await put(folder, { 'r.json': leg(1) });
    const failure = await failureOf(async () => await ran(folder, ['r.json', '--html', 'no/such/p.html']));
    expect(failure).toMatchObject({ code: 'bad-usage', message: expect.stringContaining('cannot be written') });
  });

  test('and the results of a job stay inside the workspace, even through links', async () => {
    await using folder = await tempFolder();
    await put(folder, { 'w/r.json': leg(1), 'secret.json': leg(2) });
    await symlink(folder.file('secret.json'), folder.file('w', 'link.json'));
    await symlink(folder.path, folder.file('w', 'out'));
    for (const args of [['w/link.json'], ['w/r.json', '--html', 'w/out/p.html']]) {
      const failure = await failureOf(async () => await ran(folder, args, folder.file('w')));
      expect(failure).toMatchObject({ code: 'outside-workspace' });
    }
  });
});
