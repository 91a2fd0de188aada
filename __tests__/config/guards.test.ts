import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { loadConfiguration, withGuardsOf } from '../../src/config/load.ts';
import { guardText, requirePush } from '../../src/config/requirements.ts';
import type { Env } from '../../src/core/env.ts';
import { configure, contextIn, problemPlaces, refusal } from '../helpers/configuring.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const guardOf = (text: string, env: Env = {}) => configure(text, { env }).push.guard;

describe('guards against pushing', () => {
  test.each([
    ['no-push: true', 'no-push: true (/c.yaml:1:1)'],
    ['No-Push: TRUE', 'no-push: true (/c.yaml:1:1)'],
    ['no-push: "1"', 'no-push: true (/c.yaml:1:1)'],
    ['no-push: 1', 'no-push: true (/c.yaml:1:1)'],
    ['other: 1\ndolt:\n  mode: server\n  local-only: true', 'dolt.local-only: true (/c.yaml:4:3)'],
    ['dolt.local-only: true', 'dolt.local-only: true (/c.yaml:1:1)'],
    ['DOLT: {Local-Only: "t"}', 'dolt.local-only: true (/c.yaml:1:8)'],
    ['a: &a true\nno-push: *a', 'no-push: true (/c.yaml:2:1)'],
    ['readonly: true', 'readonly: true (/c.yaml:1:1)'],
    ['federation: {push: false}', 'federation.push: false (/c.yaml:1:14)'],
    ['federation.push: false', 'federation.push: false (/c.yaml:1:1)'],
    ['no-push: true\nfederation: {push: false}', 'federation.push: false (/c.yaml:2:14)'],
    ['readonly: true\nfederation: {push: false}', 'readonly: true (/c.yaml:1:1)'],
    ['no-push: false\ndolt: {local-only: true}', 'dolt.local-only: true (/c.yaml:2:8)'],
  ])('are found in the file: %j', (text, said) => {
    const configuration = configure(text);
    expect(configuration.push.value).toBe(false);
    expect(configuration.push.guard === null ? '' : guardText(configuration.push.guard)).toBe(said);
  });

  test.each([
    '',
    'no-push: false',
    'dolt: {local-only: F}',
    'dolt:',
    'dolt: [local-only]',
    'dolt.auto-push: false',
    'no-push: true\nfederation: {push: true}',
    'dolt.local-only: true\nfederation.push: "true"',
    'no-hooks: true\nno-db: true\ngit: {no-push: true}',
  ])('are not found in the file: %j', (text) => {
    expect(guardOf(text)).toBeNull();
  });

  test.each([
    [{ BD_NO_PUSH: 'true' }, 'the variable BD_NO_PUSH (no-push)'],
    [{ BD_NO_PUSH: '1' }, 'the variable BD_NO_PUSH (no-push)'],
    [{ BD_DOLT_LOCAL_ONLY: 'T' }, 'the variable BD_DOLT_LOCAL_ONLY (dolt.local-only)'],
    [{ BD_READONLY: 'True' }, 'the variable BD_READONLY (readonly)'],
    [{ BD_FEDERATION_PUSH: 'false' }, 'the variable BD_FEDERATION_PUSH (federation.push)'],
    [{ BD_FEDERATION_PUSH: 'false', BD_READONLY: '1' }, 'the variable BD_READONLY (readonly)'],
  ])('are found in the environment: %j', (env, said) => {
    const guard = guardOf('', env);
    expect(guard === null ? '' : guardText(guard)).toBe(said);
  });

  test('an empty variable has no effect; a variable overrides the file, as in bd', () => {
    expect(guardOf('no-push: true', { BD_NO_PUSH: '' })).not.toBeNull();
    expect(guardOf('no-push: true', { BD_NO_PUSH: 'false' })).toBeNull();
    expect(guardOf('dolt.local-only: true', { BD_NO_PUSH: 'false' })?.key).toBe('dolt.local-only');
    expect(guardOf('federation.push: true', { BD_NO_PUSH: 'true' })).toBeNull();
  });

  test.each([
    ['no-push: yes', 'config-invalid 1:10'],
    ['no-push: on', 'config-invalid 1:10'],
    ['no-push: 2', 'config-invalid 1:10'],
    ['no-push:', 'config-invalid 1:9'],
    ['no-push: [true]', 'config-invalid 1:10'],
    ['dolt: {local-only: maybe}', 'config-invalid 1:20'],
    ['federation: {push: 1}', 'config-invalid 1:20'],
    ['federation: {register: sometimes}', 'config-invalid 1:24'],
    ['federation: {no-push: true}', 'config-unknown-key 1:14'],
    ['dolt: {local-only: true}\ndolt.local-only: false', 'config-ambiguous 2:1'],
    ['no-push: true\nNO-PUSH: false', 'config-ambiguous 2:1'],
    ['x: &x {no-push: true}\n<<: *x', 'config-invalid 2:1'],
    ['x: &x {local-only: true}\ndolt:\n  <<: *x', 'config-invalid 3:3'],
    ['x: &x {local-only: true}\nDolt: *x', 'config-invalid 2:1'],
    ['x: &x {exclude_owners: ann}\nexport: {<<: [*x]}', 'config-invalid 2:10'],
    ['<<: [{no-push: true}]\nno-push: false', 'config-invalid 1:1'],
    ['!!merge "<<": {no-push: true}', 'config-invalid 1:9'],
    ['x: &x no-push\n*x : true', 'config-invalid 2:1'],
    ['dolt: {&x local-only: false}\nDOLT.x: {}\n? *x\n: true', 'config-invalid 3:3'],
    ['!!binary bm8tcHVzaA==: true', 'config-invalid 1:10'],
    ['x: &x federation\n*x : {push: false}', 'config-invalid 2:1'],
    ['no_push: true', 'config-unknown-key 1:1'],
    ['nopush: true', 'config-unknown-key 1:1'],
    ['no-pus: true', 'config-unknown-key 1:1'],
    ['no.push: true', 'config-unknown-key 1:1'],
    ['local-only: true', 'config-unknown-key 1:1'],
    ['dolt: {local_only: true}', 'config-unknown-key 1:8'],
    ['dolt: {localonly: true}', 'config-unknown-key 1:8'],
    ['dolt: {no-push: true}', 'config-unknown-key 1:8'],
    ['dolt-local-only: true', 'config-unknown-key 1:1'],
    ['read-only: true', 'config-unknown-key 1:1'],
  ])('%j is refused with its place', async (text, place) => {
    expect(await problemPlaces(text)).toEqual([place]);
  });

  test.each([
    { BD_NO_PUSH: 'yes' },
    { BD_NO_PUSH: ' true' },
    { BD_FEDERATION_PUSH: 'maybe' },
    { BEADS_NO_PUSH: 'true' },
    { BD_NOPUSH: '1' },
    { BD_LOCAL_ONLY: 'true' },
  ])('an invalid environment is refused: %j', async (env) => {
    const failure = await refusal(() => configure('', { env }));
    expect(failure.message).toContain(Object.keys(env)[0]);
    expect(['config-invalid', 'config-unknown-key']).toContain(failure.code);
  });

  test('a misspelt guard is refused with the correct name', async () => {
    expect((await refusal(() => configure('no_push: true'))).hint).toContain('Did you mean `no-push`?');
    expect((await refusal(() => configure('dolt: {local_only: true}'))).hint).toContain('`dolt.local-only`');
    expect((await refusal(() => configure('', { env: { BEADS_NO_PUSH: 'true' } }))).hint).toContain('`BD_NO_PUSH`');
  });

  test('a pull is refused only by readonly, and the refusal names the place and two fixes', async () => {
    const local = configure('no-push: true');
    expect(() => requirePush(local, 'pull')).not.toThrow();
    const failure = await refusal(() => requirePush(local, 'push'));
    expect(failure).toMatchObject({ code: 'push-disabled', location: { file: '/c.yaml', line: 1, column: 1 } });
    expect(failure.hint).toMatch(/Remove the key.*federation\.push: true/);
    expect((await refusal(() => requirePush(configure('readonly: true'), 'pull'))).code).toBe('push-disabled');
  });
});

