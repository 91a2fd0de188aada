// @ts-check
/** `node docs/adr/reproductions/cache-dir.mjs`: what `tc.cacheDir` does with a changed file and with an entry in use. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, find } from '@actions/tool-cache';

const root = mkdtempSync(join(tmpdir(), 'cache-dir-'));
try {
  process.env['RUNNER_TOOL_CACHE'] = join(root, 'tools');
  process.env['RUNNER_TEMP'] = root;
  const source = mkdtempSync(join(root, 'source-'));
  writeFileSync(join(source, 'dolt'), 'one');
  const entry = await cacheDir(source, 'dolt', '2.3.0');
  writeFileSync(join(entry, 'dolt'), 'changed');
  console.log(
    `find gives a changed executable: ${readFileSync(join(find('dolt', '2.3.0'), 'dolt'), 'utf8') === 'changed'}`,
  );

  // It removes the entry first and copies afterwards, so another process finds nothing, or a part, in between.
  const again = cacheDir(source, 'dolt', '2.3.0');
  let missing = false;
  let ended = false;
  again.finally(() => {
    ended = true;
  });
  while (!ended) {
    missing ||= !existsSync(join(entry, 'dolt'));
    await new Promise(setImmediate);
  }
  console.log(`an entry in use is missing while it is stored again: ${missing}`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
