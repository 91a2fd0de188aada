// @ts-check
/**
 * Gets the programs that tests need, each once: a Dolt (from PATH, its release, or built from source where no release can
 * be reached), Dolt's own remote server, which is always built from source, and the servers of the endpoint tests (see
 * servers.mjs). `npm run setup` gets all of them; `npm test` gets those that the tests it runs need.
 *
 * DOLT_FEDERATION_TEST_DOLT_VERSION and DOLT_FEDERATION_TEST_BD_VERSION name other versions than the pinned ones: a version,
 * or `latest`. DOLT_FEDERATION_TEST_DOLT_MIRROR is another host of Dolt's releases.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installDependencies } from './dependencies.mjs';
import { installNodes, NODE_VARIABLES } from './node-versions.mjs';
import { installServers, SERVER_VARIABLES } from './servers.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPILED = join(ROOT, '.cache', 'setup');
const SUFFIX = process.platform === 'win32' ? '.exe' : '';

const DOLT = 'DOLT_FEDERATION_TEST_DOLT';
const REMOTESRV = 'DOLT_FEDERATION_TEST_REMOTESRV';
const VERSION = 'DOLT_FEDERATION_TEST_DOLT_VERSION';
const MIRROR = 'DOLT_FEDERATION_TEST_DOLT_MIRROR';

/** Every variable that names an executable to the tests. */
export const PROGRAM_VARIABLES = [DOLT, REMOTESRV, ...SERVER_VARIABLES, ...NODE_VARIABLES];

/**
 * @param {ReadonlySet<string>} wanted the variables of the programs that are needed; others are neither looked for nor
 *   installed
 * @returns {Promise<Record<string, string>>} the absolute path of each by its variable; a program that the system does not
 *   have and that cannot be installed is missing
 */
export async function setup(wanted = new Set(PROGRAM_VARIABLES)) {
  installDependencies(ROOT);
  const unknown = [...wanted].filter((variable) => !PROGRAM_VARIABLES.includes(variable));
  if (unknown.length > 0) throw new Error(`The set-up does not know ${unknown.join(', ')}`);
  /** @type {Record<string, string>} */
  const found = {};
  for (const variable of wanted) {
    const path = executable(variable);
    if (path !== null) found[variable] = path;
  }
  const missing = [...wanted].filter((variable) => found[variable] === undefined);
  if (missing.length === 0) return found;

  compile();
  const { context, cache } = await surroundings();
  if (missing.includes(DOLT)) found[DOLT] = await findDolt(context);
  if (missing.includes(REMOTESRV)) found[REMOTESRV] = await buildRemotesrv(join(cache, 'bin'), context);
  /** @type {typeof import('../src/install/go.ts')} */
  const { goInstall } = await compiled('install/go');
  const servers = missing.filter((variable) => SERVER_VARIABLES.includes(variable));
  Object.assign(found, await installServers(servers, { folder: join(cache, 'servers'), context, goInstall }));
  const nodes = missing.filter((variable) => NODE_VARIABLES.includes(variable));
  return { ...found, ...(await installNodes(nodes, { folder: join(cache, 'nodes') })) };
}

/**
 * An executable that the environment names.
 * @param {string} variable
 */
function executable(variable) {
  const path = process.env[variable];
  if (path === undefined || path === '') return null;
  if (!isAbsolute(path) || !existsSync(path)) throw new Error(`${variable} names no file: "${path}"`);
  return path;
}

/** The installer is the product's own; it is compiled apart, and without checks, which are `npm run types`. */
function compile() {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', join(ROOT, 'tsconfig.json'), '--noCheck', '--outDir', COMPILED];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`tsc failed with exit code ${status}`);
}

/** @param {string} path below src, without extension */
const compiled = (path) => import(pathToFileURL(join(COMPILED, 'src', `${path}.js`)).href);

/** The same folders as those of the command line, so that what one installs the other finds. */
async function surroundings() {
  /** @type {typeof import('../src/core/env.ts')} */
  const { readEnv } = await compiled('core/env');
  const env = readEnv();
  const home = homedir() === '' ? userInfo().homedir : homedir();
  const wanted = env['XDG_CACHE_HOME'];
  const base = wanted !== undefined && isAbsolute(wanted) ? wanted : join(home, '.cache');
  const cache = join(base, 'dolt-federation');
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => abort.abort());
  /** @type {import('../src/install/dolt-request.ts').InstallContext} */
  const context = {
    env,
    cwd: ROOT,
    toolCacheDir: join(cache, 'tools'),
    tempDir: join(cache, 'tmp'),
    log: { debug: () => {}, info: console.error, warning: console.error },
    signal: abort.signal,
  };
  return { context, cache };
}

/** @param {import('../src/install/dolt-request.ts').InstallContext} context */
async function findDolt(context) {
  /** @type {typeof import('../src/install/install.ts')} */
  const { installDolt } = await compiled('install/install');
  /** @type {typeof import('../src/install/version.ts')} */
  const { parseAskedVersion } = await compiled('install/version');
  /** @type {typeof import('../src/install/release-urls.ts')} */
  const { parseMirror } = await compiled('install/release-urls');
  /** @type {typeof import('../src/contract/dolt-options.ts')} */
  const { DEFAULT_DOLT_VERSION } = await compiled('contract/dolt-options');
  const { [VERSION]: asked, [MIRROR]: mirror, GITHUB_TOKEN: githubToken } = context.env;
  const version = parseAskedVersion(asked ?? DEFAULT_DOLT_VERSION);
  const from = mirror === undefined ? undefined : parseMirror(mirror);
  // The run tests another version: a build of the pinned one would prove nothing.
  const source = asked === undefined ? 'auto' : 'release';
  const { path, version: found } = await installDolt({ version, source, mirror: from, githubToken }, context);
  if (asked !== undefined) console.error(`The tests run with Dolt ${found} (${VERSION}=${asked})`);
  return path;
}

/**
 * Releases of Dolt do not hold its remote server. A marker beside it says from which version it was built.
 * @param {string} folder
 * @param {import('../src/install/dolt-request.ts').InstallContext} context
 */
async function buildRemotesrv(folder, context) {
  /** @type {typeof import('../src/contract/dolt-options.ts')} */
  const { DEFAULT_DOLT_VERSION } = await compiled('contract/dolt-options');
  /** @type {typeof import('../src/install/build.ts')} */
  const { BUILDABLE } = await compiled('install/build');
  /** @type {typeof import('../src/install/go.ts')} */
  const { goInstall } = await compiled('install/go');

  const version = BUILDABLE[DEFAULT_DOLT_VERSION];
  if (version === undefined) throw new Error(`Dolt ${DEFAULT_DOLT_VERSION} is not known to Go`);
  const target = join(folder, `remotesrv${SUFFIX}`);
  const marker = join(folder, 'remotesrv.version');
  if (existsSync(target) && (await readFile(marker, 'utf8').catch(() => '')) === version) return target;

  await mkdir(folder, { recursive: true });
  const temporary = await mkdtemp(join(folder, '.new-'));
  try {
    const program = { package: 'github.com/dolthub/dolt/go/utils/remotesrv', version, label: 'remotesrv' };
    const bin = await goInstall(program, { folder: temporary }, context);
    if (typeof bin !== 'string') throw new Error(`The tests need remotesrv, which is built from source: ${bin.reason}`);
    await rm(marker, { force: true });
    await rename(join(bin, `remotesrv${SUFFIX}`), target);
    await writeFile(marker, version);
    return target;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(await setup(), null, 2));
