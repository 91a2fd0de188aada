import { mkdir, stat, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { exitCodeOfFailure } from '../../src/commands/outcome/exit-code.ts';
import { CLI, startCli } from '../helpers/bundled-cli.ts';
import { prepared } from '../helpers/command-line.ts';
import { command } from '../helpers/commanding.ts';
import { commandContext } from '../helpers/configuring.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

/** Programs that record their start, instead of all programs that a run starts. */
async function traps(folder: TempFolder): Promise<void> {
  await mkdir(folder.file('bin'));
  for (const name of ['dolt', 'git', 'ssh', 'touch', 'sh']) {
    const script = `#!/bin/sh\necho ${name} "$@" >> '${folder.file('started')}'\nexit 1\n`;
    await writeFile(folder.file('bin', name), script, { mode: 0o755 });
  }
}

/** A run that finds only these programs. */
const trapped = (folder: TempFolder) =>
  ({ dolt: { source: 'release', path: folder.file('bin', 'dolt') }, env: { PATH: folder.file('bin') } }) as const;

const OK = 'git+ssh://h.example/repo.git';

test.each<[string, string, unknown]>([
  ['a percent-encoded shell command', 'p', 'ssh://h.example/a%3Btouch%20x'],
  ['a plain shell command', 'p', 'ssh://h.example/a;touch'],
  ['a shell substitution', 'p', 'git@h.example:$(touch)'],
  ['a quote', 'p', "ssh://h.example/a'b"],
  ['an option as a user', 'p', 'ssh://%2DoProxyCommand%3Dtouch@h.example/p'],
  ['an option as a host', 'p', 'ssh://-oProxyCommand=touch/p'],
  ['an option as a git host', 'p', 'git@-oProxyCommand=touch:p'],
  ['an option as a path', 'p', 'git+ssh://h.example/%2D-upload-pack=touch.git'],
  ['an option as a short path', 'p', 'git@h.example:--upload-pack=touch'],
  ['a line break', 'p', 'https://h.example/a\nb'],
  ['a percent-encoded line break', 'p', 'https://h.example/a%0Ab'],
  ['a character that is encoded twice', 'p', 'ssh://h.example/a%253Btouch'],
  ['a program as a transport', 'p', 'git+ext::touch'],
  ['an option as a branch', 'p', { endpoint: OK, branch: '--force' }],
  ['a branch that deletes another', 'p', { endpoint: OK, branch: ':other' }],
  ['a branch that forces a push', 'p', { endpoint: OK, branch: '+main' }],
  ['an option as a ref', 'p', { endpoint: OK, ref: '--upload-pack=touch' }],
  ['an option as a user name', 'p', { endpoint: 'https://h.example/db', user: '--force' }],
  ['an option as a peer name', '--force', OK],
  ['a peer name with a line break', 'p\nq', OK],
])('%s ends the command before a process starts', async (_, name, peer) => {
  await using folder = await tempFolder();
  await traps(folder);
  const failure = await failureOf(() => command(folder, stringify({ [name]: peer }), trapped(folder)));
  expect([failure.message, exitCodeOfFailure(failure)]).toEqual([failure.message, 2]);
  await expect(stat(folder.file('started'))).rejects.toThrow('ENOENT');
});

test.each(['--force', ':other', '+main'])('the requested branch %s starts no process', async (branch) => {
  await using folder = await tempFolder();
  await traps(folder);
  await mkdir(folder.file('home'));
  const dolt = folder.file('bin', 'dolt');
  const words = [CLI, 'sync', `--branch=${branch}`, '--remote', OK, '--dolt-path', dolt];
  expect((await startCli(folder, words)).exitCode).toBe(2);
  await using place = await tempFolder();
  const step = await (await fakeRunner(place)).main({ inputs: { branch, remote: OK, 'dolt-path': dolt } });
  expect([step.exitCode, step.commands.at(-1)?.command]).toEqual([2, 'error']);
  await expect(stat(folder.file('started'))).rejects.toThrow('ENOENT');
});

test('configuration commands start no process, even beside a database', async () => {
  await using folder = await tempFolder();
  await traps(folder);
  await mkdir(folder.file('.dolt', 'noms'), { recursive: true });
  await mkdir(folder.file('.beads'));
  const peers = `{box: "file://${folder.file('box')}", hub: "${OK}"}`;
  await writeFile(folder.file('.beads', 'config.yaml'), `sync: {mode: dolt-native}\nfederation:\n  peers: ${peers}\n`);
  const context = commandContext(folder.path, { env: { PATH: folder.file('bin') } });
  for (const words of [
    ['validate'],
    ['list-peers'],
    ['config', 'list'],
    ['config', 'get', 'federation.peers.hub.role'],
    ['config', 'set', 'federation.database', '..'],
    ['config', 'set', 'federation.peers.hub.role', 'backup'],
    ['config', 'unset', 'federation.database'],
  ])
    expect([words, (await prepared(words).run(context)).exitCode]).toEqual([words, 0]);
  await expect(stat(folder.file('started'))).rejects.toThrow('ENOENT');
});

test('a valid peer starts the programs that this test watches', async () => {
  await using folder = await tempFolder();
  await traps(folder);
  await failureOf(() => command(folder, stringify({ p: OK }), trapped(folder)));
  expect((await stat(folder.file('started'))).size).toBeGreaterThan(0);
});
