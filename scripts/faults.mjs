// @ts-check
/**
 * `npm run faults`: the fault suite, which is part of `npm test`, with many more random moments, all faults at all kinds of
 * servers, and a table of what came of every fault. `DOLT_FEDERATION_FAULT_MOMENTS` asks for another number of moments, and
 * `DOLT_FEDERATION_SEED` for those of an earlier run; words after `npm run faults --` say which of its tests to run. Ends
 * with 1 where a row is not as it should be.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MOMENTS = '200';
const HEADINGS = ['fault', 'verb', 'at', 'class', 'seconds', 'state afterwards'];

/**
 * @typedef {import('../__tests__/helpers/faults/rows.ts').FaultRow} FaultRow
 * @param {string} file one row a line
 * @returns {FaultRow[]}
 */
function readRows(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

/** @param {FaultRow} row */
function cells({ fault, operation, at, code, seconds, state, complaints }) {
  const found = complaints.length === 0 ? state : `NOT AS ASKED: ${complaints.join('; ')}`;
  return [fault, operation, at, code, seconds.toFixed(1), found.replaceAll(/\s+/g, ' ').slice(0, 300)];
}

/** @param {readonly (readonly string[])[]} rows */
function table(rows) {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (/** @type {readonly string[]} */ row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ');
  return rows.map(line).join('\n');
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'dolt-federation-faults-'));
  try {
    const file = join(folder, 'rows.jsonl');
    writeFileSync(file, '');
    const given = process.argv.slice(2);
    const chosen = given.length > 0 ? given : ['__tests__/faults'];
    const child = spawn(process.execPath, [join(ROOT, 'scripts', 'test.mjs'), ...chosen], {
      cwd: ROOT,
      stdio: 'inherit',
      env: {
        DOLT_FEDERATION_FAULTS: 'all',
        DOLT_FEDERATION_FAULT_MOMENTS: MOMENTS,
        DOLT_FEDERATION_SEED: 'random',
        ...process.env,
        DOLT_FEDERATION_FAULT_ROWS: file,
      },
    });
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
    const [exitCode] = await once(child, 'close');
    const rows = readRows(file);
    const wrong = rows.filter(({ complaints }) => complaints.length > 0);
    console.log(`\n${table([HEADINGS, ...rows.map(cells)])}\n`);
    console.log(`${rows.length} rows, ${wrong.length} of them not as asked`);
    return exitCode === 0 && wrong.length === 0 && rows.length > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
