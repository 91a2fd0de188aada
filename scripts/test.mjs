// @ts-check
/**
 * `npm test`: prepares the machine, runs jest with the arguments it is given, and says as its very last line how many
 * tests passed and failed. A file that could not be run counts as a failed test, and a run without tests fails.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param {string} file what jest writes with --outputFile
 * @returns {{ passed: number, failed: number }}
 */
function readNumbers(file) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites };
}

async function main() {
  const { dolt, remotesrv, servers } = await setup();
  const folder = mkdtempSync(join(tmpdir(), 'dolt-federation-test-'));
  try {
    const output = join(folder, 'jest.json');
    const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
    const child = spawn(process.execPath, [jest, ...process.argv.slice(2), '--json', `--outputFile=${output}`], {
      cwd: ROOT,
      // With --json jest prints the report on standard output, too; it is read from the file.
      stdio: ['inherit', 'ignore', 'inherit'],
      env: {
        ...process.env,
        NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --experimental-vm-modules --no-warnings`.trim(),
        DOLT_FEDERATION_TEST_DOLT: dolt,
        DOLT_FEDERATION_TEST_REMOTESRV: remotesrv,
        ...servers,
      },
    });
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
    const [exitCode] = await once(child, 'close');
    const { passed, failed } = readNumbers(output);
    if (passed + failed === 0) console.error('No test was run.');
    console.log(`${passed} passed, ${failed} failed`);
    return exitCode === 0 && failed === 0 && passed > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
