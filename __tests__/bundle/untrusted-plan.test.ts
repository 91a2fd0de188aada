import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { RunResult } from '../../src/contract/result.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type FakeRunner, fakeRunner, type Step } from '../helpers/fake-runner.ts';
import { filesBelow } from '../helpers/files-below.ts';
import { validated } from '../helpers/json-schema.ts';
import { ownAddress } from '../helpers/own-address.ts';
import { scenario } from '../helpers/scenario.ts';
import { type CountingServer, startCountingServer } from '../helpers/servers/counting-server.ts';
import { type StubApi, startGithubApi } from '../helpers/servers/github-api.ts';
import { type Remotesrv, startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const [BASE, HEAD] = ['b'.repeat(40), 'c'.repeat(40)] as const;
const FILE = '.beads/config.yaml';
const repository = { default_branch: 'main', visibility: 'private', private: true };
const payload = { repository, pull_request: { number: 7, base: { sha: BASE }, head: { sha: HEAD } } };
const PULL_REQUEST = { name: 'pull_request', ref: 'refs/pull/7/merge', payload };
const secretOf = (peer: string) => `secret-of-${peer}-0123456789`;

type Peers = Readonly<Record<string, unknown>>;
type Federation = Readonly<Record<string, unknown>> & { readonly peers: Peers };
const text = (federation: Federation) => stringify({ sync: { mode: 'dolt-native' }, federation });

/** The inputs of the recipe. */
const recipe: { readonly command: string; readonly comment: string; readonly credentials: string } = parse(
  await readFile('docs/recipes/pull-request-plan.yml', 'utf8'),
).jobs.plan.steps.at(-1).with;

let folder: TempFolder;
let runner: FakeRunner;
let api: StubApi;
let server: Remotesrv;
/** An address that may be contacted, and one that may not. */
let elsewhere: CountingServer;
let loopback: CountingServer;
let host: string;
/** The peers of every configuration of the default branch. */
let usual: Peers;

beforeAll(async () => {
  folder = await tempFolder();
  host = await ownAddress();
  [runner, api, server] = await Promise.all([fakeRunner(folder), startGithubApi(), startRemotesrv(folder.path)]);
  [elsewhere, loopback] = [await startCountingServer(host), await startCountingServer('127.0.0.1')];
  const made = await scenario(folder)
    .database('hub', "UPDATE items SET title = 'hub' WHERE id = 1")
    .database('partner', "INSERT INTO items VALUES (3, 'three-of-partner', 'sue')")
    .database('coder', 'CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW SET NEW.title = NEW.owner')
    .build();
  usual = Object.fromEntries(
    (['partner', 'coder'] as const).map((name) => [name, `http://${host}:${server.port.http}/org/${name}`]),
  );
  for (const name of ['hub', 'partner', 'coder'] as const)
    await made.database(name).publish(`http://${host}:${server.port.http}/org/${name}`);
  await mkdir(join(runner.workspace, '.beads'));
  await mkdir(join(runner.workspace, '.git'));
  await writeFile(join(runner.workspace, '.git', 'HEAD'), HEAD);
  // A database of the checkout, with a row that no peer has.
  await scenario({ ...folder, file: (...names) => join(runner.workspace, ...names) })
    .database('local', "INSERT INTO items VALUES (9, 'of-the-checkout', 'eve')")
    .build();
  const script = `#!/bin/sh\nenv >> '${folder.file('environments')}'\nexec '${testDolt()}' "$@"\n`;
  await writeFile(folder.file('dolt'), script);
  await chmod(folder.file('dolt'), 0o755);
});
afterAll(async () => {
  for (const each of [elsewhere, loopback, api, server, folder]) await each[Symbol.asyncDispose]();
});

const hub = () => `http://${host}:${server.port.http}/org/hub`;

interface Wanted extends Step {
  readonly head: Federation;
  readonly base?: Federation;
  /** The configuration of the default branch; absent: that of the base. */
  readonly main?: Federation;
}

/** Runs a step, and requires that it wrote nothing, neither at the peers nor in the checkout. */
async function step({ head, base, main, inputs = {}, env = {}, event = PULL_REQUEST }: Wanted) {
  api.files.clear();
  if (base !== undefined) api.files.set(`${FILE}@${BASE}`, text(base));
  const ofMain = main ?? base;
  if (ofMain !== undefined) api.files.set(`${FILE}@default`, text(ofMain));
  await writeFile(join(runner.workspace, FILE), text(head));
  await writeFile(folder.file('environments'), '');
  const before = [await filesBelow(server.dir), await filesBelow(runner.workspace)];
  const end = await runner.main({
    event,
    inputs: {
      ...{ command: 'plan', 'github-token': 'app-1', 'allow-insecure': 'true', 'dolt-path': folder.file('dolt') },
      ...inputs,
    },
    env: { GITHUB_REPOSITORY: 'org/repo', GITHUB_API_URL: api.url, GITHUB_WORKFLOW: 'check', ...env },
  });
  expect([await filesBelow(server.dir), await filesBelow(runner.workspace)]).toEqual(before);
  if (end.exitCode !== 0) process.stderr.write(end.stdout);
  expect(end).toMatchObject({ exitCode: 0, outputs: { status: 'skipped', changed: 'false' } });
  const result = validated('run', end.outputs['result'] ?? '') as RunResult;
  const reasons = Object.fromEntries(
    result.peers.map(({ name, notContacted }) => [name, notContacted?.reason ?? 'contacted']),
  );
  const children = await readFile(folder.file('environments'), 'utf8');
  return { ...end, result, reasons, children };
}

describe('a plan on an event that may not write', () => {
  test('reads unchanged peers with their credentials and shows the plan in a comment', async () => {
    const same = { remote: hub(), peers: usual };
    const url = `http://${host}:${server.port.http}`;
    const secrets = stringify({ partner: { url, user: 'sync', password: secretOf('partner') } });
    const credentials = recipe.credentials.replace(/^\$\{\{ secrets\.DOLT_FEDERATION_CREDENTIALS \}\}$/, secrets);
    const inputs = { ...recipe, credentials, label: 'true' };
    const end = await step({ head: same, base: same, inputs });
    expect(end.reasons).toEqual({ origin: 'contacted', partner: 'contacted', coder: 'contacted' });
    expect(end.result).toMatchObject({
      dryRun: true,
      problems: expect.arrayContaining([expect.objectContaining({ severity: 'notice', code: 'untrusted-event' })]),
    });
    const [, coder, partner] = end.result.peers;
    expect(coder).toMatchObject({ name: 'coder', error: { code: 'peer-brings-code' } });
    expect(partner).toMatchObject({ name: 'partner', status: 'unchanged', plan: { pull: 'merge', pullCommits: 1 } });
    expect(partner?.plan?.incoming?.tables).toMatchObject([{ table: 'items', rows: { added: 1 } }]);
    expect(end.stdout).not.toContain('three-of-partner');
    expect(end.children).toContain(secretOf('partner'));
    expect(api.comments.map(({ body }) => body)).toEqual([expect.stringMatching(/partner[\s\S]*rows&#58; 1 added/)]);
    expect(api.comments[0]?.body).not.toContain('of-the-checkout');
    expect([...api.labels]).toEqual(['federation: conflict']);
    const left = await readdir(runner.temp);
    expect(left.filter((name) => !name.startsWith('dolt-federation-result-'))).toEqual([]);
  });

  test('contacts no peer that a change adds or alters, opens no local endpoint, and accepts nothing more', async () => {
    const at = (path: string) => `http://${host}:${elsewhere.port}/${path}`;
    const store = { region: 'eu-central-1', endpoint: `http://${host}:${elsewhere.port}`, 'dynamodb-table': 'table' };
    const entries: Readonly<Record<string, readonly [before: unknown, after: unknown]>> = {
      moved: ['https://dolt.moved.example/db', at('moved')],
      tiered: [at('tiered'), { endpoint: at('tiered'), tier: 'T2' }],
      renamed: [
        { endpoint: at('renamed'), user: 'ann' },
        { endpoint: at('renamed'), user: 'bob' },
      ],
      branched: [at('branched'), { endpoint: at('branched'), branch: 'secret' }],
      wider: [at('wider'), { endpoint: at('wider'), 'allowed-hosts': ['elsewhere.example'] }],
      stored: [
        { endpoint: 's3://bucket/db', aws: { ...store, 'path-style': true } },
        { endpoint: 's3://bucket/db', aws: { ...store, 'path-style': false } },
      ],
      looped: [`http://localhost:${loopback.port}/db`, `http://localhost:${loopback.port}/db`],
      boxed: [`file://${folder.file('box')}`, `file://${folder.file('box')}`],
    };
    const side = (index: 0 | 1) => Object.fromEntries(Object.entries(entries).map(([name, one]) => [name, one[index]]));
    const base = {
      remote: hub(),
      peers: { ...usual, ...side(0) },
    };
    const head = {
      remote: hub(),
      database: '../local',
      server: { host, port: elsewhere.port, user: 'root' },
      inbox: true,
      peers: {
        ...usual,
        ...side(1),
        added: at('added'),
        coder: { endpoint: usual['coder'], accept: ['triggers'], role: 'upstream' },
      },
    };
    const all = ['partner', 'added', ...Object.keys(entries)];
    const credentials = stringify(
      Object.fromEntries(
        all.map((name) => [name, { url: `http://${host}`, user: 'sync', password: { env: `SECRET_${name}` } }]),
      ),
    ).replaceAll(`http://${host}\n`, `http://${host}:${server.port.http}\n`);
    const env = Object.fromEntries(all.map((name) => [`SECRET_${name}`, secretOf(name)]));
    const end = await step({ head, base, inputs: { credentials, database: 'local' }, env });
    expect(end.reasons).toEqual({
      origin: 'contacted',
      coder: 'contacted',
      partner: 'contacted',
      added: 'new',
      boxed: 'local',
      looped: 'local',
      ...Object.fromEntries(
        ['moved', 'tiered', 'renamed', 'branched', 'wider', 'stored'].map((name) => [name, 'changed']),
      ),
    });
    const found = new Map(end.result.peers.map((peer) => [peer.name, peer]));
    expect(found.get('stored')).toMatchObject({ state: 'unknown', status: 'skipped', error: null });
    expect(found.get('stored')?.notContacted?.settings).toEqual(['aws']);
    expect(found.get('coder')).toMatchObject({ role: 'upstream', error: { code: 'peer-brings-code' } });
    expect(found.get('partner')).toMatchObject({ plan: { pull: 'merge' } });
    expect(end.stdout).toContain('coder is planned with its accept of the default branch');
    expect(end.commands).toContainEqual(
      expect.objectContaining({
        command: 'notice',
        properties: expect.objectContaining({ title: 'moved: untrusted-event', file: FILE }),
        message: expect.stringContaining('moved was not contacted: it has another endpoint than on the default branch'),
      }),
    );
    expect([elsewhere.connections(), loopback.connections()]).toEqual([0, 0]);
    expect(existsSync(folder.file('box'))).toBe(false);
    expect(end.children).toContain(secretOf('partner'));
    for (const name of all.slice(1)) expect(end.children).not.toContain(secretOf(name));
    expect(JSON.stringify(end.result)).not.toContain('of-the-checkout');
  });

  test('contacts no peer without a trusted configuration and a primary in it', async () => {
    const same = { remote: hub(), peers: usual };
    const moved = { remote: `http://${host}:${elsewhere.port}/hub`, peers: usual };
    const cases: readonly (Wanted & { readonly reason: string; readonly says: string })[] = [
      // The author of a change can choose its base, and can have pushed it.
      { head: moved, base: moved, main: same, reason: 'changed', says: 'origin was not contacted' },
      // On this event the workflow is that of the change.
      { head: { peers: usual }, base: same, inputs: { remote: moved.remote }, reason: 'workflow', says: 'an input' },
      { head: same, base: same, inputs: { 'github-token': '' }, reason: 'unread', says: 'has no `github-token`' },
    ];
    for (const { reason, says, ...wanted } of cases) {
      const end = await step(wanted);
      expect(end.reasons['origin']).toBe(reason);
      expect(Object.values(end.reasons)).not.toContain('contacted');
      expect(end.stdout).toContain(says);
      expect(end.result).toMatchObject({ database: null });
      expect(end.children).toBe('');
    }
    expect([elsewhere.connections(), loopback.connections()]).toEqual([0, 0]);
  });

  test('trusts the inputs if the workflow is that of the default branch, but no option of a run that writes', async () => {
    const head = { peers: usual };
    const inputs = {
      ...{ command: 'sync', remote: hub(), 'force-with-lease': `coder=${'a'.repeat(32)}`, 'fail-on': 'primary' },
      credentials: `partner: {url: "http://${host}:${server.port.http}", user: sync, password: {env: ABSENT}}`,
    };
    const event = { name: 'pull_request_target', ref: 'refs/heads/main', payload };
    const end = await step({ head, base: head, inputs, event });
    expect(end.reasons).toEqual({ origin: 'contacted', coder: 'contacted', partner: 'credential' });
    const pushed = { name: 'push', ref: 'refs/heads/topic', payload: { repository } };
    const both = { remote: hub(), peers: usual };
    // On this event the workflow may be that of the change, so the primary is cloned.
    const branch = await step({
      head: both,
      main: both,
      event: pushed,
      inputs: { only: 'partner', bootstrap: 'coder' },
    });
    expect(branch.stdout).toContain('the primary is cloned, not coder');
    expect(branch.stdout).toContain('this is a plan on a temporary clone of origin');
    expect(branch.reasons).toEqual({
      partner: 'contacted',
    });
    expect(branch.result.peers).toMatchObject([{ plan: { pull: 'merge' } }]);
  });

  test('covers a backup, and clones the primary although the primary is no backup', async () => {
    const vaults = (moved: string) => ({
      remote: hub(),
      peers: {
        partner: { endpoint: usual['partner'], role: 'backup' },
        moved: { endpoint: `http://${host}:${elsewhere.port}/${moved}`, role: 'backup' },
      },
    });
    const before = elsewhere.connections();
    const inputs = { command: 'backup', tag: 'v1' };
    const end = await step({ head: vaults('here'), base: vaults('there'), inputs });
    expect(end.reasons).toEqual({ partner: 'contacted', moved: 'changed' });
    expect(elsewhere.connections()).toBe(before);
    const alone = await step({ head: { ...vaults('here'), remote: `${hub()}2` }, base: vaults('here'), inputs });
    expect(alone.reasons).toEqual({ origin: 'changed', partner: 'no-database', moved: 'no-database' });
    expect(alone.stdout).toContain('origin was not contacted');
  });

  test('reports a primary that does not answer without failing the change', async () => {
    const gone = { remote: `http://${host}:${elsewhere.port}/org/hub`, peers: usual };
    const before = elsewhere.connections();
    const end = await step({ head: gone, base: gone, inputs: { retries: '0' } });
    expect(elsewhere.connections()).toBeGreaterThan(before);
    expect(end.reasons).toEqual({ origin: 'no-database', coder: 'no-database', partner: 'no-database' });
    expect(end.result.problems[0]).toMatchObject({ severity: 'warning', code: 'network' });
  });
});
