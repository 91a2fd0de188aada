// @ts-check
/**
 * `npm run release:version`: moves the changes that no release has to CHANGELOG.md, and writes the next version wherever it
 * is named: package.json, package-lock.json, and the comments beside pinned commits in the documentation. Generated files
 * and bundles follow. Needs Node 22. Another checkout may be named: `node scripts/release-version.mjs FOLDER`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CHANGESET = join(ROOT, 'node_modules', '@changesets', 'cli', 'bin.js');
/** `uses: OWNER/dolt-federation@COMMIT # v0.1.0` */
const PIN = /(dolt-federation[\w./-]*@COMMIT # v)[0-9][\w.-]*/g;

/** @param {string} file */
const json = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** @param {string} folder of a checkout */
function writeVersion(folder) {
  if (Number(process.versions.node.split('.')[0]) < 22)
    throw new Error(`Changesets needs Node 22 or newer, and this is ${process.version}`);
  const { status } = spawnSync(process.execPath, [CHANGESET, 'version'], { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('changeset version failed');
  const { version } = json(join(folder, 'package.json'));

  const lockFile = join(folder, 'package-lock.json');
  const lock = json(lockFile);
  lock.version = version;
  lock.packages[''].version = version;
  writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
  for (const page of pages(folder)) {
    const text = readFileSync(page, 'utf8');
    const pinned = text.replaceAll(PIN, `$1${version}`);
    if (pinned !== text) writeFileSync(page, pinned);
  }
  return version;
}

/** @param {string} folder */
function pages(folder) {
  const docs = join(folder, 'docs');
  const below = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: 'utf8' }) : [];
  return [
    join(folder, 'README.md'),
    ...below.filter((name) => /\.(?:md|yml)$/.test(name)).map((name) => join(docs, name)),
  ];
}

try {
  console.log(writeVersion(process.argv[2] ?? ROOT));
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
