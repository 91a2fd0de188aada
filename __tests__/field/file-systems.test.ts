import { chmod, chown, copyFile, cp, link, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { DoctorResult } from '../../src/contract/doctor-result.ts';
import type { ErrorResult, RunResult } from '../../src/contract/result.ts';
import { readEnv } from '../../src/core/env.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { serverProgram } from '../helpers/servers/server-program.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

let cli: CompiledCli;
beforeAll(async () => {
  cli = await compileCli();
});
afterAll(() => cli.dispose());

interface Started {
  readonly code: number | undefined;
  readonly result: Pick<RunResult, 'peers' | 'problems'> & ErrorResult & Pick<DoctorResult, 'checks'>;
}

/** Runs the command line, below another program or as another user if one is given. */
async function start(
  folder: TempFolder,
  peers: Readonly<Record<string, string>>,
  options: {
    readonly command?: string;
    readonly below?: readonly string[];
    readonly uid?: number;
    readonly dolt?: string;
  },
): Promise<Started> {
  const config = folder.file('federation.yaml');
  await writeFile(config, stringify({ federation: { peers } }));
  const words = [options.command ?? 'sync', '--json', '--config', config, '--database', folder.file('local')];
  const all = [
    ...(options.below ?? []),
    ...[process.execPath, options.uid === undefined ? cli.path : folder.file('dist', 'cli.js')],
    ...[...words, '--dolt-path', options.dolt ?? testDolt()],
  ];
  const [program = '', ...rest] = all;
  const { exitCode, stdout, stderr } = await execa(program, rest, {
    cwd: folder.path,
    extendEnv: false,
    reject: false,
    env: { PATH: readEnv()['PATH'] ?? '', HOME: folder.file('home'), TMPDIR: folder.file('tmp') },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  if (stdout === '') throw new Error(stderr);
  return { code: exitCode, result: JSON.parse(stdout) };
}

async function prepare(folder: TempFolder): Promise<void> {
  await mkdir(folder.file('home'));
  await mkdir(folder.file('tmp'));
  await makeDatabase(folder.file('local'));
}

/** strace makes the lock of one file fail as a file system without locks does, or a rename; it exists on Linux only. */
if (process.platform === 'linux') {
  const without = (error: string, path: string, call = 'flock'): readonly string[] => [
    ...[serverProgram('STRACE'), '-f', '-qq', '-o', '/dev/null', '-P', path],
    ...['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}`],
  ];

  test.each([
    ['EPERM', 'file-refused'],
    ['EACCES', 'file-refused'],
    ['EDQUOT', 'disk-full'],
  ])('a manifest of a peer that cannot be replaced (%s) is %s, with its path and a hint', async (error, code) => {
    await using folder = await tempFolder();
    await prepare(folder);
    const manifest = folder.file('box', 'manifest');
    const peers = { box: `file://${folder.file('box')}` };
    const { result } = await start(folder, peers, { below: without(error, manifest, '/^rename.*') });
    expect(result.peers[0]?.error).toMatchObject({
      code,
      message: expect.stringContaining(manifest),
      hint: expect.stringContaining(code === 'disk-full' ? 'Free space' : 'lsattr'),
    });
  });

  describe('a file system without locks', () => {
    // The database below meets the third error.
    test.each(['EOPNOTSUPP', 'ENOLCK'])('below a peer (%s) fails that peer with its own code', async (error) => {
      await using folder = await tempFolder();
      await prepare(folder);
      await mkdir(folder.file('share'));
      const peers = { share: `file://${folder.file('share')}`, box: `file://${folder.file('box')}` };
      const { code, result } = await start(folder, peers, { below: without(error, folder.file('share', 'LOCK')) });
      expect(code).toBe(3);
      expect(result.peers).toMatchObject([
        { name: 'box', status: 'pushed', verified: true },
        { name: 'share', status: 'failed', error: { code: 'locks-unsupported' } },
      ]);
    });

    test('below the database stops the run with that code and the name of the folder', async () => {
      await using folder = await tempFolder();
      await prepare(folder);
      const lock = folder.file('local', '.dolt', 'noms', 'LOCK');
      const peers = { box: `file://${folder.file('box')}` };
      const { code, result } = await start(folder, peers, { below: without('ENOSYS', lock) });
      expect(code).toBe(1);
      expect(result.error).toMatchObject({
        code: 'locks-unsupported',
        message: expect.stringContaining(folder.file('local')),
      });
    });
  });
}

/** Only root can give files to another user. */
if (process.getuid?.() === 0) {
  const [OWNER, STRANGER] = [64_001, 64_002];

  /** A Dolt and a command line that every user can start; the originals may be in a private home. */
  async function publicDolt(folder: TempFolder): Promise<string> {
    const dolt = folder.file('dolt');
    await link(testDolt(), dolt).catch(() => copyFile(testDolt(), dolt));
    await chmod(folder.path, 0o755);
    await cp('dist', folder.file('dist'), { recursive: true });
    return dolt;
  }

  async function give(folder: TempFolder, path: string, uid: number): Promise<void> {
    await execa('chown', ['-R', `${uid}:${uid}`, folder.file(path)]);
  }

  describe('files of another user', () => {
    test('in the folder of a peer are named with their owner, by sync and by doctor', async () => {
      await using folder = await tempFolder();
      await prepare(folder);
      const dolt = await publicDolt(folder);
      await mkdir(folder.file('box'));
      await chmod(folder.file('box'), 0o777);
      const peers = { box: `file://${folder.file('box')}` };
      for (const path of ['local', 'home', 'tmp']) await give(folder, path, OWNER);
      expect(await start(folder, peers, { uid: OWNER, dolt })).toMatchObject({ code: 0 });

      for (const path of ['local', 'home', 'tmp']) await give(folder, path, STRANGER);
      const { code, result } = await start(folder, peers, { uid: STRANGER, dolt });
      expect(code).toBe(1);
      expect(result.peers[0]?.error).toMatchObject({
        code: 'file-owner',
        message: expect.stringMatching(/box\/\S+ belongs to user 64001 \(mode 0600\), and user 64002 cannot use it/),
      });
      const doctor = await start(folder, peers, { command: 'doctor', uid: STRANGER, dolt });
      expect(doctor.result.checks).toContainEqual(
        expect.objectContaining({ check: 'folder', status: 'missing', message: expect.stringContaining('user 64001') }),
      );

      // The user's own folder, without the permission to write to it.
      await give(folder, 'box', STRANGER);
      await chmod(folder.file('box'), 0o555);
      await openTestDatabase(folder.file('local')).commit('more', "INSERT INTO items VALUES (7, 'seven', 'ann')");
      await give(folder, 'local', STRANGER);
      const closed = await start(folder, peers, { uid: STRANGER, dolt });
      expect(closed.result.peers[0]?.error).toMatchObject({
        code: 'file-owner',
        message: `${folder.file('box')} has the mode 0555, so its own user cannot use it`,
        hint: expect.stringContaining('chmod'),
      });

      // A folder of the database that a push or a fetch writes to.
      await chmod(folder.file('box'), 0o755);
      const written = folder.file('local', '.dolt', 'temptf');
      await chmod(written, 0o555);
      const refused = await start(folder, peers, { uid: STRANGER, dolt });
      expect(refused.result.peers[0]?.error).toMatchObject({
        code: 'database-read-only',
        message: expect.stringContaining(`${written}/`),
      });

      await chmod(written, 0o755);
      const state = join('local', '.dolt', 'dolt-federation.json');
      await give(folder, state, OWNER);
      await chmod(folder.file(state), 0o644);
      const unrecorded = await start(folder, peers, { uid: STRANGER, dolt });
      expect(unrecorded).toMatchObject({ code: 0, result: { peers: [{ verified: true }] } });
      expect(unrecorded.result.problems).toContainEqual(
        expect.objectContaining({ code: 'memory-unusable', message: expect.stringContaining('is not replaced') }),
      );
    });

    test('stay usable for that user: a configuration keeps its group, or is not written', async () => {
      await using folder = await tempFolder();
      await chmod(folder.path, 0o755);
      await cp('dist', folder.file('dist'), { recursive: true });
      const file = folder.file('shared', 'config.yaml');
      for (const name of ['home', 'shared']) await mkdir(folder.file(name));
      await chown(folder.file('home'), STRANGER, STRANGER);
      await writeFile(file, 'federation: {}\n');
      const GROUP = 64_003;
      for (const path of [folder.file('shared'), file]) await chown(path, OWNER, GROUP);
      await chmod(folder.file('shared'), 0o770);
      const words = [folder.file('dist', 'cli.js'), 'add-peer', 'a', 'file:///srv/a', '--config', file, '--json'];
      const member = `process.setgroups([${GROUP}]); process.setgid(${STRANGER}); process.setuid(${STRANGER});
        process.argv.splice(1, 0, ...${JSON.stringify(words)}); await import(${JSON.stringify(words[0])});`;
      const edit = async (mode: number) => {
        await chmod(file, mode);
        const env = { HOME: folder.file('home'), PATH: readEnv()['PATH'] ?? '' };
        const options = { cwd: folder.path, extendEnv: false, reject: false, env } as const;
        return await execa(process.execPath, ['--input-type=module', '-e', member], options);
      };
      for (const mode of [0o640, 0o600]) {
        const refused = await edit(mode);
        expect(JSON.parse(refused.stdout)).toMatchObject({
          error: { code: mode === 0o640 ? 'file-owner' : 'config-unreadable', message: expect.stringContaining(file) },
        });
        expect(await readFile(file, 'utf8')).toBe('federation: {}\n');
        expect(await readdir(folder.file('shared'))).toEqual(['config.yaml']);
      }
      expect(await edit(0o660)).toMatchObject({ exitCode: 0 });
      expect(await readFile(file, 'utf8')).toContain('/srv/a');
      expect(await stat(file)).toMatchObject({ uid: STRANGER, gid: GROUP, mode: 0o100660 });
    });

    test('in a git repository have an error class of their own, with the command that fixes it', async () => {
      await using folder = await tempFolder();
      await prepare(folder);
      const repository = folder.file('repository.git');
      await execa(serverProgram('GIT'), ['init', '--quiet', '--bare', repository]);
      await give(folder, 'repository.git', OWNER);
      await chown(repository, OWNER, OWNER);
      const peers = { code: `git+file://${repository}` };
      const { code, result } = await start(folder, peers, {});
      expect(code).toBe(1);
      expect(result.peers[0]?.error).toMatchObject({
        code: 'git-ownership',
        message: expect.stringContaining(repository),
        hint: expect.stringContaining('safe.directory'),
      });
      const doctor = await start(folder, peers, { command: 'doctor' });
      expect(doctor.result.checks).toContainEqual(
        expect.objectContaining({ check: 'folder', peer: 'code', status: 'missing' }),
      );
    });
  });
}
