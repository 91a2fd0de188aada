import { describe, expect, test } from '@jest/globals';
import { requestedChanges } from '../../../src/commands/validate/changes.ts';
import type { Validated } from '../../../src/commands/validate/index.ts';
import {
  after,
  BASE,
  before,
  type ChangeCase,
  CONFIG,
  config,
  HEAD,
  validateChange,
} from '../../helpers/validated-change.ts';
import { places } from '../../helpers/validating.ts';

const kinds = ({ result }: Validated) => result.changes?.map(({ kind, peer }) => `${kind} ${peer ?? '*'}`);

describe('a pull request', () => {
  test('that moves a peer lists each change with its line, and dangerous ones as notices', async () => {
    const found = await validateChange({});
    expect(found.result).toMatchObject({ status: 'valid', base: { commit: BASE, behind: 0 } });
    expect(kinds(found)).toEqual(['new-host b', 'peer-moved b']);
    expect(found.result.changes?.[1]).toMatchObject({
      before: 'https://b.example/d',
      after: 'https://evil.example/d',
      line: 5,
    });
    expect(places(found)).toEqual(['5:5 notice config-change', '5:5 notice config-change']);
  });

  test('fails only if `fail-on-change` names the change', async () => {
    const failing = async (text: string) =>
      (await validateChange({ request: { failOnChange: requestedChanges(text) } })).result.status;
    expect(await failing('tier-lowered, new-host')).toBe('invalid');
    expect(await failing('dangerous')).toBe('invalid');
    expect(await failing('tier-lowered\npeer-added')).toBe('valid');
  });

  test('that keeps the meaning of the configuration has no changes', async () => {
    const found = await validateChange({ head: `# moved\n${before.replace('https://a', 'HTTPS://a')}` });
    expect(found.result.changes).toEqual([]);
    expect(places(found)).toEqual([]);
  });

  test('gets a warning if it is behind its base and its head is checked out', async () => {
    const found = await validateChange({ head: before, behind: 2 });
    expect(found.result.base).toEqual({ commit: BASE, behind: 2 });
    expect(places(found)).toEqual(['- warning branch-behind']);
    expect(places(await validateChange({ head: before, behind: 2, checkedOut: '' }))).toEqual([]);
  });

  test.each([
    ['fix/#12+ü', '.git/refs/heads/fix/#12+ü', HEAD],
    ['topic/a', '.git/packed-refs', `# pack-refs with: peeled\n${BASE} refs/heads/a\n${HEAD} refs/heads/topic/a`],
  ])('gets a warning if it is behind its base and its branch is checked out: %s', async (branch, file, text) => {
    const files = { [file]: `${text}\n` };
    const found = await validateChange({ head: before, behind: 1, checkedOut: `ref: refs/heads/${branch}\n`, files });
    expect(places(found)).toEqual(['- warning branch-behind']);
  });

  test('that adds the configuration or corrects an invalid one lists everything as new', async () => {
    expect(kinds(await validateChange({ head: before, base: null }))).toEqual([
      ...['new-host a', 'new-host b', 'push-enabled *', 'peer-added a', 'peer-added b'],
    ]);
    const corrected = await validateChange({ head: before, base: 'federation: [' });
    expect(kinds(corrected)).toContain('peer-added a');
    expect(places(corrected)).toContain('- warning base-unreadable');
  });

  test.each([
    ['a syntax error', `${before}    c: "\n`],
    [
      'a wrong value of a peer',
      before.replace('https://b.example/d', '{endpoint: "https://b.example/d", timeout: soon}'),
    ],
  ])('of an invalid configuration fails if changes may fail the check: %s', async (_, base) => {
    const failed = await validateChange({
      head: before,
      base,
      request: { failOnChange: requestedChanges('tier-lowered') },
    });
    expect(failed.result.status).toBe('invalid');
    expect(places(failed)).toContain('- error base-unreadable');
  });

  test('that makes it invalid is not compared', async () => {
    const found = await validateChange({ head: config('    a: nonsense\n') });
    expect(found.result).toMatchObject({ status: 'invalid' });
    expect(found.result.changes).toBeUndefined();
  });

  test('without its base causes a warning, or an error if changes may fail the check', async () => {
    const failOnChange = requestedChanges('new-host');
    expect(places(await validateChange({ base: undefined }))).toEqual(['- warning base-unreadable']);
    const failed = await validateChange({ base: undefined, request: { failOnChange } });
    expect(places(failed)).toEqual(['- error base-unreadable']);
    expect(failed.result.problems[0]?.hint).toBe('Run the job again.');
    const withoutToken = await validateChange({ token: false, request: { failOnChange } });
    expect(withoutToken.result.problems[0]?.message).toContain('no github-token');
    expect(withoutToken.result.problems[0]?.hint).toContain('contents: read');
  });

  test('shows no text that has the form of a secret', async () => {
    const token = `ghp_${'a1'.repeat(18)}`;
    const found = await validateChange({
      head: config(`    a: {endpoint: "https://a.example/d", branch: ${token}}\n`),
    });
    expect(kinds(found)).toContain('peer-moved a');
    expect(JSON.stringify(found)).not.toContain(token);
  });
});

