import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { COMMAND_NAMES, COMMANDS } from '../../src/contract/commands.ts';
import { readEnv } from '../../src/core/env.ts';
import { prepared } from '../helpers/command-line.ts';
import { commandContext } from '../helpers/configuring.ts';
import { serverProgram } from '../helpers/servers/server-program.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder();
  // The scripts ask the command for the names of peers.
  const answer =
    '#!/bin/sh\ncase "$*" in *other.yaml*) echo "elsewhere  file:///e  peer  T1"; exit;; *none.yaml*) echo "no peers configured; add one"; exit;; esac\necho "north  file:///n  peer  T1"\necho "nadir  file:///d  peer  T1"\n';
  await writeFile(folder.file('dolt-federation'), answer, { mode: 0o755 });
  for (const shell of ['bash', 'zsh', 'fish']) await writeFile(folder.file(shell), await script(shell));
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function script(shell: string): Promise<string> {
  const { rendered } = await prepared(['completion', shell]).run(commandContext(folder.path));
  return rendered.text({ showOrigin: false, color: false, columns: null, wide: false });
}

/** The completions of a shell for the last word of a line. */
type Complete = (line: string) => Promise<string[]>;

async function lines(program: string, ...args: string[]): Promise<string[]> {
  const env = { PATH: `${folder.path}:${readEnv()['PATH'] ?? ''}`, HOME: folder.path };
  const { stdout, stderr } = await execa(program, args, { env, extendEnv: false, cwd: folder.path });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

/** bash calls the function with these variables. */
const bash: Complete = (line) => {
  // bash splits words at `=`.
  const words = line
    .replaceAll('=', ' = ')
    .split(' ')
    .map((word) => `'${word}'`);
  const code = `. ./bash; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _dolt_federation; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines('/bin/bash', '--norc', '-c', code);
};

/** zsh filters the output of the function by the word before the cursor. This test calls only the function. */
const zsh: Complete = async (line) => {
  const words = line.split(' ').map((word) => `'${word}'`);
  const add = 'compadd() { while [[ $1 != -- ]] { shift }; shift; print -l -- "$@" }';
  const stubs = `compdef() { : }; compset() { : }; ${add}; _files() { print -l files "$@" }`;
  const code = `${stubs}; . ./zsh; words=(${words.join(' ')}); CURRENT=${words.length}; _dolt_federation`;
  const [last = ''] = /[^ =,]*$/.exec(line) ?? [];
  return (await lines(serverProgram('ZSH'), '-f', '-c', code)).filter((word) => word.startsWith(last));
};

const fish: Complete = async (line) => {
  const offered = await lines(serverProgram('FISH'), '--no-config', '-c', `source ./fish; complete -C '${line}'`);
  // fish offers whole words: the value with its flag.
  return offered.map((each) => (each.split('\t')[0] ?? '').replace(/^--[a-z-]+=/, ''));
};

const SHELLS: readonly (readonly [string, Complete])[] = [
  ['bash', bash],
  // The set-up installs the others on Linux only.
  ...(process.platform === 'linux'
    ? ([
        ['zsh', zsh],
        ['fish', fish],
      ] as const)
    : []),
];

describe.each(SHELLS)('the completions of %s', (_, complete) => {
  test('offer every command', async () => {
    const first = [...new Set(COMMAND_NAMES.map((name) => name.split(' ')[0] ?? '')), 'help'];
    expect((await complete('dolt-federation ')).sort()).toEqual(first.sort());
    expect(await complete('dolt-federation sta')).toEqual(['status']);
  });

  test('offer the members of a group, and the shells', async () => {
    const members = COMMAND_NAMES.filter((name) => name.startsWith('config ')).map((name) => name.slice(7));
    expect((await complete('dolt-federation config ')).sort()).toEqual(members.sort());
    expect((await complete('dolt-federation completion ')).sort()).toEqual(['bash', 'fish', 'zsh']);
  });

  test('offer the flags of the command and the common ones', async () => {
    const flags = await complete('dolt-federation sync --');
    expect(flags).toEqual(expect.arrayContaining(['--dry-run', '--no-init-empty', '--json', '--color', '--help']));
    expect(flags).not.toContain('--role');
    expect(flags.length).toBeGreaterThan(COMMANDS.sync.options.length);
    expect(await complete('dolt-federation config get --sho')).toEqual(['--show-origin']);
  });

  test('offer the values of a flag', async () => {
    expect((await complete('dolt-federation sync --fail-on ')).sort()).toEqual(['any', 'none', 'primary']);
    expect(await complete('dolt-federation --color ne')).toEqual(['never']);
    expect(await complete('dolt-federation sync --fail-on=pri')).toEqual(['primary']);
    expect((await complete('dolt-federation sync --timeout=3s n')).sort()).toEqual(['nadir', 'north']);
  });

  test('offer the words of a list after each comma', async () => {
    const ends = async (line: string) => (await complete(line)).map((word) => word.split(',').at(-1));
    expect(await ends('dolt-federation sync --only-role up')).toEqual(['upstream']);
    expect(await ends('dolt-federation sync --only-role peer,up')).toEqual(['upstream']);
    expect(await ends('dolt-federation add-peer --accept fut')).toEqual(['future']);
    expect(await ends('dolt-federation set-peer --unset role,lower')).toEqual(['lower-tier']);
  });

  test('offer the keys of the configuration and their words', async () => {
    expect(await complete('dolt-federation config get sync.')).toEqual(['sync.mode']);
    expect(await complete('dolt-federation config unset federation.so')).toEqual(['federation.sovereignty']);
    expect((await complete('dolt-federation config set conflict.strategy ')).sort()).toEqual([
      ...['manual', 'newest', 'ours', 'theirs'],
    ]);
    expect(await complete('dolt-federation config set federation.push t')).toEqual(['true']);
    expect(await complete('dolt-federation config set federation.attribution s')).toEqual(['stamp']);
  });

  test('offer the topics and commands of the help, and the common flags before a command', async () => {
    expect(await complete('dolt-federation help cred')).toEqual(['credentials']);
    expect(await complete('dolt-federation help val')).toEqual(['validate']);
    expect(await complete('dolt-federation help config se')).toEqual(['set']);
    expect(await complete('dolt-federation --js')).toEqual(['--json']);
  });

  test('offer the names of peers, even after a flag with a value', async () => {
    expect((await complete('dolt-federation sync --timeout 3s n')).sort()).toEqual(['nadir', 'north']);
    expect(await complete('dolt-federation remove-peer no')).toEqual(['north']);
    expect(await complete('dolt-federation add-peer n')).toEqual([]);
    expect(await complete('dolt-federation sync --bootstrap no')).toEqual(['north']);
    expect((await complete('dolt-federation sync --adopt no')).map((word) => word.replace(/=$/, ''))).toEqual([
      'north',
    ]);
    expect(await complete('dolt-federation sync --config other.yaml e')).toEqual(['elsewhere']);
    expect(await complete('dolt-federation -C other.yaml status e')).toEqual(['elsewhere']);
    expect(await complete('dolt-federation sync --config none.yaml n')).toEqual([]);
  });
});

test('another shell is not supported', async () => {
  await expect(script('tcsh')).rejects.toMatchObject({
    code: 'bad-usage',
    message: "there is no completion for 'tcsh'; the shell must be one of bash, zsh, fish",
  });
});
