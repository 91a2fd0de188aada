import { appendFile, chmod, cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { workflow } from '../../src/report/commands/workflow.ts';
import { filesBelow } from '../helpers/files-below.ts';
import { git } from '../helpers/git.ts';
import { ownAddress } from '../helpers/own-address.ts';
import { PASSWORD, recipeScene } from '../helpers/recipe-scene.ts';
import { recipes, SCHEDULED_SYNC } from '../helpers/recipes.ts';
import { startGithubApi } from '../helpers/servers/github-api.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('the scheduled sync equals the output of init', async () => {
  const text = (await recipes()).get('scheduled-sync.yml') ?? '';
  expect(text.replace(/^(?:#.*\n)+/, '')).toBe(workflow(SCHEDULED_SYNC));
});

const RELEASE = {
  name: 'release',
  payload: {
    action: 'published',
    release: { tag_name: 'v1.2.0' },
    repository: { default_branch: 'main', visibility: 'private', private: true },
  },
};

/** A `gh` that writes down its arguments and keeps a copy of the uploaded file. */
async function fakeGh() {
  const folder = await tempFolder();
  const [program, log, file] = [folder.file('gh'), folder.file('log'), folder.file('file')];
  await writeFile(program, `#!/bin/sh\necho "$@" > ${log}\ncp "$4" ${file}\n`);
  await chmod(program, 0o755);
  return {
    folder: folder.path,
    calls: () => Promise.all([readFile(log, 'utf8').then((text) => text.trimEnd()), readFile(file, 'utf8')]),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('act runs a recipe', () => {
  test('scheduled-sync.yml: partner, primary and backup get all rows, and no file contains the secret', async () => {
    await using scene = await recipeScene('scheduled-sync.yml');
    const run = await scene.run();
    expect(run).toMatchObject({ exitCode: 0, artifacts: new Map() });
    const head = await scene.primary.head();
    expect(await scene.vault()).toBe(head);
    expect(run.summary).toContain('<code>vault</code> | backup | T1 | up-to-date | remote-empty | pushed');
    expect(run.log).not.toContain(PASSWORD);
  }, 60_000);

  test('reusable-sync.yml: a conflict reaches the caller as outputs, artifact and issue', async () => {
    await using scene = await recipeScene(
      'reusable-sync.yml',
      (text) => `${text.replace('stale-after: 3d', 'fail-on: none')}
  after:
    needs: federate
    runs-on: ubuntu-latest
    steps:
      - run: 'echo "after: $STATUS, $CONFLICTS in conflict, $PULLED pulled"'
        env:
          STATUS: \${{ needs.federate.outputs.status }}
          CONFLICTS: \${{ needs.federate.outputs.conflicts }}
          PULLED: \${{ needs.federate.outputs.pulled-commits }}
`,
    );
    await scene.south.commit('clash', "INSERT INTO items VALUES (3, 'drei', 'bob')");
    await scene.south.publish(scene.partner.url);
    const vault = `vault: {url: '${scene.server.url}', user: sync, password: '${PASSWORD}'}`;
    await using api = await startGithubApi();
    const secrets = { FEDERATION_CREDENTIALS: vault, GITHUB_TOKEN: 'app-1' };
    const run = await scene.run({ secrets, env: { GITHUB_API_URL: api.url } });
    expect(run.exitCode).toBe(0);
    expect(run.log).toContain('after: conflict, 1 in conflict, 2 pulled');
    expect(api.issues.all).toEqual([
      expect.objectContaining({ state: 'open', title: expect.stringContaining('partner') }),
    ]);
    expect([...run.artifacts]).toEqual([[expect.stringContaining('/conflicts/'), expect.stringContaining('drei')]]);
    expect(run.log).not.toContain(PASSWORD);
  }, 60_000);

  test('fan-out.yml: three legs meet in the primary, and one report has their results', async () => {
    // act 0.2.89 does not know the number of a job in its matrix.
    const edit = (text: string) => text.replaceAll('strategy.job-index', 'matrix.peers');
    await using scene = await recipeScene('fan-out.yml', edit);
    const third = join(dirname(scene.primary.path), 'third');
    await appendFile(join(scene.repository, '.beads', 'config.yaml'), `    third: file://${third}\n`);
    await git(scene.repository, 'commit', '--quiet', '--all', '--message=third');
    const run = await scene.run();
    expect(run.exitCode).toBe(0);
    for (const leg of ['1/3', '2/3', '3/3'])
      expect(run.summary).toContain(`leg <code>${leg.replace('/', '&#47;')}</code>`);
    expect(run.summary).toContain('## ✅ dolt-federation report: success\n\n3 results\n');
    const kept = [...run.artifacts.keys()].map((path) => path.split('/').slice(-2).join('/'));
    expect(kept.toSorted()).toEqual([
      ...['report/report.html', 'result-partner/result.json', 'result-third/result.json', 'result-vault/result.json'],
    ]);
    expect(run.log).not.toContain(PASSWORD);
  }, 120_000);
  test('release-backup.yml: the backup gets the tag, and the proof is attached to the release', async () => {
    await using scene = await recipeScene('release-backup.yml');
    await using gh = await fakeGh();
    const run = await scene.run({ event: RELEASE, path: gh.folder });
    expect(run.exitCode).toBe(0);
    const head = await scene.primary.head();
    expect(await scene.vault()).toBe(head);
    const [proof = ''] = run.artifacts.values();
    expect(JSON.parse(proof)).toMatchObject({ tag: 'v1.2.0', commit: head, peers: [{ name: 'vault' }] });
    const [words, uploaded] = await gh.calls();
    expect(words).toBe('release upload v1.2.0 proof/proof.json --clobber');
    expect(uploaded).toBe(proof);
    expect(run.log).not.toContain(PASSWORD);
  }, 60_000);

  test('pull-request-plan.yml: a comment plans for remote peers, and local peers are not contacted', async () => {
    // The servers have no certificate.
    await using scene = await recipeScene('pull-request-plan.yml', (text) =>
      text.replace('command: plan', 'command: plan\n          allow-insecure: true'),
    );
    await using api = await startGithubApi();
    const { server, primary, repository } = scene;
    const elsewhere = `http://${await ownAddress()}:${server.port.http}`;
    await cp(fileURLToPath(primary.url), join(server.dir, 'org', 'repo'), { recursive: true });
    const file = join(repository, '.beads', 'config.yaml');
    const text = (await readFile(file, 'utf8'))
      .replaceAll(primary.url, `${elsewhere}/org/repo`)
      .replaceAll(server.url, elsewhere);
    await writeFile(file, text);
    await git(repository, 'commit', '--quiet', '--all', '--message=elsewhere');
    const base = 'b'.repeat(40);
    for (const ref of [base, 'default']) api.files.set(`.beads/config.yaml@${ref}`, text);
    const before = await filesBelow(server.dir);
    const head = await git(repository, 'rev-parse', 'HEAD');
    const payload = { number: 7, pull_request: { number: 7, base: { sha: base }, head: { sha: head, ref: 'change' } } };
    const run = await scene.run({
      event: { name: 'pull_request', payload },
      secrets: {
        GITHUB_TOKEN: 'app-1',
        DOLT_FEDERATION_CREDENTIALS: `vault: {url: '${elsewhere}', user: sync, password: '${PASSWORD}'}`,
      },
      env: { GITHUB_API_URL: api.url },
    });
    expect(run).toMatchObject({ exitCode: 0, artifacts: new Map() });
    expect(run.summary).toContain('dolt-federation plan: skipped');
    expect(run.log).not.toContain(PASSWORD);
    expect(api.comments.map(({ body }) => body)).toEqual([expect.stringContaining('vault')]);
    expect(await filesBelow(server.dir)).toEqual(before);
  }, 60_000);

  test('pull-request-check.yml in a merge queue succeeds without a comment', async () => {
    await using scene = await recipeScene('pull-request-check.yml');
    const base = 'b'.repeat(40);
    await using api = await startGithubApi(undefined, { merge_base_commit: { sha: base } });
    const { repository } = scene;
    api.files.set(`.beads/config.yaml@${base}`, await readFile(join(repository, '.beads', 'config.yaml'), 'utf8'));
    const head = await git(repository, 'rev-parse', 'HEAD');
    const payload = { merge_group: { base_sha: base, base_ref: 'refs/heads/main', head_sha: head } };
    const run = await scene.run({
      event: { name: 'merge_group', payload },
      secrets: { GITHUB_TOKEN: 'app-1' },
      env: { GITHUB_API_URL: api.url },
    });
    expect(run.exitCode).toBe(0);
    expect(run.log).toContain('.beads/config.yaml: no problems, 3 peers');
    expect(run.log).toContain('The event has no pull request to comment on.');
  }, 60_000);
});
