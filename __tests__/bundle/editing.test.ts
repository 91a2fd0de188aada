import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { CLI, startCli, userEnvironment } from '../helpers/bundled-cli.ts';
import { cliInProcess } from '../helpers/cli-in-process.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const TEXT = '# ours\r\nfederation.dirty:   "fail"   # flat\r\nfederation:\r\n  peers: {}\r\n';

async function workspace(folder: TempFolder, text: string): Promise<string> {
  await mkdir(folder.file('home'));
  await mkdir(folder.file('.beads'));
  await writeFile(folder.file('.beads/config.yaml'), text);
  return folder.file('.beads/config.yaml');
}

const run = (folder: TempFolder, ...words: string[]) =>
  cliInProcess(words, { cwd: folder.path, env: userEnvironment(folder) });

describe('config edits', () => {
  test('eight concurrent add-peer commands of the built command line lose no peer', async () => {
    await using folder = await tempFolder();
    const file = await workspace(folder, TEXT);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const ended = await Promise.all(
      names.map((name) => startCli(folder, [CLI, 'add-peer', name, `gs://bucket/${name}`])),
    );
    expect(ended.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(
      names.map((name) => [0, `added peer ${name} (gs://bucket/${name}) to ${file}`]),
    );
    const { stdout } = await run(folder, 'list-peers', '--json');
    expect(JSON.parse(stdout)).toEqual(names.map((name) => expect.objectContaining({ name })));
    expect(await readdir(folder.file('.beads'))).toEqual(['config.yaml']);
    const text = await readFile(file, 'utf8');
    expect(text.replace(/\{a?.*\}/, '{}')).toBe(TEXT);
  }, 60_000);

  test('each command names the file that it wrote and keeps every other byte', async () => {
    await using folder = await tempFolder();
    const file = await workspace(folder, TEXT);
    const lines: readonly (readonly [words: string, stdout: string])[] = [
      ['config set federation.dirty allow', `set federation.dirty = allow in ${file}`],
      ['config set sync.mode dolt-native', `set sync.mode = dolt-native in ${file}`],
      ['add-peer lake s3://bucket/lake --aws-region eu', `added peer lake (s3://bucket/lake) to ${file}`],
      ['set-peer lake --accept deletion,future --role backup', `changed peer lake in ${file}`],
      ['config get federation.peers.lake.aws.region', 'eu'],
      ['set-peer lake --unset accept,role', `changed peer lake in ${file}`],
      ['config unset federation.peers.lake.aws.region', `removed federation.peers.lake.aws.region from ${file}`],
      ['remove-peer lake', `removed peer lake from ${file}`],
      ['config unset sync.mode', `removed sync.mode from ${file}`],
      ['config set federation.dirty fail', `set federation.dirty = fail in ${file}`],
    ];
    for (const [words, stdout] of lines)
      expect(await run(folder, ...words.split(' '))).toMatchObject({ exitCode: 0, stdout: `${stdout}\n` });
    // The section of the mode was new; without its key, it has no effect.
    expect(await readFile(file, 'utf8')).toBe(`${TEXT.replace('\r\n  peers: {}', '')}\r\nsync:\r\n`);
  }, 60_000);

  test('a workspace without a mode gets a warning with the two lines to add', async () => {
    await using folder = await tempFolder();
    await workspace(folder, '# bd\n');
    const { exitCode, stderr } = await run(folder, 'add-peer', 'hub', 'gs://bucket/hub');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('sync.mode is not set, and in a folder with `.beads` it defaults to git-portable');
    expect(stderr).toContain('mode: dolt-native');
  });

  test.each([
    ['add-peer hub /tmp/x', 'Did you mean `file:///tmp/x`?'],
    ['add-peer hub https://www.dolthub.com/repositories/org/repo', 'Did you mean `dolthub://org/repo`?'],
    ['add-peer file:///tmp/x hub', 'Write the name before the endpoint'],
    ['add-peer origin file:///tmp/x', 'dolt-federation config set federation.remote <endpoint>'],
    ['config set federation.soverignty T1', 'federation.sovereignty'],
    ['config set federation.peers.hub.password x', 'dolt-federation help credentials'],
    ['set-peer hub --role backup', 'dolt-federation add-peer <name> <endpoint>'],
  ])('refuses %s: %s', async (words, hint) => {
    await using folder = await tempFolder();
    const file = await workspace(folder, '# bd\n');
    const { exitCode, stderr } = await run(folder, ...words.split(' '));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(hint);
    // The mistake is on the command line, not in the file.
    expect(stderr).not.toContain(file);
    expect(await readFile(file, 'utf8')).toBe('# bd\n');
  });
});
