// @ts-check
/**
 * `node docs/adr/reproductions/actions-cache.mjs`: how @actions/cache unpacks an entry. It is not a dependency, so the
 * script installs it into a temporary folder.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = mkdtempSync(join(tmpdir(), 'actions-cache-'));
try {
  const quiet = { cwd: root, stdio: /** @type {const} */ ('ignore') };
  execFileSync('npm', ['install', '--no-save', '--ignore-scripts', '@actions/cache@6.3.0'], quiet);
  const tar = join(root, 'node_modules', '@actions', 'cache', 'lib', 'internal', 'tar.js');
  const { extractTar } = await import(pathToFileURL(tar).href);

  const [workspace, made] = [join(root, 'workspace'), join(root, 'made')];
  for (const folder of [workspace, made, join(root, 'bin')]) mkdirSync(folder);
  writeFileSync(join(root, 'outside'), 'as it was');
  writeFileSync(join(made, 'x'), 'from the entry');
  const archive = join(root, 'cache.tgz');
  execFileSync('tar', ['-P', '-czf', archive, '-C', made, '--transform', 's|x|../outside|', 'x']);
  process.env['GITHUB_WORKSPACE'] = workspace;
  await extractTar(archive, 'gzip');
  console.log(
    `an entry writes outside of the workspace: ${readFileSync(join(root, 'outside'), 'utf8') === 'from the entry'}`,
  );

  // The first `tar` on PATH is run with every variable of the step.
  const seen = join(root, 'seen');
  writeFileSync(join(root, 'bin', 'tar'), `#!/bin/sh\n[ -n "$ACTIONS_RUNTIME_TOKEN" ] && : > '${seen}'\n`);
  chmodSync(join(root, 'bin', 'tar'), 0o755);
  process.env['PATH'] = `${join(root, 'bin')}:${process.env['PATH']}`;
  process.env['ACTIONS_RUNTIME_TOKEN'] = 'secret';
  await extractTar(archive, 'gzip');
  console.log(`a child gets the token of the cache service: ${existsSync(seen)}`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
