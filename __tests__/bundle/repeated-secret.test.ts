import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { commandLine, startCli } from '../helpers/bundled-cli.ts';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { filesWith } from '../helpers/files-below.ts';
import { startRecordingServer } from '../helpers/servers/recording-server.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** No pattern takes it for a secret. */
const SECRET = 'plain words/of ours';
const SPELLINGS = [SECRET, encodeURIComponent(SECRET), Buffer.from(`x-access-token:${SECRET}`).toString('base64')];
const shown = (text: string) => [SECRET.slice(6), ...SPELLINGS].filter((one) => text.includes(one));
const REPEATED = 'no rights for ***, for ***, or for ***; wrong password: ***';
const AWS_KEY = 'a-key-of-the-job';

describe('a secret that a peer repeats, bare, in its reason for a refusal', () => {
  test('does not appear in the output of the command line', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    await using host = await startRecordingServer({ repeats: true });
    const file = folder.file('credentials.yaml');
    await writeFile(file, stringify({ p: { url: host.url, 'git-token': SECRET } }), { mode: 0o600 });
    const words = await commandLine(folder, 'sync', { p: `${host.url}/org/repo.git` });
    const { stdout, stderr } = await startCli(folder, [...words, '--credentials', file, '--verbose']);
    expect(JSON.parse(stdout).peers).toMatchObject([{ error: { code: 'auth' } }]);
    expect(stderr).toContain(REPEATED);
    expect(shown(stdout + stderr)).toEqual([]);

    const plain = words.filter((word) => word !== '--json');
    const terminal = await startCli(folder, [...plain, '--credentials', file]);
    expect(terminal.stdout).toContain('p refused the credentials');
    expect(shown(terminal.stdout + terminal.stderr)).toEqual([]);
  });

  test.each([
    ['an entry', { peers: '/org/repo.git', entry: true }],
    ["the workflow's own token", { peers: '/org/own.git', entry: false }],
  ])('does not appear in any output, summary, annotation or file of a step, with %s', async (_, { peers, entry }) => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    await makeDatabase(join(runner.workspace, 'local'));
    await using host = await startRecordingServer({ repeats: true });
    const credentials = stringify({ p: { url: host.url, 'git-token': SECRET } });
    const step = await runner.main({
      inputs: {
        ...{ database: 'local', peers: `p: ${host.url}${peers}`, 'dolt-path': testDolt() },
        ...(entry ? { credentials } : { 'github-token': SECRET }),
      },
      env: { GITHUB_SERVER_URL: host.url, GITHUB_REPOSITORY: 'org/own', AWS_SECRET_ACCESS_KEY: AWS_KEY },
    });
    expect(step.exitCode).toBe(1);
    const masked = step.commands.filter(({ command }) => command === 'add-mask').map(({ message }) => message);
    expect(masked).toEqual(expect.arrayContaining([...SPELLINGS, AWS_KEY]));
    expect(JSON.parse(step.outputs['result'] ?? '').peers[0].error.code).toBe('auth');
    expect(step.stdout).toContain(REPEATED);
    const log = step.stdout.split('\n').filter((line) => !line.startsWith('::add-mask::'));
    expect([...log, step.summary, ...Object.values(step.outputs), ...Object.values(step.state)].flatMap(shown)).toEqual(
      [],
    );
    expect(await filesWith(runner.temp, new Set(SPELLINGS))).toEqual([]);
  });

  test('does not appear in the error of a first clone', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    await using host = await startRecordingServer({ repeats: true });
    const step = await runner.main({
      inputs: {
        remote: `${host.url}/org/repo.git`,
        credentials: stringify({ origin: { url: host.url, 'git-token': SECRET } }),
        'dolt-path': testDolt(),
      },
    });
    expect(step.exitCode).not.toBe(0);
    expect(JSON.parse(step.outputs['result'] ?? '').error.message).toContain(REPEATED);
    expect([step.summary, ...Object.values(step.outputs)].flatMap(shown)).toEqual([]);
    expect(step.commands.filter(({ command }) => command === 'error').flatMap(({ message }) => shown(message))).toEqual(
      [],
    );
    expect(await filesWith(runner.temp, new Set(SPELLINGS))).toEqual([]);
  });
});
