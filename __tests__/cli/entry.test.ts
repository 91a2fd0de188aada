import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import manifest from '../../package.json' with { type: 'json' };
import { errorResultSchema } from '../../src/contract/result.ts';
import { cliInProcess } from '../helpers/cli-in-process.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

let cli: CompiledCli;
beforeAll(async () => {
  cli = await compileCli();
});
afterAll(() => cli.dispose());

describe('the command line as a process', () => {
  test('--version and --help print their texts', async () => {
    const version = await cli.run(['--version']);
    expect(version).toMatchObject({ exitCode: 0, stderr: '' });
    const [own, node, dolt] = String(version.stdout).split('\n');
    expect(own).toBe(`dolt-federation ${manifest.version} (commit unknown)`);
    const started = await cli.script('console.log(process.versions.node)');
    expect(node).toBe(`Node ${String(started.stdout).trim()}`);
    expect(dolt).toMatch(/^Dolt(?: \d+\.\d+\.\d+ \(.+\)|: no Dolt \(2\.3\.0\) on PATH or in the tool cache)$/);
    const help = await cli.run(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: dolt-federation');
  });

  test('without a command it prints the help, exits with 0, and reads or writes no file', async () => {
    await using folder = await tempFolder();
    for (const argv of [[], ['--json'], ['-q'], ['federation']]) {
      const result = await cli.run(argv, { cwd: folder.path, env: { HOME: folder.path } });
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout).toContain('Usage: dolt-federation');
    }
    expect((await cli.shell('ls -A', { cwd: folder.path })).stdout).toBe('');
  });

  test('-C starts in another folder, or explains why it cannot', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('inner', '.beads'), { recursive: true });
    await writeFile(folder.file('inner', '.beads', 'config.yaml'), 'federation: {peers: {box: file:///box}}\n');
    const there = await cli.run(['list-peers', '-C', 'inner'], { cwd: folder.path });
    expect(there).toMatchObject({ exitCode: 0, stdout: 'box  file:///box  peer  T1\n' });
    const gone = await cli.run(['-C', 'gone', 'list-peers'], { cwd: folder.path });
    expect(gone).toMatchObject({ exitCode: 2, stdout: '' });
    expect(gone.stderr).toContain('gone cannot be used: it does not exist (bad-usage)');
  });

  test('an unknown command exits with 2 and suggests another on standard error only', async () => {
    const result = await cli.run(['snyc']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(/^error: unknown command 'snyc' \(bad-usage\)\n {2}Did you mean sync\?/);
  });

  test.each([[['--json', 'sync', '--dry-rum']], [['sync', '--dry-rum', '--json']]])(
    '%j prints the error as JSON',
    async (argv) => {
      const result = await cli.run(argv);
      expect(result).toMatchObject({ exitCode: 2, stderr: '' });
      expect(errorResultSchema.parse(JSON.parse(result.stdout)).error).toMatchObject({
        code: 'bad-usage',
        hint: expect.stringContaining('Did you mean --dry-run?'),
      });
    },
  );

  test('list-peers --json without a configuration prints an empty list and writes no file', async () => {
    await using folder = await tempFolder();
    const env = { HOME: folder.path, XDG_CACHE_HOME: folder.file('cache') };
    const result = await cli.run(['list-peers', '--json'], { cwd: folder.path, env });
    expect(result).toMatchObject({ exitCode: 0, stdout: '[]\n', stderr: '' });
    expect((await cli.shell('ls -A', { cwd: folder.path })).stdout).toBe('');
  });

  test('sync without peers does nothing, says so, and succeeds', async () => {
    await using folder = await tempFolder();
    const result = await cli.run(['sync', '--json'], { cwd: folder.path, env: { HOME: folder.path } });
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ status: 'unchanged', problems: [{ code: 'no-peers' }] });
  });

  test('a configuration error names its place and exits with 2', async () => {
    await using folder = await tempFolder();
    const line =
      'mkdir .beads && printf "federation:\\n  peer: {}\\n  ghp_0123456789abcdefABCDEF: 1\\n" > .beads/config.yaml && $CLI list-peers';
    const result = await cli.shell(line, { cwd: folder.path, env: { HOME: folder.path } });
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain('(config-unknown-key)');
    expect(result.stderr).toContain('.beads/config.yaml:2:3');
    expect(result.stderr).toContain('unknown key "federation.***"');
    expect(result.stderr).not.toContain('ghp_');
  });
});

