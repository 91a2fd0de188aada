import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { OUTPUTS } from '../../src/contract/outputs.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** A step that succeeds without a database. */
const IDLE = { inputs: { 'allow-no-peers': 'true' } };

describe('a step that cannot start', () => {
  test('exits with 2 for a bad input, sets every output, and reports the error in log, result and summary', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const step = await runner.main({ inputs: { command: 'synch' } });
    expect(step.exitCode).toBe(2);
    expect(Object.keys(step.outputs)).toEqual(Object.keys(OUTPUTS));
    expect(step.outputs).toMatchObject({ status: 'failed', changed: 'false', 'pushed-commits': '0', synced: '' });
    const json = validated('error', step.outputs['result'] ?? '');
    expect(json).toMatchObject({ error: { code: 'bad-usage' } });
    expect(JSON.parse(await readFile(step.outputs['result-path'] ?? '', 'utf8'))).toEqual(json);
    expect(step.commands.filter(({ command }) => command === 'error')).toEqual([
      {
        command: 'error',
        properties: { title: 'bad-usage' },
        message: expect.stringContaining(
          'the input command is "synch", but must be one of sync, pull, push, backup, status',
        ),
      },
    ]);
    expect(step.summary).toContain('<code>bad-usage</code>');
  });

  test('annotates a mistake in the configuration on its line', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    await mkdir(join(runner.workspace, 'local', '.beads'), { recursive: true });
    const config = 'sync:\n  mode: dolt-native\nfederation:\n  peerz: {}\n';
    await writeFile(join(runner.workspace, 'local', '.beads', 'config.yaml'), config);
    const step = await runner.main({ inputs: { 'working-directory': 'local' } });
    expect(step.exitCode).toBe(2);
    validated('error', step.outputs['result'] ?? '');
    const [error] = step.commands.filter(({ command }) => command === 'error');
    expect(error?.properties).toMatchObject({
      file: 'local/.beads/config.yaml',
      line: '4',
      title: 'config-unknown-key',
    });
  });

  test('annotates several mistakes each on its line; a mistake in an input names no file', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    await writeFile(join(runner.workspace, 'c.yaml'), 'federation:\n  peerz: {}\n  dirt: fail\n');
    const step = await runner.main({ inputs: { config: 'c.yaml', peers: 'a:\n  endpoint: nowhere' } });
    expect(step.exitCode).toBe(2);
    const errors = step.commands.filter(({ command }) => command === 'error');
    expect(errors.map(({ properties: { file, line }, message }) => [file, line, message.split('\n')[0]])).toEqual([
      ['c.yaml', '2', expect.stringContaining('peerz')],
      ['c.yaml', '3', expect.stringContaining('dirt')],
      [undefined, undefined, expect.stringContaining('(at input peers:2:13)')],
    ]);
    const json = validated('error', step.outputs['result'] ?? '');
    expect(json).toMatchObject({ error: { message: expect.stringContaining('(and 2 more problems)') } });
    expect(step.summary.match(/<code>(config-unknown-key|invalid-endpoint)/g)).toHaveLength(3);
  });

  test('does not search a folder above the workspace', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    await mkdir(folder.file('.beads'));
    await writeFile(folder.file('.beads', 'config.yaml'), 'federation:\n  nonsense: 1\n');
    await mkdir(folder.file('home', '.config', 'bd'), { recursive: true });
    await writeFile(folder.file('home', '.config', 'bd', 'config.yaml'), 'federation:\n  nonsense: 1\n');
    const step = await runner.main();
    expect(step.exitCode).toBe(2);
    expect(step.outputs).toMatchObject({ status: 'failed' });
    const [error] = step.commands.filter(({ command }) => command === 'error');
    expect(error).toMatchObject({ properties: { title: 'no-peers' } });
    expect(error?.message).toContain(`no configuration file was found in ${runner.workspace}`);
  });

  test('fails on a schedule without any peer, unless that is allowed', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    await writeFile(join(runner.workspace, 'c.yaml'), 'federation:\n  town: north\n');
    for (const command of ['sync', 'pull', 'push']) {
      const step = await runner.main({ inputs: { config: 'c.yaml', command, 'fail-on': 'none' } });
      expect([command, step.exitCode]).toEqual([command, 2]);
      const [error] = step.commands.filter(({ command: name }) => name === 'error');
      expect(error?.properties).toEqual({ title: 'no-peers', file: 'c.yaml' });
      expect(error?.message).toContain('`allow-no-peers: true`');
    }
    const allowed = await runner.main({ inputs: { config: 'c.yaml', 'allow-no-peers': 'true' } });
    expect(allowed.exitCode).toBe(0);
    expect(allowed.outputs).toMatchObject({ status: 'unchanged' });
    expect(allowed.commands).toContainEqual(
      expect.objectContaining({ command: 'warning', properties: { title: 'no-peers' } }),
    );
    const event = { name: 'pull_request' };
    const untrusted = await runner.main({ inputs: { config: 'c.yaml' }, event });
    expect(untrusted).toMatchObject({ exitCode: 0, outputs: { status: 'skipped', changed: 'false' } });
    expect(untrusted.summary).toContain('dolt-federation sync: skipped');
  });

  test('lets no quoted text of an error send a command to the runner, and shows no token in it', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const evil = '\n::set-env name=EVIL::1\r\n##[add-mask]x\n';
    const step = await runner.main({ inputs: { 'fail-on': `any${evil}ghp_0123456789abcdefABCDEF` } });
    expect(step.exitCode).toBe(2);
    expect(new Set(step.commands.map(({ command }) => command))).toEqual(new Set(['add-mask', 'error']));
    expect(step.commands.filter(({ command }) => command === 'add-mask')).toHaveLength(1);
    expect(JSON.stringify(step)).not.toContain('ghp_');
  });

  test('reports a missing runner and exits with 1 or 2', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const step = await runner.main({ env: { RUNNER_TOOL_CACHE: '' } });
    expect(step.exitCode).toBe(2);
    expect(step.stdout).toContain('RUNNER_TOOL_CACHE is not set');
  });

  test('fails with the reason if its outputs cannot be written', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const step = await runner.main({ ...IDLE, env: { GITHUB_OUTPUT: folder.file('missing') } });
    expect(step.exitCode).toBe(2);
    const titles = step.commands.map(({ command, properties }) => [command, properties['title']]);
    expect(titles.slice(-2)).toEqual([
      ['warning', 'no-peers'],
      ['error', 'bad-usage'],
    ]);
    expect(step.commands.at(-1)?.message).toContain(
      'the outputs of the step could not be written: Missing file at path',
    );
    const refused = await runner.main({ inputs: { command: 'x' }, env: { GITHUB_OUTPUT: folder.file('missing') } });
    expect(refused.exitCode).toBe(2);
    expect(refused.commands.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('the outputs of the step could not be written'),
        expect.stringContaining('the input command is "x"'),
      ]),
    );
  });

  test('warns about a summary that cannot be written', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const step = await runner.main({ ...IDLE, env: { GITHUB_STEP_SUMMARY: folder.file('missing') } });
    expect(step.exitCode).toBe(0);
    expect(step.stdout).toContain('::warning::the job summary could not be written');
  });
});
