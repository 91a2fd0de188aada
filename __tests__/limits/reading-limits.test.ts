import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { resolve } from '../../src/commands/resolve.ts';
import type { Peer } from '../../src/config/configuration.ts';
import { ACCEPTS } from '../../src/contract/vocabulary.ts';
import { Failure } from '../../src/core/failure.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import { findUnresolved } from '../../src/resolve/unresolved-rows.ts';
import { conflictOf, type ResolvedRow } from '../../src/rows/resolved-row.ts';
import { attributeAll } from '../../src/sync/merge/attribute.ts';
import { mergeLimit } from '../../src/sync/merge/limits.ts';
import { newPeerPlan } from '../../src/sync/peer-plan.ts';
import { newPeerProgress } from '../../src/sync/peer-progress.ts';
import { clash } from '../helpers/clash.ts';
import { command } from '../helpers/commanding.ts';
import { commandContext } from '../helpers/configuring.ts';
import { cloneDatabase, makeEmptyDatabase, openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { federateDatabase, filePeer, withEngines } from '../helpers/federating.ts';
import { largeConflicts } from '../helpers/loads.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

/** Long for what these databases hold, short for a test. */
const MERGE_TIMEOUT_MS = 2_000;

const by = (name: string) =>
  `CALL DOLT_COMMIT('-A', '--allow-empty', '-m', '${name}', '--author', '${name} <${name}@example.org>')`;

/** Commits of three databases on a first commit; the last two push them to mailboxes of their own. */
async function three(
  folder: TempFolder,
  first: string[],
  own: Readonly<Record<string, string[]>>,
): Promise<TestDatabase> {
  const local = await makeEmptyDatabase(folder.file('local'));
  const seed = `file://${folder.file('seed')}`;
  if (first.length > 0) await local.sql(...first, by('first'));
  await local.sql(`CALL DOLT_REMOTE('add', 'seed', '${seed}')`, "CALL DOLT_PUSH('seed', 'main')");
  for (const name of ['hostile', 'honest']) {
    const other = await cloneDatabase(seed, folder.file(name));
    const url = `file://${folder.file(`${name}.box`)}`;
    await other.sql(...(own[name] ?? []), by(name), `CALL DOLT_REMOTE('add', 'box', '${url}')`);
    await other.sql("CALL DOLT_PUSH('box', 'main')");
  }
  await local.sql("CALL DOLT_REMOTE('remove', 'seed')", ...(own['local'] ?? []), by('local'));
  return local;
}

/** A row that sleeps when it is read. Only a merge can create it, because every other statement would sleep too. */
const SLEEPER = [
  'CREATE TABLE items (id INT PRIMARY KEY, n INT)',
  'INSERT INTO items VALUES (1, 0)',
  by('hostile'),
  "CALL DOLT_CHECKOUT('-b', 'side')",
  'UPDATE items SET n = 3600',
  by('hostile'),
  "CALL DOLT_CHECKOUT('main')",
  'ALTER TABLE items ADD COLUMN title VARCHAR(40) AS (CONCAT(sleep(n))) VIRTUAL',
  by('hostile'),
  "CALL DOLT_MERGE('side', '--author', 'hostile <hostile@example.org>')",
];

const peers = (folder: TempFolder) =>
  ['hostile', 'honest'].map((name) => ({ ...filePeer(name, folder.file(`${name}.box`)), accept: ACCEPTS }));

test('a column that sleeps when read does not stop the comparison of histories, and the other peer is served', async () => {
  await using folder = await tempFolder();
  // Without a table in common, rows of both sides are compared before anything is checked.
  const local = await three(folder, [], {
    local: [
      'CREATE TABLE items (id INT PRIMARY KEY, n INT, title VARCHAR(40))',
      "INSERT INTO items VALUES (1, 3600, '0')",
    ],
    hostile: SLEEPER,
    honest: ['CREATE TABLE others (id INT PRIMARY KEY)', 'INSERT INTO others VALUES (1)'],
  });
  const done = await federateDatabase({
    local: local.path,
    tempDir: folder.file('tmp'),
    peers: peers(folder),
    options: { mergeTimeoutMs: MERGE_TIMEOUT_MS },
  });
  expect(done.run('hostile')).toMatchObject({
    state: 'unknown',
    failure: { code: 'timeout', message: expect.stringMatching(/^comparing .* within 2s/) },
  });
  expect(done.run('honest')).toMatchObject({ failure: null, verified: true });
  expect(await local.rows('SELECT id FROM others')).toEqual([{ id: 1 }]);
});

test('the search for the peer of a conflict has a time limit, and a head that is slow to read passes it', async () => {
  await using folder = await tempFolder();
  const items = (name: string) => [`CREATE TABLE items (id INT PRIMARY KEY, n INT, title VARCHAR(40))`, by(name)];
  const honest = [...items('honest'), 'INSERT INTO items (id, n) VALUES (2, 2)'];
  const local = await three(folder, [], { local: [], hostile: SLEEPER, honest });
  const boxes = ['hostile', 'honest'] as const;
  for (const name of boxes)
    await local.sql(
      `CALL DOLT_REMOTE('add', '${name}', 'file://${folder.file(`${name}.box`)}')`,
      `CALL DOLT_FETCH('${name}')`,
    );
  const [hostile = '', sound = ''] = await Promise.all(boxes.map((name) => openTestDatabase(folder.file(name)).head()));
  await local.sql(...items('ours'));
  const ours = await local.head();
  const row = (id: string): ResolvedRow => ({
    kind: 'changed',
    table: 'items',
    key: { id },
    columns: ['n'],
    base: null,
    ours: { n: '1' },
    theirs: { n: '2' },
    wins: [],
    left: false,
  });
  const conflicts = [row('1'), row('2')].map((one) =>
    conflictOf(one, { heads: { ours, theirs: sound }, swapped: false }),
  );
  await withEngines(local.path, folder.file('tmp'), (engines) =>
    engines.use(NO_CREDENTIALS, async (engine) => {
      const among = (...onto: string[]) => {
        // Only the second head that is read is slow.
        const times = [60_000, 100];
        const limits = { of: () => mergeLimit('reporting', times.shift() ?? 0), unreportable: new Map() };
        return attributeAll(engine, { steps: [{ head: ours, onto, conflicts }], ours, parts: new Map(), limits });
      };
      expect(await among(sound, hostile, ours)).toMatchObject({
        kind: 'unreportable',
        head: hostile,
        failure: { code: 'timeout', message: expect.stringMatching(/^reporting/) },
      });
      // The rows of the last head are not read.
      expect(await among(sound, hostile)).toMatchObject({ conflicts: [{ head: hostile }, { head: sound }] });
    }),
  );
});

const DIVERGED = { state: 'diverged', ahead: 1, behind: 1, otherMakers: null, rewritten: null } as const;

test('rows of one peer that cannot be read in time do not exclude other peers from the conflicts file', async () => {
  await using folder = await tempFolder();
  const { local, peers, other } = await clash(folder);
  const { result } = await command(folder, peers, { overrides: { strategy: 'manual' } });
  expect(result.peers).toMatchObject([{ error: { code: 'conflict' } }]);
  const peer: Peer = { ...filePeer('box', folder.file('box')), strategy: 'manual' };
  const progress = newPeerProgress(newPeerPlan({ peer, actions: null, branch: 'main' }));
  progress.compared({ ...DIVERGED, head: await other.head() });
  progress.fail(new Failure('conflict', 'as before'));
  const at = { head: await local.head() };
  await withEngines(local.path, folder.file('tmp'), async (engines) => {
    const late = await findUnresolved(engines, [progress], { ...at, rules: BEADS_RULES, mergeTimeoutMs: 1 });
    expect([...late.unread.values()]).toMatchObject([{ code: 'timeout' }]);
    expect(late.merges).toEqual([]);
    const found = await findUnresolved(engines, [progress], { ...at, rules: BEADS_RULES, mergeTimeoutMs: 60_000 });
    expect(found).toMatchObject({ merges: [{ peer: 'box', rows: [{ table: 'items' }] }], unread: new Map() });
  });
});

test('`resolve` that exceeds its limit moves no branch and keeps the choices', async () => {
  await using folder = await tempFolder();
  const { local, peers } = await clash(folder);
  const overrides = { peers, strategy: 'manual' } as const;
  const { result } = await command(folder, peers, { overrides });
  const file = result.conflictsPath ?? '';
  const chosen = (await readFile(file, 'utf8')).replace(/^( *)choose:.*$/m, '$1choose: theirs');
  await writeFile(file, chosen);
  const before = await local.head();
  const resolving = (mergeTimeout: number) =>
    resolve(
      {
        file,
        maxDelete: 50,
        mergeTimeout,
        database: folder.file('local'),
        overrides,
        dolt: { source: 'release', path: testDolt() },
      },
      commandContext(folder.path),
    );
  expect(await failureOf(() => resolving(1))).toMatchObject({
    code: 'timeout',
    message: expect.stringMatching(/^checking/),
  });
  expect(await local.head()).toBe(before);
  expect(await readFile(file, 'utf8')).toBe(chosen);
  expect(await resolving(60_000)).toMatchObject({ status: 'success', rows: 1 });
});

test('a conflicts file over its size limit is not written, the run reports it, and the other peer is served', async () => {
  await using folder = await tempFolder();
  const load = await largeConflicts(folder, { rows: 17, bytes: 4 * 1024 * 1024 });
  const { result } = await command(folder, load.peers('conflict: manual'));
  expect(result.peers).toMatchObject([
    { name: 'honest', verified: true },
    { name: 'hostile', error: { code: 'conflict' } },
  ]);
  expect(result.conflictsPath).toBeUndefined();
  expect(result.problems).toContainEqual(
    expect.objectContaining({ code: 'conflicts-file-unwritten', message: expect.stringContaining('64 MiB') }),
  );
});
