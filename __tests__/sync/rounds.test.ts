import { expect, test } from '@jest/globals';
import { execaSync } from 'execa';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabaseOf, remoteHead, type TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** Enough that one of them is below nearly every other hash. */
const CANDIDATES = 200;
const PUSH = "CALL DOLT_PUSH('origin', 'main')";
const CREATE = 'CREATE TABLE t (id INT PRIMARY KEY, title VARCHAR(20), source_system VARCHAR(20))';

/*
 * The result of the first round is at the peers that took it when another peer moves to a head that fits ours but not theirs,
 * and whose hash is lower.
 */
test('a peer that moves during a run displaces none that was served, and none is blamed for what was sent to it', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabaseOf(
    folder.file('local'),
    CREATE,
    'CREATE TABLE u (id INT PRIMARY KEY)',
    "INSERT INTO t VALUES (1, 'one', 'here')",
    "CALL DOLT_COMMIT('-A', '-m', 'base')",
  );
  const names = ['brings', 'plain', 'trusted', 'moves'];
  const url = (name: string) => `file://${folder.file(`${name}-box`)}`;
  for (const name of names) await local.publish(url(name));
  const [brings, , trusted, moves] = await Promise.all(
    names.map(async (name) => await cloneDatabase(url(name), folder.file(name))),
  );
  const commit = (...statements: string[]) => [...statements, "CALL DOLT_COMMIT('-A', '-m', 'theirs')"];
  await brings?.sql(
    ...commit('CREATE TRIGGER fires BEFORE INSERT ON u FOR EACH ROW SET NEW.id = NEW.id', 'ALTER TABLE u ADD c INT'),
    PUSH,
  );
  await trusted?.sql(...commit("INSERT INTO t VALUES (2, 'two', 'there')"), PUSH);
  await moves?.sql(...commit("INSERT INTO t VALUES (50, 'theirs', 'moves')"), PUSH);
  await local.commit('ours', "INSERT INTO t VALUES (50, 'ours', 'here')");
  await moves?.sql(
    ...commit('ALTER TABLE u ADD c VARCHAR(30)'),
    "CALL DOLT_BRANCH('lowest')",
    ...Array.from({ length: CANDIDATES }, (_, n) => `CALL DOLT_COMMIT('--amend', '-m', 'theirs ${n}')`),
  );
  const amended = await moves?.rows("SELECT commit_hash FROM dolt_commits WHERE message LIKE 'theirs %'");
  const lowest = (amended ?? []).map((row) => String(row['commit_hash'])).sort()[0] ?? '';
  await moves?.sql(`CALL DOLT_RESET('--hard', '${lowest}')`);

  let moved = false;
  // It blocks our process, so that no push of ours comes before it.
  const move = () => {
    moved = true;
    const env = { DOLT_ROOT_PATH: folder.file('.test-dolt'), HOME: folder.path };
    execaSync(testDolt(), ['sql', '-q', PUSH], { cwd: folder.file('moves'), env });
  };
  const peers = {
    brings: { endpoint: url('brings'), accept: ['triggers'] },
    plain: { endpoint: url('plain') },
    trusted: { endpoint: url('trusted'), trust: ['there'] },
    moves: { endpoint: url('moves') },
  };
  const { result } = await command(folder, stringify(peers), {
    onEvent: ({ peer, step }) => {
      if (peer === 'moves' && step === 'pushing' && !moved) move();
    },
  });
  const found = result.peers.map(({ name, verified, error }) => [name, verified, error?.code]);
  expect(found).toEqual([
    ['brings', true, undefined],
    ['moves', false, 'schema-conflict'],
    ['plain', true, undefined],
    ['trusted', true, undefined],
  ]);
  const head = await local.head();
  for (const name of ['brings', 'plain', 'trusted'])
    expect([name, await remoteHead(url(name), folder.file('look', name))]).toEqual([name, head]);
  expect(await local.rows('SELECT id, title FROM t WHERE id <> 1 ORDER BY id')).toEqual([
    { id: 2, title: 'two' },
    { id: 50, title: 'theirs' },
  ]);
  // The merge with the first head of this peer stays, and so does the row that it removed in the report.
  const [lost] = result.peers.find(({ name }) => name === 'moves')?.conflicts ?? [];
  expect(lost).toMatchObject({ kind: 'id-collision', key: { id: '50' }, ours: { title: 'ours' }, left: true });
  const before = await local.rows(`SELECT title FROM t AS OF '${lost?.lost?.commit}' WHERE id = 50`);
  expect(before).toEqual([{ title: 'ours' }]);
});

test('a run that ends before our branch moves leaves no peers that wait for each other', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabaseOf(folder.file('local'), CREATE, "CALL DOLT_COMMIT('-A', '-m', 'base')");
  const url = (name: string) => `file://${folder.file(`${name}-box`)}`;
  const others = new Map<string, TestDatabase>();
  for (const [index, name] of ['a', 'b'].entries()) {
    await local.publish(url(name));
    const other = await cloneDatabase(url(name), folder.file(name));
    await other.commit('theirs', `INSERT INTO t VALUES (${index}, 'row', '${name}')`);
    await other.sql(PUSH);
    others.set(name, other);
  }
  await local.commit('ours', "INSERT INTO t VALUES (5, 'ours', 'here')");
  const peers = stringify({
    a: { endpoint: url('a'), trust: ['a'] },
    b: { endpoint: url('b'), trust: ['b'] },
  });
  const ending = new AbortController();
  await command(folder, peers, {
    signal: ending.signal,
    onEvent: ({ step }) => {
      if (step === 'verifying') ending.abort();
    },
  });
  const reached = await remoteHead(url('a'), folder.file('look', 'local'));
  expect(await local.head()).not.toBe(reached);

  // Something else on top of it is checked as a change of its peer.
  await others.get('b')?.sql("CALL DOLT_PULL('origin', 'main')");
  await others.get('b')?.commit('more', "INSERT INTO t VALUES (9, 'row', 'a')");
  await others.get('b')?.sql(PUSH);
  await local.commit('meanwhile', "INSERT INTO t VALUES (6, 'ours', 'here')");
  const next = await command(folder, peers);
  expect(next.result.peers.map(({ name, error }) => [name, error?.code])).toEqual([
    ['a', undefined],
    ['b', 'peer-untrusted'],
  ]);
  expect(await local.rows('SELECT id FROM t ORDER BY id')).toEqual([0, 1, 5, 6].map((id) => ({ id })));
});