describe('a pull request that changes the files that count', () => {
  const guarded = `no-push: true\n${before}`;
  const metadata = (host: string) =>
    JSON.stringify({ dolt_mode: 'server', dolt_server_host: host, dolt_server_port: 3306, dolt_server_tls: true });
  const elsewhere = { 'example/.beads/config.yaml': after };
  const moved = ['new-host b', 'push-enabled *', 'peer-moved b'];
  const named = { request: { overrides: { config: 'ci/fed.yaml' } } };

  test.each<readonly [string, ChangeCase, readonly string[]]>([
    [
      'a redirect',
      {
        head: guarded,
        base: guarded,
        files: { ...elsewhere, '.beads/redirect': 'example/.beads\n' },
        baseFiles: elsewhere,
      },
      [...moved, 'setting-changed *'],
    ],
    [
      'a variable in .env',
      {
        head: guarded,
        base: guarded,
        files: { ...elsewhere, '.beads/.env': 'BEADS_DIR=example/.beads\n' },
        baseFiles: elsewhere,
      },
      [...moved, 'setting-changed *'],
    ],
    [
      'a removed redirect',
      {
        ...{ head: after, base: after, files: { 'safe/.beads/config.yaml': guarded } },
        baseFiles: { 'safe/.beads/config.yaml': guarded, '.beads/redirect': 'safe/.beads' },
      },
      [...moved, 'setting-changed *'],
    ],
    [
      'the workspace that a variable of the job names',
      {
        ...{ head: before, env: { BEADS_DIR: 'example/.beads' }, files: elsewhere },
        baseFiles: { 'example/.beads/config.yaml': guarded },
      },
      moved,
    ],
    [
      'a repository of jujutsu in the workspace',
      { head: after, base: guarded, files: { '.beads/.jj/repo': 'x\n' }, baseFiles: { 'config.yaml': after } },
      moved,
    ],
    [
      'a repository of jujutsu with a database in its main workspace',
      {
        ...{ head: guarded, base: guarded, baseFiles: elsewhere },
        files: { ...elsewhere, 'example/.beads/dolt/x': '', '.jj/repo': '../example/.jj/repo\n' },
      },
      // A workspace with a database registers peers for a run only.
      [...moved, 'setting-changed *', 'setting-changed *'],
    ],
    [
      'the guard of the workspace, despite a named file',
      {
        ...{ ...named, head: 'x: 1\n', base: 'no-push: true\n' },
        ...{ files: { 'ci/fed.yaml': before }, baseFiles: { 'ci/fed.yaml': before } },
      },
      ['push-enabled *'],
    ],
    [
      'a guard that .env disables',
      { head: guarded, base: guarded, files: { '.beads/.env': 'BD_NO_PUSH=false\n' } },
      ['push-enabled *'],
    ],
    [
      'a guard that the local file disables',
      { head: guarded, base: guarded, files: { '.beads/config.local.yaml': 'no-push: false\n' } },
      ['push-enabled *'],
    ],
    [
      'a guard that only .env had',
      { head: before, baseFiles: { '.beads/.env': 'BD_NO_PUSH=1\n' } },
      ['push-enabled *'],
    ],
    [
      'the server in metadata.json',
      {
        ...{ head: before, files: { '.beads/metadata.json': metadata('evil.example') } },
        baseFiles: { '.beads/metadata.json': metadata('db.example') },
      },
      ['new-host *', 'setting-changed *'],
    ],
    [
      'the server in .env',
      {
        ...{ head: before, files: { '.beads/.env': 'BEADS_DOLT_SERVER_HOST=evil.example\nBEADS_DOLT_SERVER_TLS=1\n' } },
        baseFiles: { '.beads/.env': 'X=1' },
      },
      ['new-host *', 'setting-changed *'],
    ],
    [
      'the server of a proxied workspace',
      {
        head: before,
        files: {
          '.beads/metadata.json': '{"dolt_mode": "proxied-server"}',
          '.beads/proxied_server_client_info.json':
            '{"external": {"host": "evil.example", "port": 3306, "tls_required": true}}',
        },
        baseFiles: { '.beads/metadata.json': '{"dolt_mode": "proxied-server"}' },
      },
      ['new-host *', 'setting-changed *'],
    ],
    [
      'dolt.host',
      { head: `${before}dolt: {host: evil.example}\n`, files: { '.beads/.env': 'BEADS_DOLT_SERVER_TLS=true\n' } },
      ['new-host *', 'setting-changed *'],
    ],
    [
      'a guard of a workspace behind a link',
      {
        ...{ head: before, base: null },
        baseFiles: { '.beads': 'link: example/.beads', [`example/${CONFIG}`]: `no-push: true\n${before}` },
      },
      ['push-enabled *', 'setting-changed *'],
    ],
    [
      'a workspace in place of links in a circle',
      { head: before, base: null, baseFiles: { '.beads': 'link: a', a: 'link: .beads' } },
      ['new-host a', 'new-host b', 'push-enabled *', 'peer-added a', 'peer-added b'],
    ],
    [
      'a workspace in place of a link to another one with the same files',
      {
        ...{ head: before, base: null },
        baseFiles: { '.beads': 'link: a', a: 'link: safe/.beads', [`safe/${CONFIG}`]: before },
      },
      ['setting-changed *'],
    ],
    [
      'no change: all files are equal',
      {
        head: before,
        files: { ...elsewhere, '.beads/redirect': 'example/.beads', 'example/.beads/.env': 'BD_NO_PUSH=1' },
        baseFiles: { ...elsewhere, '.beads/redirect': 'example/.beads', 'example/.beads/.env': 'BD_NO_PUSH=1' },
      },
      [],
    ],
  ])('%s', async (_, changed, expected) => {
    const found = await validateChange({
      ...changed,
      request: { ...changed.request, failOnChange: requestedChanges('dangerous, setting-changed') },
    });
    expect(kinds(found)).toEqual(expected);
    expect(found.result.status).toBe(expected.length === 0 ? 'valid' : 'invalid');
  });

  const linked = { issues: 'link: databases/issues', [`databases/issues/${CONFIG}`]: before };
  const LINKED = 'issues is a symbolic link to databases/issues';

  const NEEDS = 'The base branch needs ordinary files';

  test.each<readonly [string, Readonly<Record<string, string>>, string, string, Partial<ChangeCase>?]>([
    [
      'a redirect to another repository',
      { '.beads/redirect': '../../other/.beads' },
      '.beads/redirect leads outside',
      NEEDS,
    ],
    ['a redirect to a folder behind a link', { '.beads/redirect': 'link/.beads' }, 'leads to link/.beads', NEEDS],
    [
      'a workspace behind a link that leads out',
      { '.beads': 'link: ../other/.beads' },
      '.beads is a symbolic link',
      NEEDS,
    ],
    ['a workspace behind an absolute link', { '.beads': 'link: /srv/.beads' }, '.beads is a symbolic link', NEEDS],
    [
      'a workspace behind a link to nothing',
      { '.beads': 'link: gone' },
      '.beads leads to gone, which is not a folder',
      NEEDS,
    ],
    ['a named file below a link', linked, LINKED, NEEDS, { request: { overrides: { config: `issues/${CONFIG}` } } }],
    ['a named workspace below a link', linked, LINKED, NEEDS, { env: { BEADS_DIR: 'issues/.beads' } }],
    [
      'a repository of jujutsu below a link',
      { '.jj': 'link: other/.jj' },
      '.jj is a symbolic link to other/.jj',
      NEEDS,
    ],
    [
      'a folder with too many files',
      Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`.beads/${index}`, ''])),
      'GitHub does not list all files of .beads',
      'Compare the two configurations yourself, or move files out of this folder.',
    ],
  ])('with an unreachable base is an error: %s', async (_, baseFiles, reason, hint, more = {}) => {
    const base = '.beads' in baseFiles ? null : before;
    const found = await validateChange({
      ...{ base, baseFiles, files: { [`issues/${CONFIG}`]: after }, ...more },
      request: { ...more.request, failOnChange: requestedChanges('new-host') },
    });
    expect(places(found)).toEqual(['- error base-unreadable']);
    expect(found.result.problems[0]?.message).toContain(reason);
    expect(found.result.problems[0]?.hint).toContain(hint);
  });
});

