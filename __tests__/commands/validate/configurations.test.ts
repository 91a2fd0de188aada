import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CONFIGURATIONS, expectedProblems } from '../../helpers/configurations.ts';
import { validated } from '../../helpers/json-schema.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';
import { places, validateIn } from '../../helpers/validating.ts';

const VALID = join(CONFIGURATIONS, 'valid');
const INVALID = join(CONFIGURATIONS, 'invalid');
const EXPECTED = await expectedProblems();

test('every configuration has an expectation', async () => {
  expect((await readdir(INVALID)).sort()).toEqual(Object.keys(EXPECTED).sort());
});

test.each(await readdir(VALID))('valid/%s has no problems', async (config) => {
  const found = await validateIn(VALID, { overrides: { config } });
  expect(places(found)).toEqual([]);
  expect(found.result).toMatchObject({ status: 'valid', peers: expect.any(Number) });
});

test.each(Object.entries(EXPECTED))('invalid/%s has every problem at its column', async (config, problems) => {
  const found = await validateIn(INVALID, { overrides: { config } });
  expect(places(found)).toEqual(problems);
  expect(found.result.status).toBe(problems.some((one) => one.includes(' error ')) ? 'invalid' : 'valid');
});

test('no report repeats a secret of the file', async () => {
  const found = await validateIn(INVALID, { overrides: { config: 'secrets.yaml' } });
  expect(await readFile(join(INVALID, 'secrets.yaml'), 'utf8')).toMatch(/hunter2[\s\S]*ghp_0/);
  expect(JSON.stringify(found)).not.toMatch(/hunter2|ghp_0|abcdefgh/);
  validated('validate', JSON.stringify(found.result));
});

/** Writes `.beads/config.yaml` and more files, and validates. */
async function validateFiles(files: Readonly<Record<string, string>>, asked: Parameters<typeof validateIn>[1] = {}) {
  await using folder = await tempFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(folder.file(name)), { recursive: true });
    await writeFile(folder.file(name), text.replaceAll('FOLDER', folder.path));
  }
  return await validateIn(folder.path, asked);
}

const MODE = 'sync: {mode: dolt-native}\n';

test('an unreadable configuration is named', async () => {
  const { result } = await validateFiles({ '.beads/config.yaml': '' });
  expect(result).toMatchObject({ status: 'invalid', file: expect.stringMatching(/\.beads\/config\.yaml$/), peers: 0 });
});

describe('validate also reads the files around the configuration, and reports', () => {
  test('peers of a beads workspace that may be running databases', async () => {
    const config = `${MODE}federation:\n  peers:\n    far: https://far.example/a\n    near: ssh://h/a\n`;
    const found = await validateFiles({ '.beads/config.yaml': config, '.beads/metadata.json': '{}' });
    expect(places(found)).toEqual(['4:5 warning live-unknown', '5:5 warning live-unknown']);
    expect(found.result.status).toBe('valid');
  });

  test('a workspace without a mode', async () => {
    const found = await validateFiles({ '.beads/config.yaml': 'federation: {remote: file:///srv/a}\n' });
    expect(places(found)).toEqual(['- error sync-mode']);
  });

  test('a local endpoint that is a working database, unless the event may not write', async () => {
    const files = {
      '.beads/config.yaml': `${MODE}federation:\n  remote: file://FOLDER/db\n`,
      'db/.dolt/noms/manifest': '',
      'db/.dolt/repo_state.json': '{}',
    };
    expect(places(await validateFiles(files))).toEqual(['3:3 error working-database']);
    expect(places(await validateFiles(files, { untrusted: true }))).toEqual([]);
  });

  test('one folder under two names, unless the event may not write', async () => {
    await using folder = await tempFolder();
    for (const name of ['box', '.beads']) await mkdir(folder.file(name));
    await symlink(folder.file('box'), folder.file('link'));
    const peers = ['box', 'link', 'none'].map(
      (name) => `    ${name}: {endpoint: "file://${folder.file(name)}", role: backup}\n`,
    );
    const text = `${MODE}federation:\n  peers:\n${peers.join('')}`;
    await writeFile(folder.file('.beads', 'config.yaml'), text);
    expect(places(await validateIn(folder.path))).toEqual(['5:5 warning duplicate-endpoint']);
    expect(places(await validateIn(folder.path, { untrusted: true }))).toEqual([]);
    // A run refuses to push to the folder of an upstream that a link hides.
    await writeFile(folder.file('.beads', 'config.yaml'), text.replace('role: backup', 'role: upstream'));
    expect(places(await validateIn(folder.path))).toEqual(['5:5 error config-invalid']);
  });

  test('a guard and a mistake in config.local.yaml', async () => {
    const found = await validateFiles({
      '.beads/config.yaml': `${MODE}federation: {remote: file:///srv/a}\n`,
      '.beads/config.local.yaml': 'no-push: true\nno_push: true\n<<: {readonly: true}\n',
    });
    expect(places(found)).toEqual([
      '1:1 warning push-disabled',
      '2:1 error config-unknown-key',
      '3:1 error config-invalid',
    ]);
  });

  test('mistakes in an input and in a variable, which have no file', async () => {
    const env = { BD_FEDERATION_SOVEREIGNTY: 'T9', BD_FEDERATION_ALLOWED_REMOTE_PATTERNS: 'file:///srv/*,HTTPS://x/*' };
    const found = await validateFiles(
      { '.beads/config.yaml': `${MODE}federation: {remote: file:///srv/a}\n` },
      { env, overrides: { peers: 'b: {endpoint: file:///srv/b, rolle: peer}' } },
    );
    expect(places(found)).toEqual(['- error config-invalid', '- warning unused-pattern', '- error config-unknown-key']);
    expect(found.result.problems.at(-1)?.message).toContain('(at input peers:1:30)');
  });

  test('an error without a configuration, unless an input sets a peer', async () => {
    expect(places(await validateFiles({}))).toEqual(['- error no-peers']);
    expect(places(await validateFiles({}, { overrides: { remote: 'file:///srv/a' } }))).toEqual([]);
    expect(places(await validateFiles({}, { overrides: { config: 'gone.yaml' } }))).toEqual([
      '- error config-not-found',
    ]);
  });
});
