/**
 * `npm run bench:fanout [PEERS…]`: the time of one sync with so many `file://` peers, each with its own commits,
 * against three legs of a fan-out with the bundle in dist/. The legs run one after the other here and at the same time in
 * a workflow, so the longest of them counts. `DOLT_FEDERATION_TEST_DOLT` names the Dolt.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { table } from './table.ts';

const LEGS = 3;
const ROWS = 2_000;
/** Rows that each peer changes. */
const CHANGED = 100;
const CLI = resolve('dist', 'cli.js');
const dolt = process.env['DOLT_FEDERATION_TEST_DOLT'] ?? 'dolt';
const sizes = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'dolt-federation-bench-'));
const env = {
  ...process.env,
  HOME: folder,
  XDG_CACHE_HOME: join(folder, 'cache'),
  XDG_STATE_HOME: join(folder, 'state'),
};

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}

/** A database, its primary and the mailboxes of its peers, in one folder. */
function makeScene(at: string, peers: number): void {
  for (const path of ['local', 'origin', ...names(peers)]) mkdirSync(join(at, path), { recursive: true });
  const local = join(at, 'local');
  run(dolt, ['init', '--name', 'bench', '--email', 'bench@example.org'], local);
  const rows = Array.from({ length: ROWS }, (_, id) => `(${id}, 'row ${id}')`).join(',');
  const sql = [
    'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100))',
    `INSERT INTO items VALUES ${rows}`,
    "CALL DOLT_COMMIT('-Am', 'base')",
    `CALL DOLT_REMOTE('add', 'origin', 'file://${join(at, 'origin')}')`,
    "CALL DOLT_PUSH('origin', 'main')",
    ...names(peers).flatMap((name, index) => [
      `CALL DOLT_CHECKOUT('-b', '${name}', 'main')`,
      `UPDATE items SET title = '${name}' WHERE id % ${Math.ceil(ROWS / CHANGED)} = ${index % Math.ceil(ROWS / CHANGED)}`,
      `INSERT INTO items VALUES (${ROWS + index}, '${name}')`,
      `CALL DOLT_COMMIT('-am', '${name}')`,
      `CALL DOLT_REMOTE('add', '${name}', 'file://${join(at, name)}')`,
      `CALL DOLT_PUSH('${name}', '${name}:main')`,
      `CALL DOLT_REMOTE('remove', '${name}')`,
      "CALL DOLT_CHECKOUT('main')",
      `CALL DOLT_BRANCH('-D', '${name}')`,
    ]),
    "CALL DOLT_REMOTE('remove', 'origin')",
  ];
  run(dolt, ['sql', '-q', sql.join(';\n')], local);
}

function names(peers: number): readonly string[] {
  return Array.from({ length: peers }, (_, index) => `peer${index}`);
}

/** The configuration names the folders, so a copy of a scene is independent. */
function configure(at: string, peers: number): void {
  const entries = names(peers).map((name) => `    ${name}: file://${join(at, name)}\n`);
  const text = `federation:\n  remote: file://${join(at, 'origin')}\n  peers:\n${entries.join('')}`;
  writeFileSync(join(at, 'config.yaml'), text);
}

/** @returns seconds */
function sync(at: string, ...args: readonly string[]): number {
  const flags = ['--config', join(at, 'config.yaml'), '--database', join(at, 'local'), '--dolt-path', dolt, '--json'];
  const started = performance.now();
  writeFileSync(
    join(at, `result-${args.join('').replaceAll('/', '-')}.json`),
    run(process.execPath, [CLI, 'sync', ...flags, ...args], at),
  );
  return (performance.now() - started) / 1_000;
}

function measure(peers: number): { readonly one: number; readonly legs: readonly number[] } {
  const made = join(folder, `made-${peers}`);
  makeScene(made, peers);
  const copy = (name: string): string => {
    const at = join(folder, `${name}-${peers}`);
    cpSync(made, at, { recursive: true });
    configure(at, peers);
    return at;
  };
  const one = sync(copy('one'));
  const at = copy('legs');
  const clone = join(folder, `clone-${peers}`);
  cpSync(join(at, 'local'), clone, { recursive: true });
  const legs = Array.from({ length: LEGS }, (_, index) => {
    // Each leg of a workflow begins with its own clone.
    rmSync(join(at, 'local'), { recursive: true });
    cpSync(clone, join(at, 'local'), { recursive: true });
    return sync(at, '--shard', `${index + 1}/${LEGS}`);
  });
  const results = legs.map((_, index) => join(at, `result---shard${index + 1}-${LEGS}.json`));
  const report: { runs: { result: { peers: unknown[] } }[] } = JSON.parse(
    run(process.execPath, [CLI, 'report', '--json', ...results], at),
  );
  if (report.runs[0]?.result.peers.length !== peers + 1) throw new Error(readFileSync(results[0] ?? '', 'utf8'));
  return { one, legs };
}

try {
  const rows = (sizes.length === 0 ? [6, 12, 24] : sizes).map((peers) => {
    const { one, legs } = measure(peers);
    const longest = Math.max(...legs);
    return { peers, one, longest, sum: legs.reduce((total, each) => total + each, 0) };
  });
  const cells = rows.map(({ peers, one, longest, sum }) => [
    String(peers),
    ...[one, longest, one / longest, sum / one].map((value) => value.toFixed(2)),
  ]);
  console.log(table(['peers', 'one run (s)', 'longest leg (s)', 'one run / longest leg', 'all legs / one run'], cells));
  const [first, last] = [rows[0], rows.at(-1)];
  if (first !== undefined && last !== undefined && last.peers > first.peers) {
    const each = (last.one - first.one) / (last.peers - first.peers);
    const gain = (last.one - last.longest) / last.peers;
    console.log(
      `\nOne more peer costs ${each.toFixed(2)} s. Three legs save ${gain.toFixed(2)} s for each of ${last.peers} peers.`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
