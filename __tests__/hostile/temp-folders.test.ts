import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { makeDatabase, remoteHead } from '../helpers/database.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { startSshd } from '../helpers/servers/sshd.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const boxOf = (folder: TempFolder) => `box: file://${folder.file('box')}`;
const headOfBox = (folder: TempFolder) => remoteHead(`file://${folder.file('box')}`, folder.file('look', 'local'));

/** Names that mean something to shells, ssh, YAML or SQL, and one that is too long for a Unix socket. */
const NAMES = [`it's "quoted" x' OR '1`, '$(touch x); `touch y`\nbreak: x', 'l'.repeat(200)];

describe('a folder for temporary files', () => {
  test.each(NAMES)('is only a folder if its name is %j', async (name) => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const { result } = await command(folder, boxOf(folder), { tempDir: folder.file(name) });
    expect(result.status).toBe('success');
    expect(await headOfBox(folder)).toBe(result.head);
    expect(await readdir(folder.file(name))).toEqual([]);
    expect(['x', 'y'].filter((file) => existsSync(folder.file(file)))).toEqual([]);
  });

  test('is only a folder for ssh and git with all these characters in its name', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await using sshd = await startSshd(folder.path);
    await mkdir(folder.file('far'));
    const repository = await bareRepository(folder.file('far.git'), { withBranch: true });
    const peers = {
      dolt: { endpoint: `${sshd.url}${folder.file('far')}`, live: false },
      git: `git+${sshd.url}${repository.path}`,
    };
    const secret = { 'ssh-key': await readFile(sshd.key, 'utf8'), 'known-hosts': sshd.knownHosts };
    const text = stringify({
      dolt: { url: sshd.url, ...secret },
      git: { url: `git+${sshd.url}`, ...secret },
    });
    const tempDir = folder.file(`a b'"$(touch x)\n\${HOME}`);
    const { result } = await command(folder, stringify(peers), { tempDir, credentials: { text } });
    expect(result.peers.map(({ name, error }) => [name, error])).toEqual([
      ['dolt', null],
      ['git', null],
    ]);
    expect(existsSync(folder.file('x'))).toBe(false);
  });

  test.each(['%h%%', 'x%41'])('is refused if its name is %j, because Dolt would use another folder', async (name) => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const refused = command(folder, boxOf(folder), { tempDir: folder.file(name) });
    await expect(refused).rejects.toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining('percent sign'),
    });
    expect(await readdir(folder.file(name))).toEqual([]);
  });

  test('works through a link without a change', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await mkdir(folder.file('real'));
    await symlink(folder.file('real'), folder.file('link'));
    const { result } = await command(folder, boxOf(folder), { tempDir: folder.file('link') });
    expect(result.status).toBe('success');
    expect(await headOfBox(folder)).toBe(result.head);
    expect(await readdir(folder.file('real'))).toEqual([]);
  });

  test.each(['fetching', 'pushing', 'verifying'])('that vanishes while a peer is %s causes no loss', async (at) => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const head = await local.head();
    const run = command(folder, boxOf(folder), {
      onEvent: ({ step }) => {
        if (step === at) rmSync(folder.file('tmp'), { recursive: true, force: true });
      },
    });
    await run.catch(() => undefined);
    await local.dolt('fsck');
    const next = await command(folder, boxOf(folder));
    // Our branch has not moved: both runs have nothing to merge.
    expect(next.result.head).toBe(head);
    expect(next.result.status).toMatch(/^(success|unchanged)$/);
    expect(await headOfBox(folder)).toBe(head);
  });

  test.each([
    ['is missing', async () => undefined],
    ['others can change', (path: string) => mkdir(path).then(() => chmod(path, 0o777))],
    ['has a long path', (path: string) => mkdir(path)],
  ])('with a long path does not use a TMPDIR that %s', async (what, prepare) => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const elsewhere = folder.file(what === 'has a long path' ? 't'.repeat(200) : 'elsewhere');
    await prepare(elsewhere);
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = elsewhere;
    const run = command(folder, boxOf(folder), { tempDir: folder.file('l'.repeat(200)) }).finally(() => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    });
    const { result } = await run;
    expect(result).toMatchObject({ status: 'success', peers: [{ verified: true }] });
    expect(existsSync(elsewhere) ? await readdir(elsewhere) : []).toEqual([]);
  });

  test('is refused with its name if it is a file', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await writeFile(folder.file('tmp'), 'x');
    await expect(command(folder, boxOf(folder))).rejects.toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining(`the temporary folder ${folder.file('tmp')} cannot be used: `),
      hint: expect.stringContaining('RUNNER_TEMP'),
    });
  });

  test('causes a warning if other users can rename its entries', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    // A closed parent would protect all that is in it.
    await chmod(folder.path, 0o755);
    await mkdir(folder.file('tmp'));
    await chmod(folder.file('tmp'), 0o777);
    const open = await command(folder, boxOf(folder));
    expect(open.log).toContainEqual(expect.stringContaining('has no sticky bit'));
    await chmod(folder.file('tmp'), 0o1777);
    const sticky = await command(folder, boxOf(folder));
    expect(sticky.log.filter((line) => line.includes('sticky'))).toEqual([]);
    await chmod(folder.file('tmp'), 0o700);
    await chmod(folder.path, 0o777);
    const parent = await command(folder, boxOf(folder));
    expect(parent.log).toContainEqual(
      expect.stringContaining(`tmp is not safe for our files: others may write to ${folder.path}, and`),
    );
  });
});
