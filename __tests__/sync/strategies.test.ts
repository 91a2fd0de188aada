import { cp, mkdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { ConflictStrategy } from '../../src/contract/vocabulary.ts';
import { openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { federateDatabase, filePeer } from '../helpers/federating.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** Databases that begin as copies of one; each commits its statements, and a copy of it is its mailbox. */
async function databases(
  folder: TempFolder,
  edits: Readonly<Record<string, string>>,
): Promise<Map<string, TestDatabase>> {
  const base = openTestDatabase(folder.file('base'));
  await mkdir(base.path);
  await base.dolt('init', '-b', 'main', '--name', 'Ann', '--email', 'ann@example.org');
  await base.sql(
    'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9), updated_at DATETIME)',
    "INSERT INTO t VALUES (1, 'old', 'old', '2026-01-01'), (2, 'old', 'old', '2026-01-01')",
    "CALL DOLT_COMMIT('-A', '-m', 'base')",
  );
  const made = new Map<string, TestDatabase>();
  for (const [name, edit] of Object.entries(edits)) {
    await cp(base.path, folder.file(name), { recursive: true });
    const local = openTestDatabase(folder.file(name));
    await local.sql(
      edit,
      `CALL DOLT_COMMIT('-A', '-m', '${name}')`,
      `CALL DOLT_REMOTE('add', 'own', 'file://${folder.file(`${name}.box`)}')`,
      "CALL DOLT_PUSH('own', 'main')",
    );
    made.set(name, local);
  }
  return made;
}

const set = (cells: string, day: string) => `UPDATE t SET ${cells}, updated_at = '2026-01-${day}' WHERE id = 1`;

function sync(folder: TempFolder, local: string, peers: Readonly<Record<string, ConflictStrategy>>) {
  return federateDatabase({
    local: folder.file(local),
    tempDir: folder.file('tmp'),
    peers: Object.entries(peers).map(([name, strategy]) => ({
      ...filePeer(name, folder.file(`${name}.box`), 'upstream'),
      strategy,
    })),
  });
}

test('three heads in conflict end in one commit from every database, and each conflict is reported for its peer', async () => {
  await using folder = await tempFolder();
  const made = await databases(folder, {
    // A row with cells of two databases would exist in neither, and which rows meet first depends on the hashes.
    a: set("a = 'a', b = 'a'", '04'),
    b: set("a = 'b', b = 'b'", '03'),
    c: set("a = 'c', b = 'c'", '02'),
  });
  const heads = new Set<string>();
  for (const local of ['a', 'b', 'c']) {
    const others = ['c', 'b', 'a'].filter((name) => name !== local);
    const outcome = await sync(folder, local, Object.fromEntries(others.map((name) => [name, 'newest'])));
    heads.add(outcome.head);
    expect(outcome.merge).toEqual({ protocol: 2, deterministic: true, because: null, commits: 2 });
    const reported = outcome.allProgress.flatMap(({ peer, conflicts }) =>
      conflicts.map((one) => ({ ...one, peer: peer.name })),
    );
    expect(reported).toHaveLength(2);
    for (const { peer, theirs, ours, between } of reported) {
      if (between.length === 0) expect(theirs?.['a']).toBe(peer);
      else expect([...between, peer].sort()).toEqual([ours?.['a'], theirs?.['a']].sort());
    }
  }
  expect(heads.size).toBe(1);
  expect(await made.get('c')?.rows('SELECT a, b FROM t WHERE id = 1')).toEqual([{ a: 'a', b: 'a' }]);
});

test('peers with their own strategy are merged last, sorted by name, and ours is the result so far', async () => {
  await using folder = await tempFolder();
  const made = await databases(folder, {
    local: set("a = 'local'", '02'),
    newer: set("a = 'newer', b = 'newer'", '03'),
    theirs: set("a = 'theirs'", '01'),
    ours: set("a = 'ours', b = 'ours'", '09'),
    asks: `${set("b = 'asks'", '09')}; INSERT INTO t VALUES (7, 'asks', '', NULL)`,
  });
  const outcome = await sync(folder, 'local', { theirs: 'theirs', ours: 'ours', newer: 'newest', asks: 'manual' });
  expect(await made.get('local')?.rows('SELECT a, b FROM t WHERE id = 1')).toEqual([{ a: 'theirs', b: 'newer' }]);
  expect(await made.get('local')?.rows('SELECT id FROM t WHERE id = 7')).toEqual([]);
  expect(outcome.merge).toEqual({ protocol: 2, deterministic: false, because: 'strategy', commits: 3 });
  expect(outcome.run('asks').failure?.code).toBe('conflict');
  expect(outcome.run('asks').conflicts).toMatchObject([
    { columns: ['b', 'updated_at'], ours: { b: 'newer' }, left: true },
  ]);
  expect(outcome.run('ours').conflicts[0]?.resolution).toBe('ours (strategy)');
  for (const name of ['theirs', 'ours', 'newer'])
    expect(outcome.run(name)).toMatchObject({ verified: true, failure: null });
});

test('a head that merges without a conflict is taken under manual', async () => {
  await using folder = await tempFolder();
  const made = await databases(folder, { local: 'CREATE TABLE u (id INT PRIMARY KEY)', asks: set("b = 'asks'", '09') });
  const outcome = await sync(folder, 'local', { asks: 'manual' });
  expect(outcome.run('asks').failure).toBeNull();
  expect(await made.get('local')?.rows('SELECT b FROM t WHERE id = 1')).toEqual([{ b: 'asks' }]);
});
