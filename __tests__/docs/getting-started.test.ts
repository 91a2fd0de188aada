import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { initResultSchema } from '../../src/contract/result.ts';
import { makeDatabase, openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { makeDoltKey } from '../helpers/dolt-key.ts';
import { installCommand, pathFor, User } from '../helpers/newcomer.ts';
import { runWorkflows } from '../helpers/servers/act.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { bdIn } from '../helpers/servers/bd.ts';
import { makeCertificates } from '../helpers/servers/certificates.ts';
import { startDolthubHost } from '../helpers/servers/dolthub-host.ts';
import { startDynalite } from '../helpers/servers/dynalite.ts';
import { startGitHttp } from '../helpers/servers/git-http.ts';
import { startVersitygw } from '../helpers/servers/versitygw.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** A set-up as the page has it. */
interface Copied {
  readonly lines: readonly string[];
  readonly configuration: string;
  readonly workflow: string;
}

async function copied(title: string): Promise<Copied> {
  const page = await readFile('docs/getting-started.md', 'utf8');
  const section = page.split(/^### /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  const [lines = '', configuration = '', workflow = '', ...others] = [
    ...section.matchAll(/^```\w+\n([\s\S]*?)^```$/gm),
  ].map(([, block = '']) => block);
  if (workflow === '' || others.length > 0) throw new Error(`'${title}' has not three blocks`);
  return { lines: lines.trimEnd().split('\n'), configuration, workflow };
}

/** Local servers in place of the hosts of a set-up. */
interface Place {
  /** The replacements of texts of the page. */
  readonly replaced: readonly (readonly [string, string])[];
  /** Of the job and of the user's machine. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** How the user gives the secrets on their own machine. */
  readonly local: Readonly<Record<string, string>>;
  /** Credentials with which the partner fills their primary. */
  readonly partner: Readonly<Record<string, unknown>> | null;
  readonly servers: readonly AsyncDisposable[];
}

const NOTHING = { replaced: [], env: {}, secrets: {}, local: {}, partner: null, servers: [] } as const;
const TOKEN = 'ghs_0123456789abcdefghijklmnopqrstuvwxyz';

const TRANSPORT = 'https://github.com/partner-org/their-repo.git';

/** A git host that requires a token, and another one that does not. */
async function gitHosts(folder: TempFolder): Promise<Place> {
  const certificates = await makeCertificates(folder.path);
  await bareRepository(folder.file('git', 'my-org', 'my-repo.git'), { withBranch: true });
  const own = await startGitHttp({ root: folder.file('git'), token: TOKEN, certificates });
  const open = await openGitHost(folder, certificates);
  return {
    ...NOTHING,
    replaced: [['https://github.com/my-org', `${own.url}/my-org`], ...open.replaced],
    env: { SSL_CERT_FILE: certificates.ca, GITHUB_SERVER_URL: own.url, GITHUB_REPOSITORY: 'my-org/my-repo' },
    secrets: { GITHUB_TOKEN: TOKEN },
    local: { DOLT_FEDERATION_CREDENTIALS: stringify({ origin: { url: own.url, 'git-token': TOKEN } }) },
    servers: [own, ...open.servers],
  };
}

/** A folder in place of the host of the partner; `gitHosts` has the host. */
async function partnerFolder(folder: TempFolder): Promise<readonly [string, string]> {
  // A folder that is only read has to exist. The partner has not pushed to it yet.
  await mkdir(folder.file('theirs'));
  return [TRANSPORT, `file://${folder.file('theirs')}`];
}

async function openGitHost(folder: TempFolder, certificates: Parameters<typeof startGitHttp>[0]['certificates']) {
  await bareRepository(folder.file('open', 'partner-org', 'their-repo.git'), { withBranch: true });
  const options = { root: folder.file('open') };
  const host = await startGitHttp(certificates === undefined ? options : { ...options, certificates });
  return { replaced: [[TRANSPORT, `${host.url}/partner-org/their-repo.git`]] as const, servers: [host] };
}

async function dolthub(folder: TempFolder): Promise<Place> {
  const key = await makeDoltKey(folder.file('key'));
  const host = await startDolthubHost(folder.path, key.kid);
  const secrets = { DOLTHUB_KEY: key.jwk };
  const entry = (url: string) => ({ url, 'dolt-jwk': key.jwk });
  const credentials = { origin: entry('dolthub://my-org'), partner: entry('dolthub://partner-org') };
  return {
    ...NOTHING,
    env: { SSL_CERT_FILE: host.ca, DOLT_FEDERATION_DOLTHUB_HOST: host.host },
    secrets,
    local: { DOLT_FEDERATION_CREDENTIALS: stringify(credentials) },
    partner: entry('dolthub://partner-org'),
    servers: [host],
  };
}

async function s3(folder: TempFolder): Promise<Place> {
  const certificates = await makeCertificates(folder.path);
  const server = await startVersitygw(folder.path);
  const dynamo = await startDynalite(folder.path);
  return {
    ...NOTHING,
    replaced: [
      ['s3://my-bucket', `s3://${server.bucket}`],
      ['dynamodb-table: manifests', `dynamodb-table: ${dynamo.table}`],
      ['region: eu-central-1', `region: ${server.region}`],
      await partnerFolder(folder),
    ],
    env: {
      SSL_CERT_FILE: certificates.ca,
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    },
    secrets: { AWS_KEY_ID: server.accessKey, AWS_SECRET: server.secretKey },
    local: { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey },
    servers: [server, dynamo],
  };
}

async function folders(folder: TempFolder): Promise<Place> {
  // A folder that is only read has to exist. The partner has not pushed to it yet.
  await mkdir(folder.file('srv', 'south'), { recursive: true });
  return { ...NOTHING, replaced: [['file:///srv/dolt', `file://${folder.file('srv')}`]] };
}

const BEADS = 'In a beads workspace';

const SETUPS = [
  ['In your own git repository', gitHosts],
  ['On DoltHub', dolthub],
  ['In S3', s3],
  ['In a folder of your own runner', folders],
] as const;

describe.each(SETUPS)('%s', (title, serve) => {
  let folder: TempFolder;
  let place: Place;
  let page: Copied;
  let user: User;
  let database: TestDatabase;
  let partner: TestDatabase;
  const localized = (text: string) => place.replaced.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  const act = () =>
    runWorkflows(folder, {
      repository: user.repository,
      secrets: place.secrets,
      env: { GITHUB_REPOSITORY: 'my-org/my-repo', PATH: pathFor(folder), ...place.env },
    });

  const publish = () => publishPartner(folder, localized(page.configuration), place);

  beforeAll(async () => {
    folder = await tempFolder();
    page = await copied(title);
    place = await serve(folder);
    await installCommand(folder);
    user = new User(folder, 'repository', { ...place.env, ...place.local });
    await mkdir(user.repository);
    await user.type('git init --quiet . && git remote add origin git@github.com:my-org/my-repo.git');
    database = await makeDatabase(join(user.repository, 'db'));
    partner = openTestDatabase(folder.file('partner', 'db'));
  }, 60_000);
  afterAll(async () => {
    for (const server of [...place.servers].reverse()) await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  }, 60_000);

  test('the commands write the configuration, and init prints the workflow', async () => {
    const [init = '', ...others] = page.lines.slice(0, -1);
    const { workflow, checks } = initResultSchema.parse(JSON.parse(await user.type(`${init} --json`)));
    for (const line of others) await user.type(line);
    expect(await readFile(join(user.repository, '.beads', 'config.yaml'), 'utf8')).toBe(page.configuration);
    const ofPartner = /^ +partner: \{.*\n/m;
    expect(workflow.text).toBe(page.workflow.replace(ofPartner, ''));
    expect(workflow.secrets.map(({ name }) => name)).toEqual(
      Object.keys(place.secrets).filter((name) => name !== 'GITHUB_TOKEN'),
    );
    expect(checks.filter(({ check }) => check !== 'credentials' && check !== 'folder')).toEqual([]);
  }, 60_000);

  test('the workflow exchanges rows between the partner and the user in both directions', async () => {
    await writeFile(join(user.repository, '.beads', 'config.yaml'), localized(page.configuration));
    const file = join(user.repository, '.github', 'workflows', 'federation.yml');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, localized(page.workflow));
    await writeFile(join(user.repository, '.gitignore'), 'db/\n');
    await user.type('git add --all && git -c user.name=Ann -c user.email=ann@example.org commit --quiet -m federation');
    const sync = page.lines.at(-1) ?? '';
    await user.type(sync);

    await cp(database.path, partner.path, { recursive: true });
    await partner.commit('theirs', "INSERT INTO items VALUES (3, 'three', 'cyd')");
    await publish();
    const run = await act();
    expect(run).toMatchObject({ exitCode: 0, artifacts: new Map() });
    expect(run.log).toContain('Success - Post OWNER/dolt-federation@COMMIT');
    for (const secret of Object.values(place.secrets)) expect(run.log).not.toContain(secret);

    await user.type(sync);
    expect(await database.rows('SELECT id FROM items WHERE id = 3')).toHaveLength(1);
    expect(await database.head()).toBe(await partner.head());
  }, 120_000);

  // The step that keeps the artifact is the same in each workflow.
  if (serve === folders) {
    test('a row that needs a decision fails the job and is in the artifact', async () => {
      await database.commit('ours', "INSERT INTO items VALUES (9, 'nine', 'ann')");
      await user.type(page.lines.at(-1) ?? '');
      await partner.commit('theirs', "INSERT INTO items VALUES (9, 'neun', 'bob')");
      await publish();
      const run = await act();
      expect(run.exitCode).not.toBe(0);
      expect(run.log).toContain('sync: conflict');
      expect([...run.artifacts.values()]).toEqual([expect.stringContaining('neun')]);
    }, 120_000);
  }
});

test(`${BEADS}, bd gets the issues of the partner, and the partner those of bd`, async () => {
  await using folder = await tempFolder();
  const page = await copied(BEADS);
  // rounds-on-runners.test.ts has this workflow with git hosts.
  const own = ['https://github.com/my-org/my-repo.git', `file://${folder.file('ours')}`] as const;
  const place: Place = { ...NOTHING, secrets: { GITHUB_TOKEN: TOKEN }, replaced: [own, await partnerFolder(folder)] };
  const localized = (text: string) => place.replaced.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  const user = new User(folder, 'repository', {});
  const bd = bdIn(folder, user.repository);
  await installCommand(folder);
  await mkdir(user.repository);
  await user.type('git init --quiet .');
  await bd.ok('init', '-p', 'north', '--skip-agents', '--skip-hooks', '--quiet');
  await bd.ok('create', 'ours', '--quiet');
  const config = join(user.repository, '.beads', 'config.yaml');
  const before = await readFile(config, 'utf8');
  for (const line of page.lines.slice(0, -1)) await user.type(line);
  const after = await readFile(config, 'utf8');
  expect(after.replace(before, '').trimStart()).toBe(page.configuration);
  await writeFile(config, localized(after));
  const workflow = join(user.repository, '.github', 'workflows', 'federation.yml');
  await mkdir(dirname(workflow), { recursive: true });
  await writeFile(workflow, localized(page.workflow));
  await user.type('git add --all && git -c user.name=Ann -c user.email=ann@example.org commit --quiet -m federation');
  const sync = page.lines.at(-1) ?? '';
  await user.type(sync);

  const partner = openTestDatabase(folder.file('partner', 'db'));
  await cp(join(user.repository, '.beads', 'embeddeddolt', 'north'), partner.path, { recursive: true });
  const columns = 'id, title, description, design, acceptance_criteria, notes';
  await partner.commit('theirs', `INSERT INTO issues (${columns}) VALUES ('south-1', 'theirs', '', '', '', '')`);
  await publishPartner(folder, localized(page.configuration), place);
  const run = await runWorkflows(folder, {
    repository: user.repository,
    secrets: place.secrets,
    env: { GITHUB_REPOSITORY: 'my-org/my-repo', PATH: pathFor(folder), ...place.env },
  });
  expect(run).toMatchObject({ exitCode: 0, artifacts: new Map() });

  await user.type(sync);
  expect(await bd.titles()).toEqual(['ours', 'theirs']);
}, 180_000);

/** The partner pushes with their own tools. */
async function publishPartner(folder: TempFolder, configuration: string, place: Place): Promise<void> {
  const endpoint = /partner:\n +endpoint: (.*)\n/.exec(configuration)?.[1] ?? '';
  await writeFile(folder.file('partner', 'c.yaml'), `federation: {remote: '${endpoint}'}\n`);
  const given = place.partner === null ? {} : { DOLT_FEDERATION_CREDENTIALS: stringify({ origin: place.partner }) };
  const partner = new User(folder, 'partner', { ...place.env, ...given });
  await partner.type('dolt-federation push --config c.yaml --database db');
}
