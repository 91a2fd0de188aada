// @ts-check
/**
 * `npm run closure`: which files of src one plain `sync` runs through. Runs the compiled command line with a real Dolt
 * against one peer over HTTP that has a commit we lack and lacks one that we have, without a conflict. Prints every
 * file of which a function was executed, in groups. `npm run closure -- --json` prints the same for programs.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GROUPS, groupOf } from './closure-groups.mjs';
import { setup } from './setup.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPILED = join(ROOT, '.cache', 'closure');
const DOLT = 'DOLT_FEDERATION_TEST_DOLT';
const REMOTESRV = 'DOLT_FEDERATION_TEST_REMOTESRV';
const READY_WITHIN_MS = 20_000;

/**
 * The record of V8 for a script: a function for each function of the file, the file itself among them.
 * @typedef {{ functionName: string, ranges: readonly { startOffset: number, endOffset: number, count: number }[] }}
 * Noted
 * @typedef {{ url: string, functions: readonly Noted[] }} Script
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 */
function run(command, args, options) {
  const { status, stdout, stderr, error } = spawnSync(command, [...args], { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `${stderr}${stdout}`}`);
  return stdout;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** @param {number} port */
async function takesConnections(port) {
  for (const started = Date.now(); Date.now() - started < READY_WITHIN_MS; await pause(20)) {
    const socket = connect({ host: '127.0.0.1', port });
    try {
      await once(socket, 'connect');
      return;
    } catch {
      // Not yet.
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`remotesrv took no connection in ${READY_WITHIN_MS} ms`);
}

/**
 * Files of src of which a function was executed, by the notes of V8.
 * @param {string} folder of NODE_V8_COVERAGE
 */
function executed(folder) {
  /** @type {readonly Script[]} */
  const scripts = readdirSync(folder).flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')).result);
  /** @type {Map<string, boolean>} */
  const files = new Map();
  for (const { url, functions } of scripts) {
    if (!url.startsWith('file:')) continue;
    const path = relative(COMPILED, fileURLToPath(url)).split(sep).join('/');
    if (!path.startsWith('src/')) continue;
    const [whole, ...inner] = functions;
    const last = whole?.ranges[0]?.endOffset ?? 0;
    const ran = inner.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0 && (ranges[0]?.endOffset ?? 0) <= last);
    files.set(path.replace(/\.js$/, '.ts'), ran || (files.get(path.replace(/\.js$/, '.ts')) ?? false));
  }
  return files;
}

/** @param {string} path from the root of the repository */
const linesOf = (path) => readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1;

/**
 * Two databases that have diverged without a conflict, and a sync of one of them.
 * @param {string} folder empty
 * @param {Record<string, string>} programs
 */
async function measure(folder, programs) {
  const [dolt = '', remotesrv = ''] = [programs[DOLT], programs[REMOTESRV]];
  const at = (/** @type {string[]} */ ...parts) => join(folder, ...parts);
  for (const name of ['home', 'local', 'remote', 'coverage']) mkdirSync(at(name));
  const env = { PATH: process.env['PATH'], HOME: at('home'), DOLT_DISABLE_EVENT_FLUSH: '1' };
  const port = await freePort();
  const server = spawn(remotesrv, ['-http-port', `${port}`, '-grpc-port', `${port}`, '-dir', at('remote')], {
    cwd: at('remote'),
    stdio: 'ignore',
    env,
  });
  const ended = once(server, 'exit');
  try {
    await takesConnections(port);
    const url = `http://localhost:${port}/org/repo`;
    const author = ['--name', 'Ann', '--email', 'ann@example.org'];
    run(dolt, ['init', ...author, '-b', 'main'], { cwd: at('local'), env });
    run(dolt, ['config', '--global', '--add', 'user.name', 'Bob'], { cwd: at('home'), env });
    run(dolt, ['config', '--global', '--add', 'user.email', 'bob@example.org'], { cwd: at('home'), env });
    const sql = (/** @type {string} */ where, /** @type {string[]} */ ...statements) =>
      run(dolt, ['sql', '-q', [...statements, "CALL DOLT_COMMIT('-A', '-m', 'rows')"].join(';\n')], {
        cwd: at(where),
        env,
      });
    sql('local', 'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(40))', "INSERT INTO items VALUES (1, 'one')");
    writeFileSync(at('federation.yaml'), `federation:\n  peers:\n    there: ${url}\n`);
    const cli = [join(COMPILED, 'src', 'cli.js'), 'sync', '--json', '--config', at('federation.yaml')];
    const words = [...cli, '--database', at('local'), '--dolt-path', dolt];
    run(process.execPath, words, { cwd: folder, env });
    run(dolt, ['clone', url, 'other'], { cwd: folder, env });
    sql('other', "INSERT INTO items VALUES (2, 'two')");
    run(dolt, ['push', 'origin', 'main'], { cwd: at('other'), env });
    sql('local', "INSERT INTO items VALUES (3, 'three')");
    const covered = { ...env, NODE_V8_COVERAGE: at('coverage') };
    const result = JSON.parse(run(process.execPath, words, { cwd: folder, env: covered }));
    const [peer] = result.peers;
    if (peer?.status !== 'synced' || peer.verified !== true) throw new Error(`no plain sync: ${JSON.stringify(peer)}`);
    return executed(at('coverage'));
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

const programs = await setup(new Set([DOLT, REMOTESRV]));
rmSync(COMPILED, { recursive: true, force: true });
const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
run(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.json'), '--noCheck', '--outDir', COMPILED], { cwd: ROOT });
const folder = mkdtempSync(join(tmpdir(), 'dolt-federation-closure-'));
try {
  const files = await measure(folder, programs);
  const met = [...files].flatMap(([path, ran]) => (ran ? [{ path, lines: linesOf(path), group: groupOf(path) }] : []));
  met.sort((a, b) => (a.path < b.path ? -1 : 1));
  const total = (/** @type {typeof met} */ some) => some.reduce((sum, { lines }) => sum + lines, 0);
  const groups = GROUPS.map(({ name }) => ({ name, files: met.filter(({ group }) => group === name) }));
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ files: met, lines: total(met), loaded: files.size }));
  } else {
    for (const { name, files: own } of groups) {
      console.log(`\n${name}`);
      for (const { path, lines } of own) console.log(`${String(lines).padStart(5)}  ${path}`);
    }
    console.log('\nFiles  Lines');
    for (const { name, files: own } of groups)
      console.log(`${String(own.length).padStart(5)} ${String(total(own)).padStart(6)}  ${name}`);
    console.log(
      `${String(met.length).padStart(5)} ${String(total(met)).padStart(6)}  All; a plain sync calls a function of each`,
    );
    console.log(`${String(files.size).padStart(5)}         loaded, with files that only hold tables and types`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
