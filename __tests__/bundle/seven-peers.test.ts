import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { runResultSchema } from '../../src/contract/result.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { secretTexts } from '../../src/credentials/secret-texts.ts';
import { makeBeadsDatabase } from '../helpers/beads-database.ts';
import { command } from '../helpers/commanding.ts';
import { openTestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { endRemotes, GUIDE, jobEnvironment, startRemotes } from '../helpers/endpoint-forms.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { filesWith } from '../helpers/files-below.ts';
import { watchCommandLines } from '../helpers/processes.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const NAMES = ['hub', 'bucket', 'store', 'mailbox', 'live', 'far', 'repository'] as const;

test('one sync brings peers of seven endpoint forms to one head, from the command line and as a step, and leaks no secret', async () => {
  await using folder = await tempFolder();
  const runner = await fakeRunner(folder);
  const local = await makeBeadsDatabase(join(runner.workspace, 'local'));
  const forms = Object.values(GUIDE).map((form, index) => [NAMES[index] ?? '', form] as const);
  const remotes = await startRemotes(folder, local.path, forms);
  try {
    const env = await jobEnvironment(folder, remotes.values());
    const named = [...remotes].map(([name, { peer, credentials }]) => ({ name, peer, credentials }));
    const peers = Object.fromEntries(named.map(({ name, peer }) => [name, peer]));
    const written = named.filter(({ credentials }) => credentials !== null);
    const credentials = Object.fromEntries(written.map(({ name, credentials }) => [name, credentials]));
    const dolthubHost = remotes.get('hub')?.dolthubHost ?? '';
    const secrets = secretTexts(parseCredentials({ text: stringify(credentials), name: 'c' }, {}));
    const atHead = (head: string) =>
      NAMES.toSorted().map((name) => ({ name, error: null, verified: true, remoteHead: head }));

    const first = await local.commit('third', "INSERT INTO issues VALUES ('bd-3', 'third', 'open', 'here', NULL)");
    const request = { env, overrides: { dolthubHost }, credentials: { text: stringify(credentials) }, parallel: 8 };
    const core = await command(folder, stringify(peers), { ...request, database: local.path });
    expect(core.result.peers).toMatchObject(atHead(first));

    const second = await local.commit('fourth', "INSERT INTO issues VALUES ('bd-4', 'fourth', 'open', 'here', NULL)");
    await writeFile(join(runner.workspace, 'federation.yaml'), stringify({ federation: { peers } }));
    const { 'ssh-key': sshKey, ...far } = { 'ssh-key': '', ...credentials['far'] };
    const inputs = {
      ...{ database: 'local', config: 'federation.yaml', 'dolt-path': testDolt(), 'dolthub-host': dolthubHost },
      credentials: stringify({ ...credentials, far: { ...far, 'ssh-key': { env: 'FAR_KEY' } } }),
      'report-values': 'full',
    };
    const watch = watchCommandLines();
    const step = await runner.main({ inputs, env: { ...env, FAR_KEY: String(sshKey) } });
    const commandLines = await watch.end();
    const result = runResultSchema.parse(JSON.parse(step.outputs['result'] ?? ''));
    expect(result.peers).toMatchObject(atHead(second));
    expect(result.peers.map(({ pushedCommits }) => pushedCommits)).toEqual(NAMES.map(() => 1));
    expect(step.exitCode).toBe(0);

    // A fresh clone of each remote has the same head.
    const look = await command(folder, stringify(peers), {
      ...{ ...request, command: 'pull', database: 'look', bootstrap: 'repository' },
    });
    expect(look.result.peers).toMatchObject(atHead(second).map((peer) => ({ ...peer, state: 'up-to-date' })));
    const tables = await openTestDatabase(folder.file('look')).rows('SHOW TABLES');
    expect(tables).not.toContainEqual({ [`Tables_in_look`]: 'wisps' });

    // Every secret is masked before anything else is printed, and does not appear anywhere else.
    const masked = step.commands.filter(({ command }) => command === 'add-mask').map(({ message }) => message);
    expect([...secrets].filter((secret) => !masked.includes(secret))).toEqual([]);
    const log = step.stdout
      .split('\n')
      .filter((line) => !line.startsWith('::add-mask::'))
      .join('\n');
    const said = [log, step.summary, ...Object.values(step.outputs), ...Object.values(step.state), ...commandLines];
    const shown = (text: string) => [...secrets].filter((secret) => text.includes(secret.trim()));
    expect(said.flatMap(shown)).toEqual([]);
    expect([...commandLines].some((line) => line.includes('dolt sql-server'))).toBe(true);
    for (const place of [runner.workspace, runner.temp, folder.file('home'), folder.file('tmp'), folder.file('look')]) {
      expect(await filesWith(place, secrets)).toEqual([]);
    }
    // The same search finds them in the files that contain them.
    expect((await filesWith(folder.file('servers'), secrets)).length).toBeGreaterThan(0);
    const end = await runner.post(step.state);
    expect(end.exitCode).toBe(0);
    expect(await readdir(folder.file('home'))).toEqual([]);
    expect((await readdir(runner.temp)).filter((name) => !name.startsWith('dolt-federation'))).toEqual([]);
  } finally {
    await endRemotes([...remotes.values()]);
  }
}, 300_000);
