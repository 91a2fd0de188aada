import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { text as wholeText } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { type InitRequest, init } from '../../src/commands/init.ts';
import { initResultSchema } from '../../src/contract/result.ts';
import { promptOn } from '../../src/frontends/cli/prompt.ts';
import { initText } from '../../src/report/commands/init.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { ENV } from '../helpers/examining.ts';
import { filesBelow } from '../helpers/files-below.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const NOTHING_GIVEN: InitRequest = {
  endpoint: undefined,
  database: undefined,
  name: undefined,
  live: undefined,
  aws: { region: undefined, table: undefined },
  yes: false,
  overrides: {},
  dolt: { source: 'release', path: testDolt() },
};

function contextOf(folder: TempFolder) {
  return { ...commandContext(folder.path, { env: ENV }), tempDir: folder.file('tmp') };
}

/** Runs `init` without a terminal. */
async function run(folder: TempFolder, given: Partial<InitRequest>) {
  await mkdir(folder.file('tmp'), { recursive: true });
  return initResultSchema.parse(await init({ ...NOTHING_GIVEN, ...given }, contextOf(folder)));
}

const configOf = (folder: TempFolder) => readFile(folder.file('.beads/config.yaml'), 'utf8');

describe('init', () => {
  test('finds the database and the repository, and writes the configuration that a run needs', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('db'));
    await execa('git', ['init', '--quiet'], { cwd: folder.path });
    await execa('git', ['remote', 'add', 'origin', 'git@github.com:my-org/my-repo.git'], { cwd: folder.path });
    const result = await run(folder, { endpoint: 'https://github.com/my-org/my-repo.git' });
    expect(result).toMatchObject({ database: folder.file('db'), peer: 'origin', town: 'my-repo', checks: [] });
    expect(await configOf(folder)).toBe(
      'sync:\n  mode: dolt-native\n\nfederation:\n  remote: https://github.com/my-org/my-repo.git\n  database: ../db\n  town: my-repo\n',
    );
    expect(result.workflow.secrets).toEqual([]);
    expect(result.workflow.text).toContain('contents: write');
    const text = initText(result, null);
    expect(text).toContain(`wrote ${folder.file('.beads/config.yaml')}: the primary origin is`);
    expect(text).toContain('note: Add db/ to .gitignore');
    // The folder is ignored in the next run.
    await rm(folder.file('.beads'), { recursive: true });
    await writeFile(folder.file('.gitignore'), '/db/\n');
    expect(await run(folder, { endpoint: 'https://github.com/my-org/my-repo.git' })).toMatchObject({ notes: [] });
    expect(text).toContain(result.workflow.text);
  });

  test('writes a primary in S3 as a peer with a region and a table, and names its secrets', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('db'));
    const aws = { region: 'eu-central-1', table: 'manifests' };
    const result = await run(folder, { endpoint: 's3://my-bucket/issues', name: 'north', aws });
    expect(result).toMatchObject({ peer: 'mailbox', checks: [{ check: 'credentials', peer: 'mailbox' }] });
    expect(await configOf(folder)).toContain('      role: primary\n      aws:\n        region: eu-central-1\n');
    expect(initText(result, null)).toMatch(/^ {2}AWS_KEY_ID {2}the id of an access key/m);
    expect(result.workflow.text).toContain('          bootstrap: mailbox\n');
    expect(initText(result, null)).toContain('(replace OWNER, COMMIT, and my-org/my-repo with your repository):');
  });

  test('adds the mode in a beads workspace, leaves the database to beads, and warns of a push that would be refused', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    const before = '# made by bd\nsync.remote: git+https://x.example/r.git\n';
    await writeFile(folder.file('.beads/config.yaml'), before);
    await writeFile(
      folder.file('.beads/metadata.json'),
      '{"backend":"dolt","dolt_mode":"embedded","dolt_database":"north"}',
    );
    await makeDatabase(folder.file('.beads/embeddeddolt/north'));
    const result = await run(folder, { endpoint: 'https://dolt.example/north', name: 'north' });
    expect(await configOf(folder)).toBe(
      `${before}sync.mode: dolt-native\n\nfederation:\n  remote: https://dolt.example/north\n  town: north\n`,
    );
    expect(result.database).toBe(folder.file('.beads/embeddeddolt/north'));
    expect(result.notes).toEqual([expect.stringMatching(/^`sync\.mode: dolt-native` was added/)]);
    expect(result.checks).toContainEqual(
      expect.objectContaining({ check: 'live', peer: 'origin', cure: expect.stringContaining('plain-hosts') }),
    );
    expect(initText(result, null)).toContain('warning: live origin: runs do not push to origin');
  });

  test('explains how to clone a database in a beads workspace without one', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    await writeFile(
      folder.file('.beads/metadata.json'),
      '{"backend":"dolt","dolt_mode":"proxied-server","dolt_database":"north"}',
    );
    const result = await run(folder, { endpoint: 'https://github.com/my-org/my-repo.git', name: 'south' });
    expect(result).toMatchObject({ database: folder.file('.beads/dolt/north'), toClone: true, checks: [] });
    expect(await configOf(folder)).not.toContain('database');
    expect(initText(result, null)).toContain('  dolt-federation sync --bootstrap <name>\n');
  });

  test('marks a database outside the folder as valid for this machine only', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('data', 'north'));
    await mkdir(folder.file('repo', '.beads'), { recursive: true });
    await mkdir(folder.file('tmp'));
    const context = { ...contextOf(folder), cwd: folder.file('repo') };
    const result = await init(
      { ...NOTHING_GIVEN, endpoint: 'file:///nowhere/box', database: '../data/north' },
      context,
    );
    expect(await readFile(folder.file('repo/.beads/config.yaml'), 'utf8')).not.toContain('database');
    expect(result.notes.at(-1)).toContain(`set DOLT_FEDERATION_DATABASE=${folder.file('data', 'north')}`);
    expect(result.checks).toContainEqual(expect.objectContaining({ check: 'folder', status: 'missing' }));
    expect(result.workflow.text).toContain('runs-on: self-hosted');
    expect(result.workflow.text).not.toContain('bootstrap');
  });

  test.each([
    ['no endpoint', {}, '', 'bad-usage'],
    ['an invalid endpoint', { endpoint: '/srv/box' }, '', 'invalid-endpoint'],
    ['an endpoint with a password', { endpoint: 'https://a:b@h.example/x' }, '', 'secret-in-config'],
    ['an endpoint that is a working database', { endpoint: 'file://%/db' }, '', 'working-database'],
    ['a folder with other files', { endpoint: 'file://%/full' }, '', 'not-a-remote'],
    ['a database that does not exist', { endpoint: 'file:///x', database: 'bd' }, '', 'no-database'],
    ['an invalid name', { endpoint: 'file:///x', name: 'a b' }, '', 'bad-usage'],
    ['live: true for a folder', { endpoint: 'file:///x', live: true }, '', 'config-invalid'],
    [
      'an endpoint that no pattern allows',
      { endpoint: 'file:///x' },
      "federation: {allowed-remote-patterns: ['gs://*/*']}",
      'endpoint-not-allowed',
    ],
    [
      'a configuration with a peer',
      { endpoint: 'file:///x' },
      'federation: {peers: {a: file:///a}}',
      'already-configured',
    ],
    ['a configuration with a primary', { endpoint: 'file:///x' }, 'federation.remote: file:///a', 'already-configured'],
    ['a configuration with a chosen mode', { endpoint: 'file:///x' }, 'sync: {mode: git-portable}', 'sync-mode'],
    ['a configuration with a mistake', { endpoint: 'file:///x' }, 'federatoin: {}', 'config-unknown-key'],
  ] as const)('refuses %s and writes nothing', async (_, given, text, code) => {
    await using folder = await tempFolder();
    await mkdir(folder.file('db/.dolt/noms'), { recursive: true });
    await mkdir(folder.file('full'));
    await writeFile(folder.file('full/notes.txt'), 'ours');
    if (text !== '') {
      await mkdir(folder.file('.beads'));
      await writeFile(folder.file('.beads/config.yaml'), text);
    }
    const before = await filesBelow(folder.path);
    const endpoint = 'endpoint' in given ? given.endpoint.replace('%', folder.path) : undefined;
    const failure = await refusal(() => run(folder, { ...given, endpoint }));
    expect(failure.code).toBe(code);
    expect(await filesBelow(folder.path)).toEqual(before);
  });

  test('suggests the probably intended endpoint', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('db/.dolt/noms'), { recursive: true });
    const failure = await refusal(() => run(folder, { endpoint: './box' }));
    expect(failure.hint).toContain(`Did you mean \`file://${folder.file('box')}\`?`);
  });

  test('names the databases if there are two, or says that there is none', async () => {
    await using folder = await tempFolder();
    const none = await refusal(() => run(folder, { endpoint: 'file:///x' }));
    expect(none).toMatchObject({ code: 'no-database', hint: expect.stringContaining('dolt init') });
    for (const name of ['one', 'two']) await mkdir(folder.file(name, '.dolt/noms'), { recursive: true });
    const two = await refusal(() => run(folder, { endpoint: 'file:///x' }));
    expect(two).toMatchObject({ code: 'no-database', message: expect.stringContaining('one, two') });
  });
});

