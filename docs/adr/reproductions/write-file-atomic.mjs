// @ts-nocheck: the package is not a dependency.
/**
 * `npm install --no-save write-file-atomic@7.0.1`, then `node docs/adr/reproductions/write-file-atomic.mjs`: what it does
 * when the disk takes only a part of a write, and which listeners it adds.
 */
import fs, { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const write = fs.write;
// A write may take less than it was given: a tmpfs of 16 KiB takes 12,288 of 30,000 bytes and reports no error.
fs.write = Object.assign((fd, text, ...rest) => write(fd, text.slice(0, 100), ...rest), write);
const { default: writeFileAtomic } = await import('write-file-atomic');

const folder = mkdtempSync(join(tmpdir(), 'write-file-atomic-'));
try {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, 'the old text');
  await writeFileAtomic(file, 'y'.repeat(5000));
  console.log(`after a short write the file is replaced, without an error: ${readFileSync(file).length === 100}`);

  const listeners = () => ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name)).join();
  const before = listeners();
  let during = '';
  const tmpfileCreated = () => {
    during = listeners();
  };
  await writeFileAtomic(file, 'new', { tmpfileCreated });
  console.log(`listeners of SIGINT, SIGTERM and SIGHUP before and during a write: ${before} and ${during}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
