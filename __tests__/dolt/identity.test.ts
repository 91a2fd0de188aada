import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { type Env, readEnv } from '../../src/core/env.ts';
import { userIdentity } from '../../src/dolt/identity.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

const PATH = readEnv()['PATH'] ?? '';
const NOTHING: Env = { GIT_AUTHOR_NAME: '', GIT_AUTHOR_EMAIL: '' };

/** The identity in a home folder and a database with these settings. */
async function identity(
  folder: TempFolder,
  written: { readonly local?: object; readonly global?: object; readonly git?: string },
  { env = NOTHING, userHome = true }: { readonly env?: Env; readonly userHome?: boolean } = {},
) {
  const { local, global, git: settings } = written;
  for (const inner of ['local/.dolt', 'home/.dolt', 'cwd', 'bin']) await mkdir(folder.file(inner), { recursive: true });
  // The machine may have settings of git for all users.
  const git = `#!/bin/sh\nPATH='${PATH}' GIT_CONFIG_NOSYSTEM=1 exec git "$@"\n`;
  await writeFile(folder.file('bin/git'), git, { mode: 0o755 });
  if (local !== undefined) await writeFile(folder.file('local/.dolt/config.json'), JSON.stringify(local));
  if (global !== undefined) await writeFile(folder.file('home/.dolt/config_global.json'), JSON.stringify(global));
  if (settings !== undefined) await writeFile(folder.file('home/.gitconfig'), settings);
  return await userIdentity(folder.file('local'), {
    env: { PATH: `${folder.file('bin')}:${PATH}`, HOME: folder.file('home'), ...env },
    userHome,
    cwd: folder.file('cwd'),
    tempDir: folder.file('tmp'),
    signal: new AbortController().signal,
  });
}

const of = (name: string, email: string) => ({ 'user.name': name, 'user.email': email });
const GIT = '[user]\n  name = Gil <x>\n  email = gil@example.org\n';
const VARIABLES: Env = { GIT_AUTHOR_NAME: 'Env', GIT_AUTHOR_EMAIL: 'env@example.org' };

describe('the identity for a commit', () => {
  test.each([
    ['comes from the database', { local: of('Lou', 'l@x'), global: of('Glo', 'g@x') }, {}, 'Lou', 'l@x'],
    [
      'comes from separate places for name and email',
      { local: { 'user.name': 'Lou' }, global: of('Glo', 'g@x') },
      {},
      'Lou',
      'g@x',
    ],
    ['omits characters that end a name', { local: of('Lou <a@b>\n', ' l@x ') }, {}, 'Lou a@b', 'l@x'],
    ['comes from the Dolt user before git', { global: of('Glo', 'g@x'), git: GIT }, { env: VARIABLES }, 'Glo', 'g@x'],
    [
      'comes from git if Dolt has no email',
      { local: { 'user.name': 'Lou' }, git: GIT },
      {},
      'Gil x',
      'gil@example.org',
    ],
    ['comes from the variables of git', { git: GIT }, { env: VARIABLES }, 'Env', 'env@example.org'],
    ['comes from the variables of a job', {}, { env: VARIABLES, userHome: false }, 'Env', 'env@example.org'],
  ] as const)('%s', async (_, written, around, name, email) => {
    await using folder = await tempFolder();
    expect(await identity(folder, written, around)).toEqual({ name, email });
  });

  test.each([
    ['nothing is set', {}, {}],
    ['the settings are empty or not text', { local: of('', 'l@x'), global: { 'user.name': 1 } }, {}],
    ['the home folder belongs to a runner', { global: of('Glo', 'g@x'), git: GIT }, { userHome: false }],
    ['git has only a name', { git: '[user]\n  name = Gil\n' }, {}],
    ['git is not installed', { git: GIT }, { env: { PATH: '/nowhere' } }],
  ] as const)('is refused if %s', async (_, written, around) => {
    await using folder = await tempFolder();
    const failure = await failureOf(() => identity(folder, written, around));
    expect(failure).toMatchObject({ code: 'no-identity', hint: expect.stringContaining('--add user.name') });
  });
});
