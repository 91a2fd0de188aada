import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { run } from '../../src/dolt/process.ts';
import { type ReleaseHost, releaseHost, says, sendsJson } from '../helpers/release-host.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/release-check.mjs', import.meta.url));
const SHA = 'c'.repeat(40);
const REPO = '/repos/org/x';
const CHECKS = `${REPO}/commits/${SHA}/check-runs?check_name=gate&filter=latest`;
const RELEASES = `${REPO}/releases?per_page=100`;
const DIGEST = `sha256:${createHash('sha256').update('package').digest('hex')}`;

const gate = (conclusion: string) =>
  sendsJson({ check_runs: [{ name: 'gate', status: 'completed', conclusion, app: { slug: 'github-actions' } }] });

/** A checkout of version 1.2.0 with a built package. */
async function checkout(folder: TempFolder): Promise<string> {
  const version = '1.2.0';
  const repository = { type: 'git', url: 'git+https://github.com/org/x.git' };
  await mkdir(folder.file('.changeset'));
  await writeFile(folder.file('.changeset', 'README.md'), '');
  await writeFile(folder.file('package.json'), JSON.stringify({ version, repository }));
  await writeFile(folder.file('package-lock.json'), JSON.stringify({ version, packages: { '': { version } } }));
  await writeFile(folder.file('CHANGELOG.md'), '# x\n\n## 1.2.0\n\n- Something new.\n');
  await writeFile(folder.file('x-1.2.0.tgz'), 'package');
  return folder.file('x-1.2.0.tgz');
}

async function check(folder: TempFolder, host: ReleaseHost, ...words: readonly string[]) {
  const env = {
    GITHUB_API_URL: host.url,
    GITHUB_REPOSITORY: 'org/x',
    GITHUB_SHA: SHA,
    GITHUB_REF: 'refs/heads/main',
    GH_TOKEN: 'secret-token',
  };
  return await run(process.execPath, [SCRIPT, ...words, `--root=${folder.path}`], { env });
}

test('a commit that CI passed becomes a draft, and the draft becomes a release', async () => {
  await using folder = await tempFolder();
  await using host = await releaseHost();
  const file = await checkout(folder);
  host.on(CHECKS, gate('success'));
  host.on(RELEASES, sendsJson([]));
  expect(await check(folder, host, 'commit')).toEqual({
    exitCode: 0,
    stdout: 'version=1.2.0\ntag=v1.2.0',
    stderr: '',
  });
  expect(host.seen.every(({ headers }) => headers.authorization === 'Bearer secret-token')).toBe(true);

  const { stdout: notes } = await check(folder, host, 'notes', file);
  expect(notes.split('\n').slice(0, 6)).toEqual([
    ...['- Something new.', '', 'In a workflow:', '', '```yaml', `- uses: org/x@${SHA} # v1.2.0`],
  ]);
  expect(notes).toContain(`\`x-1.2.0.tgz\` has the digest \`${DIGEST}\`.`);

  const assets = [{ name: 'x-1.2.0.tgz', digest: DIGEST }];
  const draft = { tag_name: 'v1.2.0', draft: true, prerelease: false, target_commitish: SHA, assets };
  host.on(RELEASES, sendsJson([{ tag_name: 'v1.1.0', draft: false }, draft]));
  expect(await check(folder, host, 'draft', file)).toEqual({ exitCode: 0, stdout: '', stderr: '' });

  host.on(`${REPO}/releases/tags/v1.2.0`, sendsJson({ ...draft, draft: false, immutable: true }));
  host.on(`${REPO}/git/ref/tags/v1.2.0`, sendsJson({ object: { type: 'commit', sha: SHA } }));
  expect(await check(folder, host, 'published', file)).toEqual({ exitCode: 0, stdout: '', stderr: '' });

  const { exitCode, stdout, stderr } = await check(folder, host, 'commit');
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr).toContain('The tag v1.2.0 exists');
  expect(stderr).toContain('A release or a draft of v1.2.0 exists');
});

test('an untested commit is refused with all reasons', async () => {
  await using folder = await tempFolder();
  await using host = await releaseHost();
  const file = await checkout(folder);
  await writeFile(folder.file('.changeset', 'tall-pens.md'), '---\n"x": patch\n---\n\nMore.\n');
  host.on(CHECKS, gate('failure'));
  const commit = await check(folder, host, 'commit');
  expect(commit).toMatchObject({ exitCode: 1, stdout: '' });
  expect(commit.stderr.split('\n')).toEqual([
    '- tall-pens.md in .changeset is not released yet: run `npm run release:version`.',
    '- The check "gate" of this commit is failure, not success.',
  ]);

  const assets = [{ name: 'x-1.2.0.tgz', digest: `sha256:${'0'.repeat(64)}` }];
  host.on(
    RELEASES,
    sendsJson([{ tag_name: 'v1.2.0', draft: true, prerelease: false, target_commitish: 'main', assets }]),
  );
  const draft = await check(folder, host, 'draft', file);
  expect(draft.exitCode).toBe(1);
  expect(draft.stderr).toContain(`but ${DIGEST} was built`);
  expect(draft.stderr).toContain('would tag main');
  expect(draft.stderr).toContain('is failure, not success');

  expect(await check(folder, host, 'published', file)).toMatchObject({
    exitCode: 1,
    stderr: '- The release is not published.',
  });
  host.on(CHECKS, says(403));
  expect((await check(folder, host, 'draft', file)).stderr).toContain('answered 403');
  expect((await check(folder, host)).stderr).toContain('Name a step');
});
