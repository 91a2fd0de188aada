import { chmod, cp, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { proofSchema } from '../../src/contract/result.ts';
import { openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { installCommand, pathFor, User } from '../helpers/newcomer.ts';
import { type ActEnd, runWorkflows } from '../helpers/servers/act.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { makeCertificates } from '../helpers/servers/certificates.ts';
import { type GitHttp, startGitHttp } from '../helpers/servers/git-http.ts';
import { type StubApi, startGithubApi } from '../helpers/servers/github-api.ts';
import { type Remotesrv, startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const TOKEN = 'ghs_0123456789abcdefghijklmnop-app-1';
const PASSWORD = 'the-password-of-the-vault';
const REPOSITORY = { default_branch: 'main', visibility: 'private', private: true };

/** The lines to type, by the number of their step. */
async function steps(): Promise<ReadonlyMap<number, readonly string[]>> {
  const page = await readFile('docs/walkthrough.md', 'utf8');
  return new Map(
    [...page.matchAll(/^## (\d+)\. (?:(?!^## )[\s\S])*/gm)].map(([section, number]) => [
      Number(number),
      [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => block.trimEnd().split('\n')),
    ]),
  );
}

/** The parts of GitHub that a new user needs: two git hosts, the API, the runners, and `gh`. */
class Place {
  readonly folder: TempFolder;
  readonly own: GitHttp;
  readonly vault: Remotesrv;
  readonly api: StubApi;
  readonly user: User;
  readonly env: Readonly<Record<string, string>>;
  #secrets: Record<string, string> = { GITHUB_TOKEN: TOKEN };

  constructor({ folder, own, vault, api, env }: Pick<Place, 'folder' | 'own' | 'vault' | 'api' | 'env'>) {
    this.folder = folder;
    this.own = own;
    this.vault = vault;
    this.api = api;
    this.env = env;
    const credentials = stringify({ origin: { url: own.url, 'git-token': TOKEN } });
    this.user = new User(folder, 'repository', {
      ...env,
      DOLT_FEDERATION_CREDENTIALS: credentials,
      DOLT_REMOTE_PASSWORD: PASSWORD,
      npm_config_prefix: folder.file('prefix'),
    });
  }

  /** A text of the page with the local servers, and with the repository of this user. */
  localized(text: string): string {
    return (
      text
        .replaceAll('https://github.com/my-org', `${this.own.url}/org`)
        // A folder in place of the host of the partner; getting-started.test.ts has the host.
        .replaceAll(
          'https://github.com/partner-org/their-repo.git',
          `file://${this.folder.file('open', 'partner-org', 'their-repo')}`,
        )
        .replaceAll('https://dolt.my-org.example', this.vault.url)
        .replaceAll('my-org/my-repo', 'org/repo')
        .replaceAll('my-repo.git', 'repo.git')
    );
  }

  /** Types a line, and runs the workflow that `gh` starts on GitHub. */
  async type(line: string): Promise<{ readonly stdout: string; readonly run: ActEnd | null }> {
    const log = this.folder.file('gh.log');
    await writeFile(log, '');
    const stdout = await this.user.type(this.localized(line));
    const [command = '', name = '', subject = ''] = (await readFile(log, 'utf8')).trim().split(' ');
    switch (`${command} ${name}`) {
      case 'secret set':
        this.#secrets = { ...this.#secrets, [subject]: PASSWORD };
        return { stdout, run: null };
      case 'workflow run':
        expect(subject).toBe('federation.yml');
        return { stdout, run: await this.act('workflow_dispatch', { repository: REPOSITORY }) };
      case 'release create': {
        const payload = { action: 'published', release: { tag_name: subject }, repository: REPOSITORY };
        return { stdout, run: await this.act('release', payload) };
      }
      default:
        return { stdout, run: null };
    }
  }

  async act(name: string, payload: object): Promise<ActEnd> {
    return await runWorkflows(this.folder, {
      event: { name, payload },
      repository: this.user.repository,
      secrets: this.#secrets,
      env: {
        GITHUB_REPOSITORY: 'org/repo',
        GITHUB_SERVER_URL: this.own.url,
        GITHUB_API_URL: this.api.url,
        PATH: pathFor(this.folder),
        ...this.env,
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.api, this.vault, this.own, this.folder]) await each[Symbol.asyncDispose]();
  }
}

async function makePlace(): Promise<Place> {
  const folder = await tempFolder();
  const certificates = await makeCertificates(folder.path);
  const bare = await bareRepository(folder.file('git', 'org', 'repo.git'), { withBranch: true });
  await mkdir(folder.file('open', 'partner-org', 'their-repo'), { recursive: true });
  const own = await startGitHttp({ root: folder.file('git'), token: TOKEN, certificates });
  const vault = await startRemotesrv(folder.path);
  const api = await startGithubApi();
  await installCommand(folder);
  const gh = folder.file('bin', 'gh');
  await writeFile(gh, `#!/bin/sh\necho "$@" > ${folder.file('gh.log')}\n`);
  await chmod(gh, 0o755);
  const modules = folder.file('prefix', 'lib', 'node_modules');
  await mkdir(modules, { recursive: true });
  await symlink(process.cwd(), join(modules, 'dolt-federation'));
  await execa('git', ['clone', '--quiet', bare.path, folder.file('repository')]);
  const env = { SSL_CERT_FILE: certificates.ca };
  const place = new Place({ folder, own, vault, api, env });
  for (const setting of ['user.name Ann', 'user.email ann@example.org']) {
    await place.user.type(`git config --global ${setting} && dolt config --global --add ${setting}`);
  }
  return place;
}

let place: Place;
let lines: ReadonlyMap<number, readonly string[]>;
let partner: TestDatabase;
let local: TestDatabase;

/** Types the lines of a step, from one to another. */
async function step(number: number, from = 0, to?: number): Promise<readonly Awaited<ReturnType<Place['type']>>[]> {
  const typed = [];
  for (const line of (lines.get(number) ?? []).slice(from, to)) typed.push(await place.type(line));
  expect(typed.length).toBeGreaterThan(0);
  return typed;
}

/** The partner pushes with their own tools. */
async function publish(): Promise<void> {
  const remote = place.localized('https://github.com/partner-org/their-repo.git');
  await writeFile(place.folder.file('partner', 'c.yaml'), `federation: {remote: '${remote}'}\n`);
  await new User(place.folder, 'partner', place.env).type('dolt-federation push --config c.yaml --database db');
}

const night = () => place.act('schedule', { repository: REPOSITORY });

beforeAll(async () => {
  place = await makePlace();
  lines = await steps();
}, 60_000);
afterAll(() => place[Symbol.asyncDispose](), 60_000);

test('1 to 3: create a database with a remote, one recipe and one secret', async () => {
  await step(1);
  local = openTestDatabase(join(place.user.repository, 'db'));
  partner = openTestDatabase(place.folder.file('partner', 'db'));
  await cp(local.path, partner.path, { recursive: true });
  await partner.commit('theirs', "INSERT INTO items VALUES (2, 'two')");
  await publish();

  await step(2, 0, 2);
  const file = join(place.user.repository, '.github', 'workflows', 'federation.yml');
  const recipe = await readFile(file, 'utf8');
  expect([...new Set(recipe.match(/secrets\.\w+/g))]).toEqual(['secrets.VAULT_PASSWORD']);
  await writeFile(file, place.localized(recipe));
  await step(2, 2);
  await step(3);
}, 60_000);

test('4: the first run gives the user the rows of the partner, and the backup all rows', async () => {
  const [{ run } = { run: null }] = await step(4, 0, 1);
  expect(run).toMatchObject({ exitCode: 0, artifacts: new Map() });
  expect(run?.log).not.toContain(PASSWORD);
  expect(run?.summary).toContain('<code>vault</code> | backup | T1 | up-to-date | remote-empty | pushed');
  await step(4, 1);
  expect(await local.rows('SELECT id FROM items ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
}, 60_000);

test('5: a failed peer has an issue until it succeeds', async () => {
  const [there, away] = [place.folder.file('open', 'partner-org'), place.folder.file('open', 'away')];
  await rename(there, away);
  expect((await night()).exitCode).not.toBe(0);
  const issues = () => place.api.issues.all.map(({ title, state }) => ({ title, state }));
  expect(issues()).toEqual([{ title: expect.stringContaining('partner'), state: 'open' }]);
  await rename(away, there);
  expect((await night()).exitCode).toBe(0);
  expect(issues()).toEqual([{ title: expect.stringContaining('partner'), state: 'closed' }]);
}, 90_000);

test('6 and 7: a release has a proof, and the backup matches it', async () => {
  const [{ run } = { run: null }] = await step(6);
  expect(run?.exitCode).toBe(0);
  const [text = ''] = run?.artifacts.values() ?? [];
  const proof = proofSchema.parse(JSON.parse(text));
  expect(proof).toMatchObject({
    tag: 'v1.0.0',
    commit: await local.head(),
    peers: [{ name: 'vault', kind: 'proven', databaseHash: proof.databaseHash, tables: [{ name: 'items', rows: 2 }] }],
  });
  const restored = await step(7);
  expect(restored.at(-1)?.stdout).toContain(proof.databaseHash);
}, 90_000);