/** Runs `init` on a terminal on which these lines are typed. */
async function typed(folder: TempFolder, lines: readonly string[], given: Partial<InitRequest> = {}) {
  await mkdir(folder.file('tmp'), { recursive: true });
  const [input, output] = [new PassThrough(), new PassThrough()];
  const shown = wholeText(output);
  const prompt = () => promptOn({ input, output, signal: new AbortController().signal });
  input.end(lines.map((line) => `${line}\n`).join(''));
  const ended = await init({ ...NOTHING_GIVEN, ...given }, { ...contextOf(folder), prompt }).then(
    (result) => ({ result, failure: null }),
    (failure: unknown) => ({ result: null, failure }),
  );
  output.end();
  return { ...ended, shown: await shown };
}

describe('init in a terminal', () => {
  test('asks for the database, the kind of endpoint, the endpoint and the name', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('db'));
    const { result, shown } = await typed(folder, ['', '4', `file://${folder.file('box')}`, 'north']);
    expect(result).toMatchObject({
      database: folder.file('db'),
      endpoint: `file://${folder.file('box')}`,
      town: 'north',
    });
    expect(shown).toMatch(/Folder of the database, [^\n]* \[db\]: /);
    expect(shown).toMatch(/^ {2}3 {2}S3 +s3:\/\/BUCKET\/PATH$/m);
  });

  test('repeats a question after an invalid answer, and says why', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('db'));
    const answers = [
      'dbb',
      'db',
      '9',
      '5',
      `file://${folder.file('db')}`,
      'https://dolt.example/x',
      'maybe',
      'no',
      'a b',
      'north',
    ];
    const { result, shown } = await typed(folder, answers);
    expect(result).toMatchObject({ endpoint: 'https://dolt.example/x', peer: 'mailbox', town: 'north' });
    expect(await configOf(folder)).toContain('      live: false\n');
    expect(shown).toContain('Did you mean `db`?');
    expect(shown).toContain('"9" is not one of 1 to 5');
    expect(shown).toContain('working Dolt database');
    expect(shown).toContain('"maybe" is neither yes nor no');
    expect(shown).toContain('the name "a b" is not allowed');
  });

  test('asks for the settings that S3 needs', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('db'));
    await typed(folder, ['', '3', 's3://my-bucket/issues', 'eu-central-1', 'manifests', 'north']);
    expect(await configOf(folder)).toContain('region: eu-central-1\n        dynamodb-table: manifests\n');
  });

  test('does not ask for values that were given', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('db'));
    const given = { database: 'db', endpoint: `file://${folder.file('box')}`, name: 'north' };
    const { result, shown } = await typed(folder, [], given);
    expect(result).toMatchObject({ status: 'created' });
    expect(shown).toBe('');
  });

  test.each([
    ['the end of the input', ['', '4']],
    ['too many invalid answers', ['', '6', '7', '8', '9', '10', '4']],
  ])('writes nothing after %s', async (_, lines) => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('db'));
    const { failure } = await typed(folder, lines);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^(interrupted|bad-usage)$/) });
    await expect(configOf(folder)).rejects.toThrow('ENOENT');
  });
});
