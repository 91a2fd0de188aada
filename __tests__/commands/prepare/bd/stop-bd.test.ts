import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { stopBd } from '../../../../src/commands/prepare/bd/stop-bd.ts';
import type { Found } from '../../../../src/commands/prepare/locate-database.ts';
import type { Serving } from '../../../../src/commands/prepare/served/served-by.ts';
import type { ServerSetting } from '../../../../src/config/server.ts';
import { configure } from '../../../helpers/configuring.ts';
import { type TempFolder, tempFolder } from '../../../helpers/temp-folder.ts';

const setting: ServerSetting = {
  host: '127.0.0.1',
  port: 1,
  user: 'root',
  database: 'x',
  remotesapi: null,
  tls: false,
};

/** Lets a program named bd stop the server of a workspace. @returns the messages */
async function stop(
  folder: TempFolder,
  script: string,
  { federation = '', beside = true, path = '/x' as string | null, mode = 'server' as 'server' | 'shared-server' } = {},
): Promise<readonly string[]> {
  await mkdir(folder.file('w', '.beads'), { recursive: true });
  await writeFile(folder.file('bd'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const bd = beside ? { mode, guarded: [folder.file('w', '.beads')] } : null;
  const found: Found = { kind: 'database', path: '/x', server: null, bd, notices: [] };
  const serving: Serving = { path, setting, password: null, cutOff: null, isSilent: false };
  const said: string[] = [];
  const log = {
    debug() {},
    info: (text: string) => void said.push(text),
    warning: (text: string) => void said.push(`warning: ${text}`),
  };
  const context = {
    env: { PATH: folder.path, GITHUB_TOKEN: 'secret', GIT_SSH_COMMAND: 'x', BD_ACTOR: 'ann' },
    log,
    signal: new AbortController().signal,
  };
  await stopBd(found, serving, configure(federation), context);
  return said;
}

test('bd gets its command in its workspace, and no variable but its own', async () => {
  await using folder = await tempFolder();
  const check = `test "$BD_ACTOR$GITHUB_TOKEN$GIT_SSH_COMMAND" = ann && test "$*" = "dolt stop" && test "$BEADS_DIR" = "$PWD/.beads" && test "$PWD" = "${folder.file('w')}"`;
  expect(await stop(folder, check)).toEqual(['bd stopped its server; its next command starts it again']);
  expect(await stop(folder, check, { mode: 'shared-server' })).toEqual([
    expect.stringContaining('warning: bd stopped its shared server; start it again with `bd dolt start`'),
  ]);
});

test.each<[string, string, Parameters<typeof stop>[2], string]>([
  ['a configured server', 'exit 0', { federation: 'federation: {server: {port: 1}}' }, 'not started by bd'],
  ['a server on another machine', 'exit 0', { path: null }, 'not started by bd'],
  ['a server without a workspace', 'exit 0', { beside: false }, 'not started by bd'],
  ['a bd that refuses', 'echo no; exit 3', {}, 'exit code 3: no'],
])('%s is not stopped', async (_, script, options, why) => {
  await using folder = await tempFolder();
  await expect(stop(folder, script, options)).rejects.toMatchObject({
    code: 'database-in-use',
    message: expect.stringContaining(why),
  });
});
