// @ts-check
/**
 * `npm start`: three databases federate in a temporary folder. Runs the committed bundle, so it needs no `npm ci`; a Dolt is
 * found, downloaded or built. Words after `npm start --` are passed on, for example `npm start -- --json`.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bundle = new URL('../dist/cli.js', import.meta.url);

if (existsSync(bundle)) {
  process.argv = [process.execPath, fileURLToPath(bundle), 'demo', '--dolt-source', 'auto', ...process.argv.slice(2)];
  await import(bundle.href);
} else {
  console.error(
    'error: dist/cli.js is missing\n  It is part of the repository: restore it with git, or run `npm ci && npm run build`.',
  );
  process.exitCode = 1;
}
