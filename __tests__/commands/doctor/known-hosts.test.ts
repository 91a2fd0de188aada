import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { ENV, examine, linesOf } from '../../helpers/examining.ts';
import { serverProgram } from '../../helpers/servers/server-program.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

const keygen = () => join(dirname(serverProgram('SSH')), 'ssh-keygen');

describe('the check of known hosts', () => {
  const key = (line: string) => JSON.stringify(line);

  async function keys(folder: TempFolder): Promise<{ readonly known: string; readonly secret: string }> {
    await execa(keygen(), ['-q', '-t', 'ed25519', '-N', '', '-f', folder.file('key')]);
    const [type, blob] = (await readFile(folder.file('key.pub'), 'utf8')).split(' ');
    return { known: `${type} ${blob}`, secret: await readFile(folder.file('key'), 'utf8') };
  }

  test('reads those of an entry, by host and port, even hashed', async () => {
    await using folder = await tempFolder();
    const { known, secret } = await keys(folder);
    await writeFile(folder.file('hosts'), `[h.example]:2222 ${known}\n`);
    await execa(keygen(), ['-q', '-H', '-f', folder.file('hosts')]);
    const hashed = await readFile(folder.file('hosts'), 'utf8');
    expect(hashed).not.toContain('h.example');
    const entry = (peer: string, url: string, hosts: string) =>
      `${peer}: {url: "${url}", ssh-key: ${key(secret)}, known-hosts: ${key(hosts)}}\n`;
    const credentials =
      entry('a', 'ssh://u@h.example:2222', hashed) +
      entry('b', 'ssh://u@h.example', hashed) +
      entry('c', 'git@g:p', `g ${known}`) +
      entry('e', 'git@g:q', `@revoked g ${known}`);
    const peers = 'a: ssh://u@h.example:2222/p\nb: ssh://u@h.example/p\nc: git@g:p\nd: ssh://d/p\ne: git@g:q';
    const result = await examine(folder, peers, { env: { DOLT_FEDERATION_CREDENTIALS: credentials } });
    expect(linesOf(result, 'known-hosts', 'a')).toEqual([
      'ok: [h.example]:2222 is in `known-hosts` of the credentials',
    ]);
    expect(linesOf(result, 'known-hosts', 'b')).toEqual([
      'missing: h.example is not in `known-hosts` of the credentials',
    ]);
    expect(linesOf(result, 'known-hosts', 'c')).toEqual(['ok: g is in `known-hosts` of the credentials']);
    expect(linesOf(result, 'known-hosts', 'e')).toEqual(['missing: g is not in `known-hosts` of the credentials']);
    expect(linesOf(result, 'known-hosts', 'd')).toEqual(['missing: no known key for d']);
    expect(linesOf(result, 'credentials', 'a')[0]).toMatch(/^ok: configured/);
    expect(JSON.stringify(result)).not.toContain('OPENSSH');
    expect(await readdir(folder.file('tmp'))).toEqual([]);
  });

  test.each([
    ['No user exists for uid 12345', 'missing: No user exists for uid 12345', /\/etc\/passwd/],
    [
      'Cannot stat it: Permission denied',
      'unknown: the known hosts cannot be read: Cannot stat it: Permission denied',
      null,
    ],
  ])('does not take a failure of ssh-keygen for a missing key: %s', async (text, line, cure) => {
    await using folder = await tempFolder();
    await mkdir(folder.file('bin'));
    const program = `#!/bin/sh\necho '${text}' >&2; exit 255\n`;
    for (const name of ['ssh-keygen', 'ssh']) await writeFile(folder.file('bin', name), program, { mode: 0o755 });
    const env = { PATH: `${folder.file('bin')}:${ENV['PATH'] ?? ''}` };
    const { known, secret } = await keys(folder);
    const credentials = `a: {url: "ssh://u@h", ssh-key: ${key(secret)}, known-hosts: ${key(`h ${known}`)}}`;
    for (const given of [{ env: { ...env, DOLT_FEDERATION_CREDENTIALS: credentials } }, { env, userHome: true }]) {
      const result = await examine(folder, 'a: ssh://u@h/p', given);
      expect(linesOf(result, 'known-hosts', 'a')).toEqual([line]);
      const found = result.checks.find(({ check, peer }) => check === 'known-hosts' && peer === 'a');
      if (cure === null) expect(found?.cure).toBeNull();
      else expect(found?.cure).toMatch(cure);
    }
  });

  test('reads those of the user if the home folder belongs to the user', async () => {
    await using folder = await tempFolder();
    const peers = 'a: ssh://u@unknown-host.invalid:2222/p';
    const result = await examine(folder, peers, { userHome: true });
    expect(linesOf(result, 'known-hosts', 'a')[0]).toMatch(/^missing: \[unknown-host.invalid\]:2222 is not in \//);
  });
});
