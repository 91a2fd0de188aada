import { mkdir, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { installServers } from '../../scripts/servers.mjs';
import { type Env, readEnv } from '../../src/core/env.ts';
import { run } from '../../src/dolt/process.ts';
import { goInstall } from '../../src/install/go.ts';
import { git } from '../helpers/git.ts';
import { answersAsDolt } from '../helpers/installing.ts';
import { PLATFORM, packRelease } from '../helpers/release-archive.ts';
import { type ReleaseHost, redirects, releaseHost, says, sendsFile, sendsJson } from '../helpers/release-host.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const SETUP = pathToFileURL('scripts/setup.mjs').href;
const DOLT = 'DOLT_FEDERATION_TEST_DOLT';
const BD = 'DOLT_FEDERATION_TEST_BD';
const BEADS = 'github.com/steveyegge/beads';

/** Sets Dolt up, in separate caches. */
async function setUpDolt(folder: TempFolder, env: Env) {
  const script = `const { setup } = await import('${SETUP}'); console.log(JSON.stringify(await setup(new Set(['${DOLT}']))));`;
  const ended = await run(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: '/usr/bin:/bin', HOME: folder.path, ...env },
  });
  // The library that unpacks a release writes to standard output, too.
  const path = z.record(z.string(), z.string()).parse(JSON.parse(ended.stdout.split('\n').at(-1) || '{}'))[DOLT];
  return { ...ended, path };
}

/** A release host with a Dolt that is newer than the pinned one. */
async function releases(folder: TempFolder, host: ReleaseHost, version: string): Promise<void> {
  const { file, sha256 } = await packRelease(await answersAsDolt(folder.file(version), version), folder.path);
  host.on('/dolt/latest', redirects(`/dolt/tag/v${version}`));
  host.on(`/dolt/download/v${version}/${PLATFORM.asset}`, sendsFile(file));
  const assets = [{ name: PLATFORM.asset, digest: `sha256:${sha256}` }];
  host.on(`/api/repos/dolthub/dolt/releases/tags/v${version}`, sendsJson({ assets }));
}

test('the set-up installs only the latest Dolt of a release host', async () => {
  await using folder = await tempFolder();
  await using host = await releaseHost();
  const env = {
    GITHUB_API_URL: `${host.url}/api`,
    DOLT_FEDERATION_TEST_DOLT_MIRROR: `${host.url}/dolt/download`,
    DOLT_FEDERATION_TEST_DOLT_VERSION: 'latest',
  };
  await releases(folder, host, '97.1.0');
  const { path, stderr } = await setUpDolt(folder, env);
  expect(stderr).toContain('The tests run with Dolt 97.1.0 (DOLT_FEDERATION_TEST_DOLT_VERSION=latest)');
  expect(path).toBe(
    folder.file('.cache', 'dolt-federation', 'tools', 'dolt', '97.1.0', process.arch, PLATFORM.executable.at(-1) ?? ''),
  );

  // A build of the pinned version would hide that nothing newer was tested.
  host.on('/dolt/latest', says(404));
  const none = await setUpDolt(folder, env);
  expect([none.exitCode, none.path]).toEqual([1, undefined]);
  expect(none.stderr).toContain('The latest Dolt version cannot be determined');
});

/** A proxy of Go's modules with one version of beads, whose bd prints it. */
async function goProxy(folder: TempFolder, host: ReleaseHost, version: string): Promise<void> {
  const source = folder.file(version);
  await mkdir(folder.file(version, 'cmd', 'bd'), { recursive: true });
  const mod = `module ${BEADS}\n\ngo 1.21\n`;
  await writeFile(folder.file(version, 'go.mod'), mod);
  const main = `package main\n\nfunc main() { println("bd ${version}") }\n`;
  await writeFile(folder.file(version, 'cmd', 'bd', 'main.go'), main);
  await git(folder.path, 'init', '--quiet', source);
  await git(source, 'add', '.');
  await git(source, 'commit', '--quiet', '-m', version);
  const zip = folder.file(`${version}.zip`);
  await git(source, 'archive', '--format=zip', `--prefix=${BEADS}@${version}/`, '-o', zip, 'HEAD');
  const at = `/${BEADS}/@v`;
  host.on(`${at}/list`, says(200, `${version}\n`));
  host.on(`${at}/${version}.info`, sendsJson({ Version: version, Time: '2026-11-01T00:00:00Z' }));
  host.on(`${at}/${version}.mod`, says(200, mod));
  host.on(`${at}/${version}.zip`, sendsFile(zip));
}

test('the set-up builds the latest bd of a Go proxy once for each version', async () => {
  await using folder = await tempFolder();
  await using host = await releaseHost();
  const lines: string[] = [];
  const context = {
    env: {
      ...readEnv(),
      GOPROXY: host.url,
      GONOSUMDB: '*',
      GOFLAGS: '-modcacherw',
      GOMODCACHE: folder.file('modules'),
      DOLT_FEDERATION_TEST_BD_VERSION: 'latest',
    },
    cwd: folder.path,
    toolCacheDir: folder.file('tools'),
    tempDir: folder.file('tmp'),
    log: { debug() {}, info: (text: string) => void lines.push(text), warning() {} },
    signal: new AbortController().signal,
  };
  const install = async () => (await installServers([BD], { folder: folder.file('servers'), context, goInstall }))[BD];
  for (const version of ['v1.97.0', 'v1.98.0']) {
    await goProxy(folder, host, version);
    expect((await run((await install()) ?? '', [], { env: {} })).stderr).toBe(`bd ${version}`);
  }
  const built = lines.length;
  expect(built).toBeGreaterThan(0);
  await install();
  expect(lines).toHaveLength(built);

  host.on(`/${BEADS}/@v/list`, says(404));
  await expect(install()).rejects.toThrow(`The tests need ${BEADS}@latest, which is built from source`);
});
