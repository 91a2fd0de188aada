// @ts-check
/**
 * Refuses a release of anything but the tested commit. The workflow `release` runs it on the commit that it releases:
 *
 *     node scripts/release-check.mjs commit            before anything is built; prints `version=` and `tag=`
 *     node scripts/release-check.mjs notes FILE…       prints the text of the release
 *     node scripts/release-check.mjs draft FILE…       before anything is published
 *     node scripts/release-check.mjs published FILE…   afterwards
 *
 * It reads GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_SHA, GITHUB_REF and GH_TOKEN. `--root=FOLDER` names another checkout.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callApi, required } from './github-api.mjs';
import { changelogEntry, commitProblems, draftProblems, gateProblems, publishedProblems } from './release-rules.mjs';

const GATE = 'gate';

/** @param {string} path below the repository */
const ask = (path) => callApi(path, { mayBeAbsent: true });

/** @param {string} root */
function readCheckout(root) {
  /** @param {string[]} path */
  const read = (...path) => readFileSync(join(root, ...path), 'utf8');
  const manifest = JSON.parse(read('package.json'));
  const lock = JSON.parse(read('package-lock.json'));
  return {
    version: String(manifest.version),
    repositoryUrl: String(manifest.repository?.url ?? ''),
    lockVersions: [String(lock.version), String(lock.packages?.['']?.version)],
    changelog: read('CHANGELOG.md'),
    changesets: readdirSync(join(root, '.changeset')).filter((name) => name.endsWith('.md') && name !== 'README.md'),
  };
}

/** @param {readonly string[]} files */
const digests = (files) =>
  files.map((file) => ({
    name: basename(file),
    digest: `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`,
  }));

/** @param {string} commit */
const gate = async (commit) =>
  gateProblems(GATE, await ask(`commits/${commit}/check-runs?check_name=${GATE}&filter=latest`));

/** @param {string} tag */
async function releasesOf(tag) {
  /** @type {import('./release-rules.mjs').Release[] | null} */
  const all = await ask('releases?per_page=100');
  return (all ?? []).filter(({ tag_name }) => tag_name === tag);
}

async function main() {
  const words = process.argv.slice(2);
  const root = words.find((word) => word.startsWith('--root='))?.slice('--root='.length);
  const [step, ...files] = words.filter((word) => !word.startsWith('--'));
  const checkout = readCheckout(root ?? fileURLToPath(new URL('..', import.meta.url)));
  const tag = `v${checkout.version}`;
  const commit = required('GITHUB_SHA');
  const repository = required('GITHUB_REPOSITORY');

  switch (step) {
    case 'commit': {
      const taken = { tag: await ask(`git/ref/tags/${tag}`), releases: await releasesOf(tag) };
      const run = { repository, ref: required('GITHUB_REF'), taken };
      refuse([...commitProblems(checkout, run), ...(await gate(commit))]);
      console.log(`version=${checkout.version}\ntag=${tag}`);
      return;
    }
    case 'notes':
      console.log(notes({ ...checkout, tag, commit, repository, assets: digests(files) }));
      return;
    case 'draft':
      refuse([
        ...draftProblems(await releasesOf(tag), { tag, commit, assets: digests(files) }),
        ...(await gate(commit)),
      ]);
      return;
    case 'published': {
      const release = await ask(`releases/tags/${tag}`);
      refuse(publishedProblems({ release, ref: await ask(`git/ref/tags/${tag}`) }, { commit, assets: digests(files) }));
      return;
    }
    default:
      throw new Error('Name a step: node scripts/release-check.mjs commit|notes|draft|published [FILE…]');
  }
}

/** @param {{ version: string, changelog: string, tag: string, commit: string, repository: string, assets: readonly { name: string, digest: string }[] }} of */
function notes({ version, changelog, tag, commit, repository, assets }) {
  return [
    changelogEntry(changelog, version),
    '',
    'In a workflow:',
    '',
    '```yaml',
    `- uses: ${repository}@${commit} # ${tag}`,
    '```',
    '',
    ...assets.map(({ name, digest }) => `\`${name}\` has the digest \`${digest}\`.`),
  ].join('\n');
}

/** @param {readonly string[]} problems */
function refuse(problems) {
  if (problems.length > 0) throw new Error(problems.map((problem) => `- ${problem}`).join('\n'));
}

try {
  await main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