describe('without a pull request', () => {
  test('nothing is compared unless a file is named', async () => {
    expect((await validateChange({ proposed: null })).result.changes).toBeUndefined();
    const request = { base: 'base.yaml', failOnChange: requestedChanges('peer-moved') };
    const found = await validateChange({ proposed: undefined, request, files: { 'base.yaml': before } });
    expect(kinds(found)).toEqual(['new-host b', 'peer-moved b']);
    expect(found.result).toMatchObject({ status: 'invalid' });
    expect(found.result.base).toBeUndefined();
  });

  test('a named folder is compared with all files of its workspace', async () => {
    const request = { base: 'base', failOnChange: requestedChanges('dangerous') };
    const files = { '.beads/.env': 'BD_NO_PUSH=0\n', [`base/${CONFIG}`]: `no-push: true\n${before}` };
    const found = await validateChange({ proposed: undefined, head: `no-push: true\n${before}`, request, files });
    expect(kinds(found)).toEqual(['push-enabled *']);
  });

  test('in a terminal, `fail-on-change` requires a named file', async () => {
    const request = { failOnChange: requestedChanges('new-host') };
    await expect(validateChange({ proposed: undefined, request })).rejects.toMatchObject({ code: 'bad-usage' });
    await expect(validateChange({ proposed: undefined, request: { base: 'gone.yaml' } })).rejects.toMatchObject({
      code: 'config-unreadable',
    });
  });
});

test('an unknown kind of change is refused with the nearest known one', () => {
  expect(() => requestedChanges('new-host tier-lowerd')).toThrow('"tier-lowerd"');
  expect(requestedChanges(undefined)).toEqual([]);
});