describe('pipes', () => {
  test('a reader that closes early causes no error', async () => {
    expect(await cli.shell('$CLI --help | head -1')).toMatchObject({
      exitCode: 0,
      stdout: 'Usage: dolt-federation [federation] <command> [options]\n',
      stderr: '',
    });
    expect(await cli.shell('$CLI sync --help | true')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('a closed standard error does not stop a command', async () => {
    expect(await cli.shell('$CLI sync 2> >(true)')).toMatchObject({ exitCode: 0 });
  });

  test('long output through a slow pipe is complete', async () => {
    await using folder = await tempFolder();
    const peers = Array.from({ length: 1_000 }, (_, index) => `    p${index}: file:///${'x'.repeat(60)}/p${index}`);
    await writeFile(folder.file('c.yaml'), `federation:\n  peers:\n${peers.join('\n')}\n`);
    const result = await cli.shell('$CLI list-peers --json --config c.yaml | (sleep 0.3; cat)', { cwd: folder.path });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(String(result.stdout).length).toBeGreaterThan(2 * 65_536);
    expect(JSON.parse(String(result.stdout))).toHaveLength(1_000);
  });
});

// A full device is Linux's /dev/full; `script` of util-linux gives a process a terminal.
if (process.platform === 'linux') {
  describe('a device as standard output', () => {
    test('that is full is a failure, reported on standard error', async () => {
      const result = await cli.shell('$CLI --help > /dev/full');
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain('ENOSPC');
    });

    test.each([
      ['a terminal gets colour', {}, true],
      ['NO_COLOR turns colour off', { NO_COLOR: '1' }, false],
    ])('%s', async (_, env, colored) => {
      const result = await cli.shell("script -qec '$CLI snyc' /dev/null", { env: { TERM: 'xterm', ...env } });
      expect(result.stdout.includes('\u001b[31m')).toBe(colored);
      expect(result.exitCode).toBe(2);
    });
  });
}

describe('colour', () => {
  const isColored = async (words: readonly string[], env: Readonly<Record<string, string>>, isTTY: boolean) => {
    const result = await cliInProcess(words, { cwd: process.cwd(), env, isTTY });
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr.includes('\u001b')).toBe(result.stderr.includes('\u001b[31m'));
    return result.stderr.includes('\u001b[31m');
  };

  test.each([
    ['a terminal gets it', ['snyc'], {}, true],
    ['a dumb terminal does not get it', ['snyc'], { TERM: 'dumb' }, false],
    ['--color=never turns it off', ['--color=never', 'snyc'], {}, false],
    ['the flag overrides NO_COLOR', ['--color', 'always', 'snyc'], { NO_COLOR: '1' }, true],
    ['NO_COLOR overrides FORCE_COLOR', ['snyc'], { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['FORCE_COLOR=0 turns it off', ['snyc'], { FORCE_COLOR: '0' }, false],
    ['an empty NO_COLOR has no effect', ['snyc'], { NO_COLOR: '' }, true],
    ['--no-color turns it off', ['snyc', '--no-color'], {}, false],
  ])('%s', async (_, words, env, colored) => {
    expect(await isColored(words, { TERM: 'xterm', ...env }, true)).toBe(colored);
  });

  test('a pipe gets it only if it is forced', async () => {
    expect(await isColored(['snyc'], {}, false)).toBe(false);
    expect(await isColored(['snyc', '--color=always'], {}, false)).toBe(true);
    expect(await isColored(['snyc'], { FORCE_COLOR: '1' }, false)).toBe(true);
  });
});
