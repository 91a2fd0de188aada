import { appendFile, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { readEnv } from '../../../src/core/env.ts';
import { CLI } from '../../helpers/bundled-cli.ts';
import { COMPILE_CACHE, childNode } from '../../helpers/child-node.ts';
import { testDolt } from '../../helpers/dolt-binary.ts';
import { git } from '../../helpers/git.ts';
import { timesCases } from '../../helpers/property.ts';
import { runWorkflows } from '../../helpers/servers/act.ts';
import { bareRepository } from '../../helpers/servers/bare-repository.ts';
import { type Bd, bdIn, proxiedWorkspace } from '../../helpers/servers/bd.ts';
import { makeCertificates } from '../../helpers/servers/certificates.ts';
import { startGitHttp } from '../../helpers/servers/git-http.ts';
import { below, type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

const TOKEN = 'ghs_0123456789abcdefghijklmnopqrstuvwxyz';

/** The workflow of the page for a beads workspace, which also commits the JSONL file. */
async function workflowFor(repository: string): Promise<string> {
  const page = await readFile('docs/getting-started.md', 'utf8');
  const section = page.split(/^### /m).find((text) => text.startsWith('In a beads workspace\n')) ?? '';
  const workflow = /^```yaml\n(name: federation\n[\s\S]*?)^```$/m.exec(section)?.[1];
  if (workflow === undefined) throw new Error('the page has no workflow');
  const inputs = '          command: sync\n          bootstrap: origin\n';
  expect(workflow).toContain(inputs);
  return workflow.replace('my-org/my-repo', repository).replace(inputs, `${inputs}          jsonl-commit: push\n`);
}

interface Hosts {
  /** Requires the token. */
  readonly own: string;
  /** Serves the same repositories without a token. */
  readonly open: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A team: a repository at a git host, and the machine of the person who works in it with bd. */
class Team {
  readonly bd: Bd;
  readonly #name: string;
  readonly #folder: TempFolder;
  readonly #hosts: Hosts;

  constructor(name: string, folder: TempFolder, hosts: Hosts) {
    this.#name = name;
    this.#folder = folder;
    this.#hosts = hosts;
    this.bd = bdIn(folder, folder.file(name));
  }

  get #repository(): string {
    return `${this.#name}-org/issues`;
  }

  get cwd(): string {
    return this.bd.cwd;
  }

  /** Commits the configuration and the workflow, and pushes them to the git host. */
  async publish(partner: string): Promise<void> {
    const { own, open } = this.#hosts;
    const federation = {
      remote: `${own}/${this.#repository}.git`,
      town: this.#name,
      peers: { partner: { endpoint: `${open}/${partner}-org/issues.git`, role: 'upstream' } },
    };
    const config = join(this.cwd, '.beads', 'config.yaml');
    await appendFile(config, `\n${stringify({ sync: { mode: 'belt-and-suspenders' }, federation })}`);
    await mkdir(join(this.cwd, '.github', 'workflows'), { recursive: true });
    await writeFile(join(this.cwd, '.github', 'workflows', 'federation.yml'), await workflowFor(this.#repository));
    await git(this.cwd, 'add', '--all');
    await git(this.cwd, 'commit', '--quiet', '-m', 'federation');
    const bare = this.#folder.file('git', this.#repository.concat('.git'));
    await bareRepository(bare, { withBranch: false });
    await git(this.cwd, 'push', '--quiet', bare, 'main');
  }

  /** Runs a sync on the machine of the person. */
  async sync(...words: readonly string[]): Promise<void> {
    const credentials = { origin: { url: this.#hosts.own, 'git-token': TOKEN } };
    const env = {
      ...this.bd.env,
      ...this.#hosts.env,
      ...COMPILE_CACHE,
      DOLT_FEDERATION_CREDENTIALS: stringify(credentials),
    };
    const given = ['--dolt-path', testDolt(), ...words];
    const { exitCode, all } = await execa(childNode(), [CLI, 'sync', 'origin', ...given], {
      cwd: this.cwd,
      env,
      extendEnv: false,
      reject: false,
      all: true,
    });
    expect({ exitCode, all }).toMatchObject({ exitCode: 0 });
  }

  /** The scheduled workflow, on a runner that has nothing but the head of the git repository. */
  async scheduled(): Promise<string> {
    const runner = below(this.#folder, `runner-${this.#name}`);
    await rm(runner.path, { recursive: true, force: true });
    await mkdir(runner.path);
    const checkout = runner.file('checkout');
    await git(runner.path, 'clone', '--quiet', this.#folder.file('git', `${this.#repository}.git`), checkout);
    const path = [dirname(testDolt()), readEnv()['PATH'] ?? ''].join(delimiter);
    const job = { GITHUB_REPOSITORY: this.#repository, GITHUB_SERVER_URL: this.#hosts.own, PATH: path };
    const end = await runWorkflows(runner, {
      repository: checkout,
      secrets: { GITHUB_TOKEN: TOKEN },
      env: { ...job, ...this.#hosts.env },
    });
    expect(end).toMatchObject({ exitCode: 0, artifacts: new Map() });
    expect(end.log).not.toMatch(/::(?:error|warning)/);
    return end.summary;
  }

  /** The JSONL file in the git repository. */
  async committed(): Promise<string> {
    const bare = this.#folder.file('git', `${this.#repository}.git`);
    return await git(bare, 'show', 'main:.beads/issues.jsonl');
  }
}

test(
  'two databases that fresh runners federate by schedule do not change after they agree',
  async () => {
    await using folder = await tempFolder();
    const certificates = await makeCertificates(folder.path);
    await mkdir(folder.file('home'));
    await using own = await startGitHttp({ root: folder.file('git'), token: TOKEN, certificates });
    await using open = await startGitHttp({ root: folder.file('git'), certificates });
    const hosts = { own: own.url, open: open.url, env: { SSL_CERT_FILE: certificates.ca } };
    const north = new Team('north', folder, hosts);
    const south = new Team('south', folder, hosts);

    await mkdir(north.cwd);
    await git(north.cwd, 'init', '--quiet', '-b', 'main');
    await north.bd.ok('init', '-p', 'issue', '--skip-agents', '--skip-hooks', '--quiet');
    const shared = await north.bd.create('shared');
    let blocker = await north.bd.create('blocker');
    await north.bd.ok('dep', 'add', shared, blocker);
    await north.publish('south');
    await north.sync();

    // The other one has bd's settings of the same project, and its bd works behind a proxy.
    await proxiedWorkspace(join(south.cwd, '.beads'), join(north.cwd, '.beads'));
    await git(south.cwd, 'init', '--quiet', '-b', 'main');
    await copyFile(join(north.cwd, '.beads', '.gitignore'), join(south.cwd, '.beads', '.gitignore'));
    await south.publish('north');
    await south.sync('partner', '--bootstrap', 'partner');

    try {
      for (let round = 0; round < timesCases(1); round += 1) {
        const [next, other] = await Promise.all([
          (async () => {
            await north.bd.ok('close', blocker, '--quiet');
            await north.bd.ok('comment', shared, `north ${round}`);
            await north.bd.ok('update', shared, '--priority', String(round % 4), '--quiet');
            return await north.bd.create(`north ${round}`, '--description', `round ${round}`);
          })(),
          (async () => {
            const id = await south.bd.create(`south ${round}`, '--type', 'bug');
            await south.bd.ok('dep', 'add', id, blocker);
            await south.bd.ok('comment', shared, `south ${round}`);
            await south.bd.ok('label', 'add', shared, `south-${round}`);
            await south.bd.ok('update', shared, '--title', `shared ${round}`, '--quiet');
            return id;
          })(),
        ]);
        await north.sync();
        await south.sync();
        for (const team of [north, south]) await team.scheduled();
        await north.sync();
        await south.sync();

        const exported = (await north.bd.ok('export')).trim();
        expect((await south.bd.ok('export')).trim()).toBe(exported);
        for (const team of [north, south]) {
          expect(await team.committed()).toBe(exported);
          expect(JSON.parse(await team.bd.ok('recompute-blocked', '--json'))).toMatchObject({ rows_corrected: 0 });
          const ready: { id: string }[] = JSON.parse(await team.bd.ok('ready', '--json', '--limit', '0'));
          const ids = ready.map(({ id }) => id);
          expect(ids).toEqual(expect.arrayContaining([shared, next, other]));
          expect(ids).not.toContain(blocker);
        }
        // In the next round, one side closes the issue that both sides use.
        blocker = next;
      }
      for (const team of [north, south]) expect(await team.scheduled()).toContain('unchanged');
    } finally {
      await south.bd.run('dolt', 'stop');
    }
  },
  120_000 + timesCases(180_000),
);
