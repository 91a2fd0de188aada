import { chmod, copyFile, cp, link, mkdir, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { testDolt } from '../helpers/dolt-binary.ts';
import { answersAsDolt } from '../helpers/installing.ts';
import { PLATFORM, packRelease } from '../helpers/release-archive.ts';
import { releaseHost, sendsFile } from '../helpers/release-host.ts';
import { makeCertificates } from '../helpers/servers/certificates.ts';
import { startJobProxy } from '../helpers/servers/job-proxy.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** An unprivileged user, if the tests run as root, because file modes do not stop root. */
const STRANGER = process.getuid?.() === 0 ? { uid: 64_010, gid: 64_010 } : {};

describe('a machine with a read-only home folder', () => {
  let folder: TempFolder;

  const start = async (words: readonly string[], env: Readonly<Record<string, string>>) =>
    await execa(process.execPath, [folder.file('dist', 'cli.js'), ...words], {
      cwd: folder.file('work'),
      extendEnv: false,
      reject: false,
      env: { PATH: '/usr/bin:/bin', HOME: folder.file('home'), ...env },
      ...STRANGER,
    });

  beforeAll(async () => {
    folder = await tempFolder();
    await chmod(folder.path, 0o755);
    await cp('dist', folder.file('dist'), { recursive: true });
    await link(testDolt(), folder.file('dolt')).catch(() => copyFile(testDolt(), folder.file('dolt')));
    for (const name of ['home', 'work', 'cache']) await mkdir(folder.file(name));
    for (const name of ['work', 'cache']) await chmod(folder.file(name), 0o777);
    await chmod(folder.file('home'), 0o555);
  });
  afterAll(async () => {
    await chmod(folder.file('home'), 0o755);
    await folder[Symbol.asyncDispose]();
  });

  test('federates three databases with a cache elsewhere; otherwise the error names the variable', async () => {
    const demo = ['demo', '--dolt-path', folder.file('dolt')];
    const refused = await start(demo, {});
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(
      `the folder ${folder.file('home', '.cache', 'dolt-federation', 'tmp')} cannot be created`,
    );
    expect(refused.stderr).toContain('Set XDG_CACHE_HOME and XDG_STATE_HOME, or on a runner RUNNER_TEMP');

    const env = { XDG_CACHE_HOME: folder.file('cache') };
    const { exitCode, stdout } = await start([...demo, '--json'], env);
    expect([exitCode, Object.keys(JSON.parse(stdout))]).toEqual([0, ['towns']]);
  });

  test('reads and writes no relative home folder, which a checkout could have', async () => {
    for (const name of ['home', 'xdg']) {
      await mkdir(folder.file('work', name, '.config', 'bd'), { recursive: true });
      await mkdir(folder.file('work', name, 'bd'), { recursive: true });
      await writeFile(folder.file('work', name, '.config', 'bd', 'config.yaml'), 'federation: wrong\n');
      await writeFile(folder.file('work', name, 'bd', 'config.yaml'), 'federation: wrong\n');
    }
    const own = { XDG_CACHE_HOME: folder.file('cache'), XDG_STATE_HOME: folder.file('cache') };
    const validate = ['validate', '--json'];
    for (const env of [{ HOME: 'home' }, { HOME: '' }, { XDG_CONFIG_HOME: 'xdg', HOME: folder.file('home') }]) {
      const { stdout, stderr } = await start(validate, { ...own, ...env });
      expect([stdout, stderr]).toEqual([expect.stringContaining('"command": "validate"'), '']);
      expect(stdout).not.toContain('config-invalid');
    }
    await expect(stat(folder.file('work', 'home', '.cache'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  // The system does not know the unprivileged user.
  if (process.getuid?.() === 0) {
    test('asks for HOME if the user has no home folder', async () => {
      const refused = await start(['install', '--json'], { HOME: 'home' });
      expect(refused.exitCode).toBe(2);
      const hint = 'Set HOME to the absolute path of a folder that this user may write to.';
      expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'bad-usage', hint } });
    });
  }

  test('cannot run the demo in a folder with a space, which no endpoint can contain', async () => {
    const { exitCode, stderr } = await start(['demo', '--dolt-path', folder.file('dolt')], {
      XDG_CACHE_HOME: folder.file('cache', 'a b'),
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      `the demo cannot use ${folder.file('cache', 'a b', 'dolt-federation', 'tmp')} for its mailboxes`,
    );
    expect(stderr).toContain('Set XDG_CACHE_HOME to a folder without spaces');
  });

  test('gets Dolt from a mirror behind a proxy whose certificate authority NODE_EXTRA_CA_CERTS names', async () => {
    const { ca, cert, key } = await makeCertificates(folder.path);
    await chmod(ca, 0o644);
    await chmod(ca.replace(/\/[^/]*$/, ''), 0o755);
    const { file, sha256 } = await packRelease(await answersAsDolt(folder.file('fake'), '97.0.0'), folder.path);
    await using mirror = await releaseHost({ cert, key, host: 'peer.example' });
    mirror.on(`/download/v97.0.0/${PLATFORM.asset}`, sendsFile(file));
    const { host } = new URL(mirror.url);
    await using proxy = await startJobProxy();
    const release = ['install', '--dolt-version', '97.0.0', '--dolt-source', 'release', '--dolt-sha256', sha256];
    const words = [...release, '--dolt-mirror', `https://${host}/download`];
    const env = { XDG_CACHE_HOME: folder.file('cache'), HTTPS_PROXY: proxy.url };
    const refused = await start(words, env);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`https://${host}/download/v97.0.0/${PLATFORM.asset} could not be reached`);
    expect(refused.stderr).toContain('NODE_EXTRA_CA_CERTS');

    const installed = await start(words, { ...env, NODE_EXTRA_CA_CERTS: ca });
    expect(installed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('97.0.0') });
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${host}`]));
  });
});
