// @ts-check
/**
 * Pins the digests of Dolt releases: `node scripts/update-digests.mjs 2.3.0 [2.3.1 …]` reads them from GitHub's API
 * (GITHUB_API_URL, GITHUB_TOKEN) and adds them to src/install/digests.json, or to the file named by --output=FILE.
 * A pinned digest that GitHub names differently is an error: an asset must never change.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ASSETS = [
  'dolt-darwin-amd64.tar.gz',
  'dolt-darwin-arm64.tar.gz',
  'dolt-linux-amd64.tar.gz',
  'dolt-linux-arm64.tar.gz',
  'dolt-windows-amd64.zip',
];
const API = (process.env['GITHUB_API_URL'] ?? 'https://api.github.com').replace(/\/+$/, '');

/**
 * @param {string} version
 * @returns {Promise<Record<string, string>>}
 */
async function digestsOf(version) {
  const token = process.env['GITHUB_TOKEN'] ?? '';
  /** @type {Record<string, string>} */
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const url = `${API}/repos/dolthub/dolt/releases/tags/v${version}`;
  const answer = await fetch(url, { headers, redirect: 'error' });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const release = /** @type {{ assets: { name: string, digest?: string | null }[] }} */ (await answer.json());
  return Object.fromEntries(
    ASSETS.map((name) => {
      const digest = release.assets.find((asset) => asset.name === name)?.digest ?? '';
      const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
      if (hex === undefined) throw new Error(`GitHub names no SHA-256 of ${name} of Dolt ${version}`);
      return [name, hex];
    }),
  );
}

async function main() {
  const args = process.argv.slice(2);
  const output = args.find((arg) => arg.startsWith('--output='))?.slice('--output='.length);
  const file = output ?? fileURLToPath(new URL('../src/install/digests.json', import.meta.url));
  const versions = args.filter((arg) => !arg.startsWith('--'));
  if (versions.length === 0) throw new Error('Name the versions to pin: node scripts/update-digests.mjs 2.3.0');

  /** @type {Record<string, Record<string, string>>} */
  const table = JSON.parse(readFileSync(file, 'utf8'));
  for (const version of versions) {
    if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`"${version}" is not a version such as 2.3.0`);
    const digests = await digestsOf(version);
    for (const [name, pinned] of Object.entries(table[version] ?? {})) {
      if (digests[name] !== pinned) throw new Error(`${name} of Dolt ${version} has changed since it was pinned`);
    }
    table[version] = digests;
  }
  const sorted = Object.entries(table).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}

try {
  await main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
