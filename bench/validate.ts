/**
 * `npm run bench:validate [PEERS]`: the time of `validate` for so many peers, and of `--version`, of the bundle in dist/.
 * The two run in turns; the ratio of the fastest of each is printed, and fails above 1.5 and 0.1 s.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { table } from './table.ts';

const ROUNDS = 7;
const peers = Number(process.argv[2] ?? 1_000);
const folder = mkdtempSync(join(tmpdir(), 'dolt-federation-bench-'));
const config = join(folder, 'config.yaml');
const entries = Array.from(
  { length: peers },
  (_, index) => `    peer-${index}: {endpoint: https://host-${index}.example/org/db, live: false, role: backup}\n`,
);
writeFileSync(config, `sync: {mode: dolt-native}\nfederation:\n  peers:\n${entries.join('')}`);

function seconds(...args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [join('dist', 'cli.js'), ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return (performance.now() - started) / 1_000;
}

try {
  const rounds = Array.from({ length: ROUNDS }, () => [seconds('--version'), seconds('validate', '--config', config)]);
  const fastest = (column: number) => Math.min(...rounds.map((round) => round[column] ?? Number.NaN));
  const [version, validate] = [fastest(0), fastest(1)];
  const limit = 1.5 * version + 0.1;
  const row = [String(peers), version, validate, validate / version, limit].map((cell) =>
    typeof cell === 'number' ? cell.toFixed(2) : cell,
  );
  console.log(table(['peers', '--version (s)', 'validate (s)', 'ratio', 'limit (s)'], [row]));
  if (validate > limit) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
