// @ts-check
/**
 * Commits built files as dist/ of a branch of Dependabot: `node scripts/push-dist.mjs FOLDER`. The files come from a job
 * that ran unreviewed packages, so it runs none of them, and takes only plain files with names as in dist/.
 * The branch only moves forward from the commit that was built. It reads GITHUB_API_URL, GITHUB_REPOSITORY, HEAD_REF,
 * HEAD_SHA and GH_TOKEN.
 */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callApi, required } from './github-api.mjs';

// No `..`: the name becomes a part of a URL.
const BRANCH = /^dependabot\/npm_and_yarn(?:\/[\w-]+(?:\.[\w-]+)*)+$/;
const NAME = /^[a-z][a-z0-9-]*\.(?:js|json|txt)$/;
const COMMIT = /^[0-9a-f]{40}$/;
const MAX_FILES = 12;
const MAX_BYTES = 16 * 1024 * 1024;
/** Dependabot may rebase a branch whose other commits carry these words. */
const MESSAGE = 'dist/ follows the updated packages\n\n[dependabot skip]';

/**
 * The files to commit.
 * @param {string} folder
 */
function builtFiles(folder) {
  const names = readdirSync(folder).sort();
  if (names.length === 0 || names.length > MAX_FILES) throw new Error(`${folder} holds ${names.length} files`);
  return names.map((name) => {
    const stat = lstatSync(join(folder, name));
    if (!NAME.test(name) || !stat.isFile()) throw new Error(`${JSON.stringify(name)} is no file of dist/`);
    if (stat.size > MAX_BYTES) throw new Error(`${name} has ${stat.size} bytes, more than any file of dist/`);
    return { name, content: readFileSync(join(folder, name)).toString('base64') };
  });
}

/**
 * @param {string} path below the repository's git data
 * @param {object} body
 */
const post = (path, body) => callApi(`git/${path}`, { method: 'POST', body });

/** @param {string | undefined} folder */
async function main(folder) {
  if (folder === undefined) throw new Error('Name the folder of the built files: node scripts/push-dist.mjs FOLDER');
  const branch = required('HEAD_REF');
  const head = required('HEAD_SHA');
  if (!BRANCH.test(branch)) throw new Error(`${JSON.stringify(branch)} is no branch of Dependabot for npm`);
  if (!COMMIT.test(head)) throw new Error(`${JSON.stringify(head)} is no commit`);

  const entries = [];
  for (const { name, content } of builtFiles(folder)) {
    const { sha } = await post('blobs', { content, encoding: 'base64' });
    entries.push({ path: name, mode: name === 'cli.js' ? '100755' : '100644', type: 'blob', sha });
  }
  const dist = await post('trees', { tree: entries });
  const { tree } = await callApi(`git/commits/${head}`);
  const root = await post('trees', {
    base_tree: tree.sha,
    tree: [{ path: 'dist', mode: '040000', type: 'tree', sha: dist.sha }],
  });
  const commit = await post('commits', { message: MESSAGE, tree: root.sha, parents: [head] });
  // Without force: refused if the branch has another head by now.
  await callApi(`git/refs/heads/${branch}`, { method: 'PATCH', body: { sha: commit.sha, force: false } });
  console.log(`${branch} is now at ${commit.sha}`);
}

try {
  await main(process.argv[2]);
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
