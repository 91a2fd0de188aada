// @ts-check
/** The rules of a release: pure functions of the checkout and of answers of GitHub's API. Each returns the problems. */

/**
 * @typedef {{ version: string, repositoryUrl: string, lockVersions: readonly string[], changelog: string, changesets: readonly string[] }} Checkout
 * @typedef {{ name: string, digest: string }} Asset
 * @typedef {{ tag_name?: string, draft: boolean, prerelease?: boolean, immutable?: boolean, target_commitish?: string, assets: readonly { name: string, digest?: string | null }[] }} Release
 */

const VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/**
 * The entry of a version in the changelog, without its heading; empty if there is none.
 * @param {string} changelog
 * @param {string} version
 */
export function changelogEntry(changelog, version) {
  const [, ...sections] = changelog.split(/^## /m);
  const section = sections.find((text) => text.split('\n', 1)[0]?.trim() === version) ?? '';
  return section.slice(section.indexOf('\n') + 1).trim();
}

/**
 * @param {Checkout} checkout
 * @param {{ repository: string, ref: string, taken: { tag: unknown, releases: readonly unknown[] } }} run
 * @returns {string[]}
 */
export function commitProblems({ version, repositoryUrl, lockVersions, changelog, changesets }, run) {
  const problems = [];
  if (!VERSION.test(version))
    problems.push(`package.json has the version "${version}", which is not one such as 1.2.3.`);
  if (lockVersions.some((locked) => locked !== version))
    problems.push(`package-lock.json has the version ${lockVersions.join(' and ')}, and package.json ${version}.`);
  const newest = /^## (.*)$/m.exec(changelog)?.[1]?.trim();
  if (newest !== version)
    problems.push(`The first entry of CHANGELOG.md is ${newest ?? 'missing'}, and package.json has ${version}.`);
  else if (!/^- \S/m.test(changelogEntry(changelog, version)))
    problems.push(`The entry ${version} of CHANGELOG.md names no change.`);
  if (changesets.length > 0)
    problems.push(`${changesets.join(', ')} in .changeset is not released yet: run \`npm run release:version\`.`);
  if (repositoryUrl !== `git+https://github.com/${run.repository}.git`)
    problems.push(
      `package.json names the repository "${repositoryUrl}", but npm accepts a provenance of ${run.repository} only.`,
    );
  if (run.ref !== 'refs/heads/main') problems.push(`Releases are made from main, not from ${run.ref}.`);
  if (run.taken.tag !== null) problems.push(`The tag v${version} exists: a version is released once.`);
  if (run.taken.releases.length > 0)
    problems.push(`A release or a draft of v${version} exists: delete the draft, or raise the version.`);
  return problems;
}

/**
 * @param {string} name of the check that needs all others
 * @param {{ check_runs: readonly { name: string, status: string, conclusion: string | null, app?: { slug?: string } | null }[] } | null} answer
 * @returns {string[]}
 */
export function gateProblems(name, answer) {
  // Any app with write access can report a check of that name.
  const runs = (answer?.check_runs ?? []).filter((run) => run.name === name && run.app?.slug === 'github-actions');
  if (runs.length === 0) return [`CI has not run on this commit: there is no check "${name}".`];
  return runs
    .filter(({ conclusion, status }) => status !== 'completed' || conclusion !== 'success')
    .map(({ conclusion, status }) => `The check "${name}" of this commit is ${conclusion ?? status}, not success.`);
}

/**
 * @param {readonly Release[]} releases with the tag
 * @param {{ tag: string, commit: string, assets: readonly Asset[] }} wanted
 * @returns {string[]}
 */
export function draftProblems(releases, { tag, commit, assets }) {
  const [draft, ...others] = releases;
  if (draft === undefined) return [`There is no draft of ${tag}.`];
  if (others.length > 0) return [`There are ${releases.length} releases of ${tag}: delete all drafts and start again.`];
  const problems = assetProblems(draft, assets);
  if (!draft.draft) problems.push(`The release ${tag} is published already.`);
  if (draft.target_commitish !== commit)
    problems.push(
      `The draft of ${tag} would tag ${draft.target_commitish ?? 'nothing'}, not the tested commit ${commit}.`,
    );
  if (draft.prerelease !== tag.includes('-'))
    problems.push(`The draft of ${tag} ${draft.prerelease === true ? 'is' : 'is not'} marked as a pre-release.`);
  return problems;
}

/**
 * @param {{ release: Release | null, ref: { object: { type: string, sha: string } } | null }} there
 * @param {{ commit: string, assets: readonly Asset[] }} wanted
 * @returns {string[]}
 */
export function publishedProblems({ release, ref }, { commit, assets }) {
  if (release === null || ref === null) return ['The release is not published.'];
  const problems = assetProblems(release, assets);
  if (release.immutable !== true)
    problems.push('The release is not immutable: turn on "release immutability" in the settings of the repository.');
  if (ref.object.type !== 'commit' || ref.object.sha !== commit)
    problems.push(`The tag points at the ${ref.object.type} ${ref.object.sha}, not at the tested commit ${commit}.`);
  return problems;
}

/**
 * @param {Release} release
 * @param {readonly Asset[]} wanted
 */
function assetProblems(release, wanted) {
  const problems = [];
  for (const { name, digest } of wanted) {
    const there = release.assets.find((asset) => asset.name === name);
    if (there === undefined) problems.push(`${name} is not attached to the release.`);
    else if (there.digest !== digest) problems.push(`${name} has the digest ${there.digest}, but ${digest} was built.`);
  }
  const unknown = release.assets.filter(({ name }) => !wanted.some((asset) => asset.name === name));
  for (const { name } of unknown) problems.push(`${name} is attached to the release, but was not built by this run.`);
  return problems;
}