describe('the files that bd merges', () => {
  test("guards in config.local.yaml and in the user's files count", async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('local', '.beads'), { recursive: true });
    await mkdir(folder.file('home', '.config', 'bd'), { recursive: true });
    const load = (userHome: boolean) =>
      loadConfiguration({ ...contextIn(folder.file('local')), env: { HOME: folder.file('home') }, userHome }, {});
    await writeFile(folder.file('local', '.beads', 'config.yaml'), '# ours\n');
    await writeFile(folder.file('home', '.config', 'bd', 'config.yaml'), 'no-push: true\n');
    expect((await load(false)).push.guard).toBeNull();
    expect((await load(true)).push.guard).toMatchObject({
      key: 'no-push',
      origin: { location: { file: folder.file('home', '.config', 'bd', 'config.yaml') } },
    });
    await writeFile(folder.file('local', '.beads', 'config.local.yaml'), 'no-push: false\ndolt.local-only: true\n');
    expect((await load(true)).push.guard).toMatchObject({
      key: 'dolt.local-only',
      origin: { location: { file: folder.file('local', '.beads', 'config.local.yaml'), line: 2 } },
    });
  });

  test('remotes are permanent, except in a workspace of beads', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    await writeFile(folder.file('.beads', 'config.yaml'), 'sync: {require_confirmation_on_mass_delete: true}\n');
    const register = async () => (await loadConfiguration(contextIn(folder.path), {})).register;
    expect(await register()).toEqual({ value: 'keep', origin: { layer: 'default' } });
    await writeFile(folder.file('.beads', 'metadata.json'), '{}');
    expect(await register()).toEqual({ value: 'run', origin: { layer: 'default' } });
    await writeFile(folder.file('.beads', 'config.yaml'), 'federation: {register: Keep}\n');
    expect((await register()).value).toBe('keep');
  });
});

test('a link of a checkout in place of a file with guards is refused, unless the database is elsewhere', async () => {
  await using folder = await tempFolder();
  const database = folder.file('job', '.beads', 'dolt', 'x');
  await mkdir(database, { recursive: true });
  await mkdir(folder.file('elsewhere'));
  await writeFile(folder.file('secret.yaml'), 'no-push: true\n');
  await symlink('../../secret.yaml', folder.file('job', '.beads', 'config.yaml'));
  const job = (name: string) => ({ env: {}, cwd: folder.file(name), ceiling: folder.file(name) });
  const refused = { code: 'outside-workspace', location: { file: folder.file('job', '.beads', 'config.yaml') } };
  await expect(withGuardsOf(database, configure(''), job('job'))).rejects.toMatchObject(refused);
  const { push } = await withGuardsOf(database, configure(''), job('elsewhere'));
  expect(push).toMatchObject({ value: false, guard: { key: 'no-push' } });
});
