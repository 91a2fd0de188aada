import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { cloneInto, withEngine } from '../helpers/servers/engine.ts';
import { serverProgram } from '../helpers/servers/server-program.ts';
import { type Sshd, startSshd } from '../helpers/servers/sshd.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** The client's command, with nothing of the user's own settings. */
async function sshCommand(folder: TempFolder, key: string, knownHosts: string): Promise<string> {
  const file = folder.file('known_hosts');
  await writeFile(file, knownHosts);
  const settings = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${file}`];
  const options = [...settings, 'GlobalKnownHostsFile=/dev/null'].flatMap((setting) => ['-o', setting]);
  return [serverProgram('SSH'), '-F', '/dev/null', '-i', key, ...options].join(' ');
}

const KINDS = [
  { variable: 'DOLT_SSH_COMMAND', url: (sshd: Sshd, path: string) => `${sshd.url}${path}` },
  { variable: 'GIT_SSH_COMMAND', url: (sshd: Sshd, path: string) => `git+${sshd.url}${path}` },
];

describe.each(KINDS)('the ssh client in $variable', ({ variable, url }) => {
  test('allows a push and a clone only with the correct keys on both sides', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const head = await local.head();
    await using sshd = await startSshd(folder.path);
    const repository = await bareRepository(folder.file('far.git'), { withBranch: true });
    const remote = url(sshd, variable === 'GIT_SSH_COMMAND' ? repository.path : folder.file('far.git', 'db'));
    const env = { [variable]: await sshCommand(folder, sshd.key, sshd.knownHosts) };
    const refusal = async (key: string, knownHosts: string) => {
      const options = { env: { [variable]: await sshCommand(folder, key, knownHosts) } };
      return withEngine(local.path, options, (engine) => engine.refusal('DOLT_FETCH', 'peer', 'main'));
    };
    if (variable === 'DOLT_SSH_COMMAND') await makeDatabase(folder.file('far.git', 'db'));
    await withEngine(local.path, { env }, async (engine) => {
      await engine.call('DOLT_REMOTE', 'add', 'peer', remote);
      await engine.call('DOLT_PUSH', '--force', 'peer', 'main');
    });
    expect(await cloneInto(folder.file('clone'), { env }, [remote])).toBe(head);
    expect(await refusal(sshd.strangerKey, sshd.knownHosts)).toContain('Permission denied (publickey)');
    expect(await refusal(sshd.key, sshd.wrongKnownHosts)).toContain('Host key verification failed.');
    expect(await refusal(sshd.key, '')).toContain('No ED25519 host key is known for [127.0.0.1]:');
  });
});

test('DOLT_SSH_COMMAND is split at spaces, and no shell reads it', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const refusal = (command: string) =>
    withEngine(local.path, { env: { DOLT_SSH_COMMAND: command } }, (engine) =>
      engine.refusal('DOLT_FETCH', 'peer', 'main'),
    );
  await withEngine(local.path, {}, (engine) => engine.call('DOLT_REMOTE', 'add', 'peer', 'ssh://127.0.0.1:9/a/b'));
  expect(await refusal('A=1 ssh')).toContain('failed to start transfer subprocess: exec: "A=1": executable file');
  expect(await refusal(`${serverProgram('SSH')} -F "/dev/null"`)).toContain('"/dev/null"');
  expect(await refusal(' ')).toBe('invalid DOLT_SSH_COMMAND: empty');
  expect(await refusal(`${serverProgram('SSH')} -F /dev/null`)).toBe(
    'failed to create chunk store: remote: ssh: connect to host 127.0.0.1 port 9: Connection refused',
  );
});

test('a missing folder and a remote side without Dolt are reported', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  await using sshd = await startSshd(folder.path);
  const env = { DOLT_SSH_COMMAND: await sshCommand(folder, sshd.key, sshd.knownHosts) };
  await withEngine(local.path, { env }, async (engine) => {
    await engine.call('DOLT_REMOTE', 'add', 'peer', `${sshd.url}/none/there`);
    // Dolt 2.3.0 may notice that ssh has ended before it reads why.
    let refusal = '';
    for (let tries = 0; tries < 10 && !refusal.startsWith('repository'); tries += 1)
      refusal = await engine.refusal('DOLT_FETCH', 'peer', 'main');
    expect(refusal).toBe('repository not found at /none/there');
  });
  await withEngine(local.path, { env: { ...env, DOLT_SSH_EXEC_PATH: 'no-dolt' } }, async (engine) => {
    expect(await engine.refusal('DOLT_FETCH', 'peer', 'main')).toContain('no-dolt: command not found');
  });
});
