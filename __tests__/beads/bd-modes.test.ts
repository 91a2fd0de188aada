import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { checkDatabase } from '../../src/commands/doctor/database-check.ts';
import { listUnregistered } from '../../src/commands/list-peers.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import type { Env } from '../../src/core/env.ts';
import { type CommandOptions, command } from '../helpers/commanding.ts';
import { commandContext } from '../helpers/configuring.ts';
import { cloneDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { type Bd, bdWorkspace } from '../helpers/servers/bd.ts';
import { serverProgram } from '../helpers/servers/server-program.ts';
import { testPort } from '../helpers/servers/test-port.ts';
import { below, type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const FOUND = { database: undefined, ceiling: null } as const;
/** An issue with values that the JSON of Go or of Dolt writes in a form of its own. */
const NEW_ISSUE = [
  String.raw`INSERT INTO issues (id, title, description, design, acceptance_criteria, notes, metadata, waiters) VALUES ('north-far', 'theirs', '', '', '', '', '{"b": [1, 2.50], "a": 1e30}', '["a", null, "\\ud800"]')`,
  String.raw`INSERT INTO dependencies (id, issue_id, depends_on_issue_id, type, created_by, metadata) SELECT 'x', 'north-far', id, 'blocks', 'Ann', '{"bb": [1, 2.50, 1e30, -0], "a": {"c": "<, : \\u2028>"}}' FROM issues WHERE title = 'ours'`,
];
/** The local events of bd refer to it. */
const DELETED_ISSUE = "DELETE FROM issues WHERE title = 'gone'";
/** bd can read no such time from a server. */
const FIRST_YEAR = "UPDATE issues SET created_at = '0001-01-01', started_at = '0001-01-01' WHERE id = 'north-far'";

/** A copy has the notes of bd about the server of the original, which its run must not use. */
async function copyIsApart(folder: TempFolder): Promise<void> {
  await cp(folder.file('repo'), folder.file('copy'), { recursive: true });
  const { result, log } = await command(below(folder, 'copy'), '', FOUND);
  expect(result).toMatchObject({ database: folder.file('copy', '.beads', 'dolt', 'north'), status: 'unchanged' });
  expect(log.filter((message) => message.startsWith('working through the server'))).toEqual([]);
}

/** A fresh checkout has no database. bd works in the clone, although it has no local tables yet. */
async function freshCheckoutIsCloned(folder: TempFolder, bd: Bd): Promise<void> {
  await mkdir(folder.file('fresh', '.beads'), { recursive: true });
  for (const name of ['metadata.json', 'config.yaml'])
    await cp(folder.file('repo', '.beads', name), folder.file('fresh', '.beads', name));
  const { result } = await command(below(folder, 'fresh'), '', FOUND);
  expect(result.problems).toContainEqual(
    expect.objectContaining({ code: 'cloned', hint: expect.stringContaining('bd migrate schema') }),
  );
  await cp(folder.file('fresh', '.beads', 'metadata.json'), folder.file('named', '.beads', 'metadata.json'));
  await cp(folder.file('fresh', '.beads', 'config.yaml'), folder.file('named', '.beads', 'config.yaml'));
  await command(below(folder, 'named'), '', { ceiling: null, database: '.beads/dolt/north', bootstrap: 'origin' });
  // Without the file, bd refuses every command.
  expect(await readFile(folder.file('named', '.beads', '.local_version'), 'utf8')).toBe('1.3.0\n');
  const there = bd.at(folder.file('fresh'));
  try {
    await there.ok('migrate', 'schema');
    expect(await there.titles()).toEqual(await bd.titles());
  } finally {
    await there.run('dolt', 'stop');
  }
}

/** The second project of a machine: its database is a new folder of the shared server, which is stopped. */
async function projectIsClonedForSharedServer(folder: TempFolder, bd: Bd, env: Env): Promise<void> {
  await bd.ok('dolt', 'stop');
  const text = await readFile(folder.file('repo', '.beads', 'metadata.json'), 'utf8');
  const there = folder.file('second', '.beads');
  await mkdir(there, { recursive: true });
  await writeFile(join(there, 'metadata.json'), text.replace('"north"', '"south"'));
  await cp(folder.file('repo', '.beads', 'config.yaml'), join(there, 'config.yaml'));
  const { result } = await command(below(folder, 'second'), '', { ...FOUND, env });
  expect(result).toMatchObject({ database: folder.file('shared', 'dolt', 'south'), status: 'unchanged' });
  const second = bd.at(folder.file('second'));
  await second.ok('dolt', 'start');
  await second.ok('migrate', 'schema');
  expect(await second.titles()).toEqual(await bd.titles());
}

/** The peers of bd itself, which it keeps as remotes and, with a user, in a table. */
async function peersOfBdAreListed(folder: TempFolder, bd: Bd): Promise<void> {
  await bd.ok('federation', 'add-peer', 'plain', 'https://plain.example/org/db');
  await bd.ok('federation', 'add-peer', 'named', 'https://named.example/org/db', '--user', 'me', '--password', 'p4ss');
  const context = { ...commandContext(folder.file('repo')), tempDir: folder.path };
  const listed = await listUnregistered({ overrides: {}, dolt: { source: 'release', path: testDolt() } }, context);
  expect(listed).toEqual([
    expect.objectContaining({ name: 'named', user: 'me', foundIn: ['remote', 'federation_peers'] }),
    expect.objectContaining({ name: 'plain', user: null, foundIn: ['remote'] }),
  ]);
}

/** The server behind it goes on and holds the database. Every run names the way out at once. */
async function killedProxyIsNamed(folder: TempFolder, env: Env): Promise<void> {
  const note = await readFile(folder.file('repo', '.beads', 'dolt', 'proxy.pid'), 'utf8');
  process.kill(Number(/"pid":(\d+)/.exec(note)?.[1]), 'SIGKILL');
  const refused = { code: 'database-in-use', hint: expect.stringContaining('`bd dolt stop`') };
  await expect(command(below(folder, 'repo'), '', { ...FOUND, env })).rejects.toMatchObject(refused);
  const peers = { ...commandContext(folder.file('repo')), tempDir: folder.path };
  const checked = await checkDatabase(
    { database: undefined, branch: undefined },
    await loadConfiguration(peers, {}),
    peers,
  );
  const lock = checked.checks.find(({ check }) => check === 'lock');
  expect(lock).toMatchObject({
    status: 'missing',
    message: expect.stringMatching(/the proxy of bd before it has ended$/),
  });
}

/** bd reads the database before and after a run in each mode, with and without a running server. */
test.each<[string, readonly string[], string]>([
  ['embedded', [], 'repo/.beads/embeddeddolt/north'],
  ['server', ['--server'], 'repo/.beads/dolt/north'],
  ['proxied-server', ['--proxied-server'], 'repo/.beads/dolt/north'],
  ['shared-server', ['--shared-server'], 'shared/dolt/north'],
])(
  'bd and the mailbox agree after each run in %s',
  async (mode, flags, place) => {
    await using folder = await tempFolder();
    const isShared = mode === 'shared-server';
    const env: Env = isShared
      ? { BEADS_SHARED_SERVER_DIR: folder.file('shared'), BEADS_DOLT_SERVER_PORT: String(await testPort()) }
      : {};
    const bd = await bdWorkspace(folder, flags, env);
    const path = folder.file(...place.split('/'));
    const stopping = {
      stopBd: true,
      env: { ...bd.env, ...env, PATH: `${dirname(serverProgram('BD'))}${delimiter}${bd.env['PATH']}` },
    };
    const sync = async (isServed: boolean, options: CommandOptions = { env }) => {
      const overrides = { syncMode: 'belt-and-suspenders' } as const;
      const { result, log } = await command(below(folder, 'repo'), '', { ...FOUND, overrides, ...options });
      expect(result).toMatchObject({ database: path, status: 'success', peers: [{ verified: true }] });
      expect(result.problems.filter(({ severity }) => severity !== 'notice')).toEqual([]);
      expect(log.some((message) => message.startsWith('working through the server'))).toBe(isServed);
      return result.peers[0];
    };
    const isServed = mode !== 'embedded';
    try {
      await bd.ok('create', 'gone', '--quiet');
      await sync(isServed);
      if (mode === 'proxied-server') await copyIsApart(folder);
      const other = await cloneDatabase(`file://${folder.file('box')}`, folder.file('other'));
      await other.commit('theirs', DELETED_ISSUE, ...NEW_ISSUE, ...(isServed ? [] : [FIRST_YEAR]));
      await other.publish(`file://${folder.file('box')}`);
      expect(await sync(isServed)).toMatchObject({ pulledCommits: 1 });
      expect(await bd.titles()).toEqual(['ours', 'theirs']);
      expect(await readFile(folder.file('repo', '.beads', 'issues.jsonl'), 'utf8')).toBe(`${await bd.ok('export')}\n`);
      await bd.ok('create', 'later', '--quiet');
      if (isServed) {
        const without = command(below(folder, 'repo'), '', { ...FOUND, env, stopBd: true });
        await expect(without).rejects.toMatchObject({
          code: 'database-in-use',
          hint: expect.stringContaining('Leave out `--stop-bd`'),
        });
      }
      if (mode === 'proxied-server' && process.platform === 'linux') await killedProxyIsNamed(folder, env);
      // In embedded mode there is no server, so nothing stops or starts.
      await sync(false, stopping);
      await other.dolt('pull', 'origin', 'main');
      expect(await other.rows('SELECT title FROM issues ORDER BY title')).toEqual(
        ['later', 'ours', 'theirs'].map((title) => ({ title })),
      );
      // bd does not start a shared server for a command that reads.
      if (isShared) await bd.ok('dolt', 'start');
      expect(await bd.titles()).toEqual(['later', 'ours', 'theirs']);
      expect(JSON.parse(await readFile(`${path}/.dolt/repo_state.json`, 'utf8')).remotes).toEqual({});
      if (mode === 'embedded') await peersOfBdAreListed(folder, bd);
      if (mode === 'server') await freshCheckoutIsCloned(folder, bd);
      if (isShared) await projectIsClonedForSharedServer(folder, bd, env);
    } finally {
      if (isServed) await bd.run('dolt', 'stop');
    }
  },
  150_000,
);
