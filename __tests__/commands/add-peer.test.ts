import { writeFileSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { type AddPeerRequest, addPeer } from '../../src/commands/add-peer.ts';
import { listPeers } from '../../src/commands/list-peers.ts';
import { editConfiguration } from '../../src/commands/prepare/edit-configuration.ts';
import { removePeer } from '../../src/commands/remove-peer.ts';
import { addPeerResultSchema } from '../../src/contract/result.ts';
import { parseAskedVersion } from '../../src/install/version.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const DOLT = { version: parseAskedVersion('2.3.0'), source: 'auto' } as const;

function request(
  name: string,
  endpoint: string,
  options: Readonly<Record<string, string>> = {},
  more: Partial<AddPeerRequest> = {},
): AddPeerRequest {
  const set = Object.entries(options).map(([key, value]) => ({ path: [key], value }));
  return { name, endpoint, set, overrides: {}, dolt: DOLT, ...more };
}

async function withFile(folder: TempFolder, text: string): Promise<string> {
  await mkdir(folder.file('.beads'), { recursive: true });
  await writeFile(folder.file('.beads/config.yaml'), text);
  return folder.file('.beads/config.yaml');
}

const TEXT = '# ours\nfederation:\n  peers:\n    a: file:///srv/a   # A\n';

describe('add-peer', () => {
  test('creates the file in a folder without one, with a mode that allows federation', async () => {
    await using folder = await tempFolder();
    const context = commandContext(folder.path);
    const { result, file } = await addPeer(request('hub', 'file:///srv/hub'), context);
    expect(addPeerResultSchema.parse(result)).toEqual({ name: 'hub', endpoint: 'file:///srv/hub', status: 'added' });
    expect(file).toBe(folder.file('.beads/config.yaml'));
    expect(await readFile(file, 'utf8')).toBe(
      'sync:\n  mode: dolt-native\n\nfederation:\n  peers:\n    hub: file:///srv/hub\n',
    );
  });

  test('does not mention the mode in an existing workspace, even from a folder below it', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    await mkdir(folder.file('sub'));
    await addPeer(request('hub', 'file:///srv/hub'), commandContext(folder.file('sub'), { ceiling: folder.path }));
    expect(await readFile(folder.file('.beads/config.yaml'), 'utf8')).toBe(
      'federation:\n  peers:\n    hub: file:///srv/hub\n',
    );
    expect(await readdir(folder.file('sub'))).toEqual([]);
  });

  test('keeps comments and order in any sync mode, and writes the given values', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, `${TEXT}sync: {mode: realtime}\n`);
    const more = { role: 'backup', tier: 'T2', branch: 'main', conflict: 'manual' } as const;
    await addPeer(request('b', 'gs://bucket/b', more), commandContext(folder.path));
    expect(await readFile(file, 'utf8')).toBe(
      `${TEXT}    b:\n      endpoint: gs://bucket/b\n      role: backup\n      tier: T2\n      branch: main\n      conflict: manual\nsync: {mode: realtime}\n`,
    );
    expect(await listPeers({ overrides: {} }, commandContext(folder.path))).toEqual([
      { name: 'a', endpoint: 'file:///srv/a', role: 'peer', tier: 'T1' },
      { name: 'b', endpoint: 'gs://bucket/b', role: 'backup', tier: 'T2' },
    ]);
  });

  test('writes user and ref', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, TEXT);
    const context = commandContext(folder.path);
    await addPeer(request('b', 'https://h.example/b', { user: 'sync' }), context);
    await addPeer(request('c', 'git@h.example:c', { ref: 'refs/heads/c', timeout: '90s' }), context);
    expect(await readFile(file, 'utf8')).toBe(
      `${TEXT}    b:\n      endpoint: https://h.example/b\n      user: sync\n    c:\n      endpoint: git@h.example:c\n      ref: refs/heads/c\n      timeout: 90s\n`,
    );
  });

  test('keeps the mode of the file, keeps a link, and leaves no other file', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    await writeFile(folder.file('real.yaml'), TEXT);
    await chmod(folder.file('real.yaml'), 0o640);
    await symlink('../real.yaml', folder.file('.beads/config.yaml'));
    await addPeer(request('b', 'file:///srv/b'), commandContext(folder.path));
    expect((await lstat(folder.file('.beads/config.yaml'))).isSymbolicLink()).toBe(true);
    expect((await stat(folder.file('real.yaml'))).mode & 0o777).toBe(0o640);
    expect(await readFile(folder.file('real.yaml'), 'utf8')).toBe(`${TEXT}    b: file:///srv/b\n`);
    expect(await readdir(folder.file('.beads'))).toEqual(['config.yaml']);
    expect((await readdir(folder.path)).sort()).toEqual(['.beads', 'real.yaml']);
  });

  test.each([
    ['the same again', request('a', 'file:///srv/a'), 'peer-exists', 'peer already exists: a'],
    ['the same name with another endpoint', request('a', 'file:///srv/b'), 'peer-exists', 'peer already exists: a'],
    ['origin', request('origin', 'file:///srv/b'), 'invalid-peer-name', '"origin"'],
    ['a bad name', request('a b', 'file:///srv/b'), 'invalid-peer-name', '"a b"'],
    ['a bad endpoint', request('b', 'srv'), 'invalid-endpoint', 'invalid endpoint format "srv"'],
    ['an empty endpoint', request('b', ''), 'config-invalid', 'must not be empty'],
    ['a secret', request('b', 'https://u:p@h/x'), 'secret-in-config', 'a password'],
    ['a secret in a path', request('b', 'file:///srv/db;password=hunter2'), 'secret-in-config', '"file:///srv/***"'],
    [
      'a secret in a value',
      request('b', 'file:///srv/b', { branch: 'ghp_0123456789abcdef' }),
      'secret-in-config',
      'federation.peers.b.branch',
    ],
    ['a bad branch', request('b', 'file:///srv/b', { branch: 'a:b' }), 'config-invalid', '"a:b"'],
    ['a bad user', request('b', 'file:///srv/b', { user: 'u' }), 'config-invalid', '`user` has no effect'],
    ['a bad ref', request('b', 'file:///srv/b', { ref: 'refs/heads/b' }), 'config-invalid', '`ref` has no effect'],
    [
      'a second primary',
      request('b', 'file:///srv/b', { role: 'primary' }),
      'config-invalid',
      'the primary is already set',
    ],
    ['a lower tier', request('b', 'file:///srv/b', { tier: 'T1' }), 'tier-lowered', 'tier T1 is below'],
    ['a forbidden endpoint', request('b', 'gs://b/b'), 'endpoint-not-allowed', 'gs://b/b'],
  ])('refuses %s and changes nothing', async (_, wanted, code, message) => {
    await using folder = await tempFolder();
    const text =
      'federation:\n  remote: file:///srv/own\n  sovereignty: T2\n  allowed-remote-patterns: ["file:///srv/*"]\n  peers:\n    a: file:///srv/a\n';
    const file = await withFile(folder, text);
    const failure = await refusal(() => addPeer(wanted, commandContext(folder.path)));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
    // The mistake is on the command line, not in the file.
    expect(failure.location).toBeNull();
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('reports each reason to refuse a peer, and no line for values that were not written', async () => {
    await using folder = await tempFolder();
    const wanted = request('b', 'srv', { branch: 'a..b' });
    const fresh = await refusal(() => addPeer(wanted, commandContext(folder.path)));
    expect(fresh.location).toBeNull();
    await withFile(folder, TEXT);
    const failure = await refusal(() => addPeer(wanted, commandContext(folder.path)));
    expect(failure.problems.map(({ code, location }) => ({ code, location }))).toEqual([
      { code: 'invalid-endpoint', location: null },
      { code: 'config-invalid', location: null },
    ]);
  });

  test.each(['exists', 'is made'])(
    'concurrent commands of all users keep each entry of a file that %s',
    async (file) => {
      await using folder = await tempFolder();
      const isThere = file === 'exists';
      if (isThere) await withFile(folder, TEXT);
      const names = ['b', 'c', 'd', 'e', 'f'];
      const context = commandContext(folder.path);
      const removing = isThere ? [removePeer({ name: 'a', overrides: {}, dolt: DOLT }, context)] : [];
      // Each user, and each container, has a temporary folder of its own.
      const adding = names.map((name) =>
        addPeer(request(name, `file:///srv/${name}`), { ...context, tempDir: folder.file(`tmp-${name}`) }),
      );
      await Promise.all([...adding, ...removing]);
      const peers = await listPeers({ overrides: {} }, context);
      expect(peers.map(({ name }) => name).sort()).toEqual(names);
      expect(await readdir(folder.path)).toEqual(['.beads']);
      expect(await readdir(folder.file('.beads'))).toEqual(['config.yaml']);
    },
  );

  test('starts again if another program changes the file at the same time, and keeps its change', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, TEXT);
    const seen: string[] = [];
    await editConfiguration(commandContext(folder.path), {}, (text) => {
      seen.push(text);
      if (seen.length === 1) writeFileSync(file, `${TEXT}    b: file:///srv/b\n`);
      return `${text}    c: file:///srv/c\n`;
    });
    expect(seen).toEqual([TEXT, `${TEXT}    b: file:///srv/b\n`]);
    expect(await readFile(file, 'utf8')).toBe(`${TEXT}    b: file:///srv/b\n    c: file:///srv/c\n`);
    expect(await readdir(folder.file('.beads'))).toEqual(['config.yaml']);
  });

  test('gives up if the file changes at every attempt', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, TEXT);
    let count = 0;
    const failure = await refusal(() =>
      editConfiguration(commandContext(folder.path), {}, (text) => {
        count += 1;
        writeFileSync(file, `${text}# ${count}\n`);
        return `${text}    c: file:///srv/c\n`;
      }),
    );
    expect(failure).toMatchObject({ code: 'config-unreadable', message: `another program keeps changing ${file}` });
    expect(await readFile(file, 'utf8')).toBe(`${TEXT}# 1\n# 2\n# 3\n# 4\n# 5\n`);
  });

  test('gives up if another command does not finish its edit', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, TEXT);
    const context = commandContext(folder.path);
    const first = await editConfiguration(context, { config: file }, async (text) => {
      const again = () => editConfiguration(context, {}, (other) => `${other}# more\n`, { maxWaitMs: 0 });
      expect(await refusal(again)).toMatchObject({
        code: 'config-unreadable',
        message: `another command is still editing ${file}`,
        hint: expect.stringContaining(`It has locked the folder ${folder.file('.beads')}.`),
      });
      return text;
    });
    expect(first.isChanged).toBe(false);
    expect(await readFile(file, 'utf8')).toBe(TEXT);
  });

  test('warns of a tier that every run will refuse', async () => {
    await using folder = await tempFolder();
    const warnings: string[] = [];
    const context = commandContext(folder.path, { warnings });
    await addPeer(request('b', 'file:///srv/b', { tier: 'T3' }), context);
    await addPeer(request('c', 'file:///srv/c', { tier: 'T1' }), context);
    expect(warnings).toEqual([expect.stringMatching(/^b has the tier T3, .*: every run refuses it\. /)]);
  });

  test('warns of a mode that every run refuses, with the lines to add', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder, TEXT);
    const warnings: string[] = [];
    await addPeer(request('b', 'file:///srv/b'), commandContext(folder.path, { warnings }));
    expect(warnings).toEqual([
      `sync-mode: sync.mode is not set, and in a folder with \`.beads\` it defaults to git-portable, which does not allow federation; use dolt-native or belt-and-suspenders\nAdd these two lines to ${file}:\nsync:\n  mode: dolt-native`,
    ]);
  });

  test('refuses origin and names federation.remote', async () => {
    await using folder = await tempFolder();
    const failure = await refusal(() => addPeer(request('Origin', 'file:///srv/b'), commandContext(folder.path)));
    expect(failure.hint).toContain('federation.remote');
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('creates nothing for a refused peer, nor a named file that does not exist', async () => {
    await using folder = await tempFolder();
    const context = commandContext(folder.path);
    await refusal(() => addPeer(request('b', 'srv'), context));
    const named = request('b', 'file:///srv/b', {}, { overrides: { config: 'none.yaml' } });
    expect((await refusal(() => addPeer(named, context))).code).toBe('config-not-found');
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('reports a file that it cannot write', async () => {
    await using folder = await tempFolder();
    // A file where the folder should be stops even root.
    await writeFile(folder.file('.beads'), '');
    const context = commandContext(folder.path);
    const failure = await refusal(() => addPeer(request('b', 'file:///srv/b'), context));
    expect(failure).toMatchObject({ code: 'config-unreadable', message: expect.stringContaining('cannot write') });
  });
});
