import { describe, expect, test } from '@jest/globals';
import {
  changelogEntry,
  commitProblems,
  draftProblems,
  gateProblems,
  publishedProblems,
} from '../../scripts/release-rules.mjs';

const COMMIT = 'c'.repeat(40);
const CHANGELOG = '# x\n\n## 1.2.0\n\n### Minor Changes\n\n- Something new.\n\n## 1.1.0\n\n- Something old.\n';
const CHECKOUT = {
  version: '1.2.0',
  repositoryUrl: 'git+https://github.com/org/x.git',
  lockVersions: ['1.2.0', '1.2.0'],
  changelog: CHANGELOG,
  changesets: [],
};
const RUN = { repository: 'org/x', ref: 'refs/heads/main', taken: { tag: null, releases: [] } };

test('the entry of a version ends before the next entry', () => {
  expect(changelogEntry(CHANGELOG, '1.2.0')).toBe('### Minor Changes\n\n- Something new.');
  expect(changelogEntry(CHANGELOG, '1.1.0')).toBe('- Something old.');
  expect(changelogEntry(CHANGELOG, '1.0.0')).toBe('');
});

describe('a commit to release', () => {
  test('is accepted', () => {
    expect(commitProblems(CHECKOUT, RUN)).toEqual([]);
    const changelog = CHANGELOG.replace('1.2.0', '1.2.0-rc.1');
    const candidate = { ...CHECKOUT, version: '1.2.0-rc.1', lockVersions: ['1.2.0-rc.1'], changelog };
    expect(commitProblems(candidate, RUN)).toEqual([]);
  });

  test.each([
    ['an invalid version', { version: '1.2' }, {}, 'package.json has the version "1.2"'],
    [
      'another version in the lock',
      { lockVersions: ['1.2.0', '1.1.0'] },
      {},
      '1.2.0 and 1.1.0, and package.json 1.2.0',
    ],
    [
      'an older entry on top',
      { changelog: '## 1.1.0\n\n- x\n' },
      {},
      'CHANGELOG.md is 1.1.0, and package.json has 1.2.0',
    ],
    ['no entry', { changelog: '# x\n' }, {}, 'CHANGELOG.md is missing'],
    [
      'an empty entry',
      { changelog: '## 1.2.0\n\n## 1.1.0\n\n- x\n' },
      {},
      'The entry 1.2.0 of CHANGELOG.md names no change.',
    ],
    ['unreleased changes', { changesets: ['a.md'] }, {}, 'a.md in .changeset is not released yet'],
    [
      'a placeholder as the owner',
      { repositoryUrl: 'git+https://github.com/OWNER/x.git' },
      {},
      'a provenance of org/x only',
    ],
    ['another branch', {}, { ref: 'refs/heads/fix' }, 'Releases are made from main, not from refs/heads/fix.'],
    ['a tag', {}, { taken: { tag: {}, releases: [] } }, 'The tag v1.2.0 exists'],
    ['a draft', {}, { taken: { tag: null, releases: [{}] } }, 'A release or a draft of v1.2.0 exists'],
  ])('with %s is refused', (_, checkout, run, problem) => {
    const problems = commitProblems({ ...CHECKOUT, ...checkout }, { ...RUN, ...run });
    expect(problems.join('\n')).toContain(problem);
  });
});

describe('the CI of a commit', () => {
  const passed = { name: 'gate', status: 'completed', conclusion: 'success', app: { slug: 'github-actions' } };

  test('is accepted if it passed', () => {
    expect(gateProblems('gate', { check_runs: [passed, { ...passed, name: 'use', conclusion: 'failure' }] })).toEqual(
      [],
    );
  });

  test.each([
    ['nothing', null, 'CI has not run'],
    ['no check with that name', { check_runs: [{ ...passed, name: 'use' }] }, 'CI has not run'],
    ['a check of another app', { check_runs: [{ ...passed, app: { slug: 'someone' } }] }, 'CI has not run'],
    ['a check without an app', { check_runs: [{ ...passed, app: null }] }, 'CI has not run'],
    ['a failure', { check_runs: [passed, { ...passed, conclusion: 'failure' }] }, 'is failure, not success'],
    ['a run in progress', { check_runs: [{ ...passed, status: 'in_progress', conclusion: null }] }, 'is in_progress'],
    ['a skipped run', { check_runs: [{ ...passed, conclusion: 'skipped' }] }, 'is skipped'],
  ])('with %s is refused', (_, answer, problem) => {
    expect(gateProblems('gate', answer)).toEqual([expect.stringContaining(problem)]);
  });
});

const ASSET = { name: 'x-1.2.0.tgz', digest: `sha256:${'a'.repeat(64)}` };
const DRAFT = { tag_name: 'v1.2.0', draft: true, prerelease: false, target_commitish: COMMIT, assets: [ASSET] };

describe('a draft', () => {
  const wanted = { tag: 'v1.2.0', commit: COMMIT, assets: [ASSET] };

  test('is accepted for the tested commit with the built package', () => {
    expect(draftProblems([DRAFT], wanted)).toEqual([]);
    expect(draftProblems([{ ...DRAFT, prerelease: true }], { ...wanted, tag: 'v1.2.0-rc.1' })).toEqual([]);
  });

  test.each([
    ['none', [], 'There is no draft of v1.2.0.'],
    ['two', [DRAFT, DRAFT], 'There are 2 releases of v1.2.0'],
    ['a published one', [{ ...DRAFT, draft: false }], 'is published already'],
    ['another commit', [{ ...DRAFT, target_commitish: 'd'.repeat(40) }], 'would tag dddd'],
    ['a branch', [{ ...DRAFT, target_commitish: 'main' }], `would tag main, not the tested commit ${COMMIT}`],
    ['a pre-release', [{ ...DRAFT, prerelease: true }], 'is marked as a pre-release'],
    ['no package', [{ ...DRAFT, assets: [] }], 'x-1.2.0.tgz is not attached'],
    ['another package', [{ ...DRAFT, assets: [{ ...ASSET, digest: null }] }], 'has the digest null, but sha256:aaaa'],
    [
      'an extra file',
      [{ ...DRAFT, assets: [ASSET, { name: 'y' }] }],
      'y is attached to the release, but was not built',
    ],
  ])('with %s is refused', (_, releases, problem) => {
    expect(draftProblems(releases, wanted).join('\n')).toContain(problem);
  });
});

describe('a published release', () => {
  const release = { ...DRAFT, draft: false, immutable: true };
  const ref = { object: { type: 'commit', sha: COMMIT } };
  const wanted = { commit: COMMIT, assets: [ASSET] };

  test('is accepted if it is immutable and of the tested commit', () => {
    expect(publishedProblems({ release, ref }, wanted)).toEqual([]);
  });

  test.each([
    ['nothing', { release: null, ref: null }, 'is not published'],
    ['a release that can change', { release: { ...release, immutable: false }, ref }, 'is not immutable'],
    ['a tag elsewhere', { release, ref: { object: { type: 'commit', sha: 'd' } } }, 'points at the commit d'],
    ['a tag object', { release, ref: { object: { type: 'tag', sha: COMMIT } } }, 'points at the tag cccc'],
    ['another package', { release: { ...release, assets: [] }, ref }, 'is not attached'],
  ])('with %s is refused', (_, there, problem) => {
    expect(publishedProblems(there, wanted).join('\n')).toContain(problem);
  });
});
