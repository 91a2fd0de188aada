import { renameSync } from 'node:fs';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pack } from '../../../../src/caches/archive.ts';
import type { Context } from '../../../../src/commands/context.ts';
import { type Clone, cloneOrRestore } from '../../../../src/commands/prepare/cache/clone.ts';
import { ENTRY_FILE } from '../../../../src/commands/prepare/cache/entry.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { NO_CREDENTIALS } from '../../../../src/dolt/engine-credentials.ts';
import { ENGINE_MARK } from '../../../../src/dolt/server/processes.ts';
import { NOWHERE } from '../../../../src/egress/host-rule.ts';
import { cacheOfStep } from '../../../helpers/caching.ts';
import { commandContext } from '../../../helpers/commanding.ts';
import {
  cloneDatabase,
  makeDatabase,
  makeDatabaseOf,
  openTestDatabase,
  publishing,
  type TestDatabase,
} from '../../../helpers/database.ts';
import { testDolt } from '../../../helpers/dolt-binary.ts';
import { doltWithFsck } from '../../../helpers/replaced-fsck.ts';
import { startCacheService } from '../../../helpers/servers/cache-service.ts';
import { publishSwapped } from '../../../helpers/swapped-contents.ts';
import { type TempFolder, tempFolder } from '../../../helpers/temp-folder.ts';

const PREFIX = 'dolt-federation-database-test-';
const LIVE = new AbortController().signal;
/** The name of a table file. */
const UNNAMED = '0123456789abcdefghijklmnopqrstuv';

/** A primary with two branches and a tag, a clone of an earlier state, and its head. */
let world: TempFolder;
let home: TestDatabase;
let old: string;
let head: string;

beforeAll(async () => {
  world = await tempFolder();
  home = await makeDatabase(world.file('home'));
  old = await home.headAfter(
    ...["CALL DOLT_BRANCH('other')", "CALL DOLT_TAG('v1')"],
    ...['main', 'other', 'refs/tags/v1:refs/tags/v1'].flatMap((ref) => publishing(`file://${world.file('box')}`, ref)),
  );
  await cloneDatabase(`file://${world.file('box')}`, world.file('earlier'));
  await makeDatabaseOf(
    world.file('unrelated'),
    'CREATE TABLE others (id INT PRIMARY KEY)',
    "CALL DOLT_COMMIT('-Am', 'others')",
  );
  head = await home.headAfter(
    "INSERT INTO items VALUES (77, 'new', 'ann')",
    "CALL DOLT_COMMIT('-A', '-m', 'more')",
    ...publishing(`file://${world.file('box')}`),
  );
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

interface Poison {
  /** Changes the database whose files are stored. */
  readonly change?: (database: TestDatabase) => Promise<unknown>;
  /** Changes the files in the cache. */
  readonly spoil?: (noms: string) => Promise<unknown>;
  readonly describes?: (entry: { version: number; branch: string; head: string; cloneMs: number }) => unknown;
  readonly from?: () => string;
  /** Commands of a shell before `dolt fsck`. */
  readonly fsck?: string;
  /** Receives each line of the log when it is written. */
  readonly onLine?: (line: string) => void;
}

/** Stores a database as an attacker with access to the cache could, and starts a run that restores it. */
async function run(folder: TempFolder, poison: Poison, source = `file://${world.file('box')}`) {
  await using service = await startCacheService();
  const path = folder.file('stored');
  await cp(poison.from?.() ?? world.file('earlier'), path, { recursive: true });
  const stored = openTestDatabase(path);
  await poison.change?.(stored);
  const isEarlier = poison.from === undefined && poison.change === undefined;
  const entry = { version: 1, branch: 'main', head: isEarlier ? old : await stored.head(), cloneMs: 31_000 };
  const data = join(path, '.dolt');
  await poison.spoil?.(join(data, 'noms'));
  await writeFile(join(data, ENTRY_FILE), JSON.stringify(poison.describes?.(entry) ?? entry));
  const names = (await readdir(join(data, 'noms'))).filter((name) => name === 'manifest' || name.length >= 32);
  await pack(data, [ENTRY_FILE, ...names.map((name) => `noms/${name}`)], folder.file('entry'), LIVE);
  service.entries.set(`${PREFIX}1`, await readFile(folder.file('entry')));
  const lines: string[] = [];
  const says = (level: string) => (text: string) => {
    lines.push(`${level}: ${text}`);
    poison.onLine?.(text);
  };
  const log = { debug: (text: string) => poison.onLine?.(text), info: says('info'), warning: says('warning') };
  const context: Context = { ...commandContext(folder, { env: service.env, ceiling: null }, []), log };
  const database = folder.file('clones', 'database');
  const dolt = poison.fsck === undefined ? testDolt() : await doltWithFsck(folder, poison.fsck);
  const cloning = {
    options: { dolt, database, engineCredentials: NO_CREDENTIALS },
    source: { remote: 'origin', url: source, ref: null, user: null, reach: NOWHERE, branch: null },
    limit: { milliseconds: 60_000, failure: () => new Failure('timeout', 'the clone did not finish') },
    retries: 0,
  };
  const cache = cacheOfStep(context.env, context);
  const made: Clone = await cloneOrRestore(context, cloning, { cache, prefix: PREFIX });
  expect(await readdir(folder.file('clones'))).toEqual(['database']);
  return { made, lines, clone: openTestDatabase(database) };
}

const HEAD_AND_ROW =
  "SELECT hash, (SELECT COUNT(*) FROM items WHERE id = 77) AS n FROM dolt_branches WHERE name = 'main'";

/** The state that a restored database shares with a clone of the primary. */
async function state(clone: TestDatabase) {
  const [refs] = await clone.rows(
    `SELECT (SELECT GROUP_CONCAT(CONCAT(name, ' ', hash, ' ', remote, ' ', branch) ORDER BY name) FROM dolt_branches) AS branches,
       (SELECT GROUP_CONCAT(CONCAT(name, ' ', hash) ORDER BY name) FROM dolt_remote_branches) AS remotes,
       (SELECT GROUP_CONCAT(CONCAT(tag_name, ' ', tag_hash) ORDER BY tag_name) FROM dolt_tags) AS tags,
       (SELECT COUNT(*) FROM dolt_status) AS changes,
       (SELECT COUNT(*) FROM dolt_stashes) AS stashes,
       (SELECT GROUP_CONCAT(table_name ORDER BY table_name) FROM information_schema.tables WHERE table_schema = DATABASE()) AS tables,
       (SELECT GROUP_CONCAT(title ORDER BY id) FROM items) AS titles,
       dolt_hashof_db('WORKING') AS contents`,
  );
  const repository: unknown = JSON.parse(await readFile(join(clone.path, '.dolt', 'repo_state.json'), 'utf8'));
  return { refs, repository };
}

describe('a database restored from the cache', () => {
  test('equals a clone, even if the stored database had more commits', async () => {
    await using folder = await tempFolder();
    const { made, lines, clone } = await run(folder, {
      change: (database) =>
        database.sql(
          "UPDATE items SET title = 'evil'",
          "CALL DOLT_STASH('push', 'kept')",
          "UPDATE items SET title = 'evil'",
          'CREATE TABLE untracked (id INT PRIMARY KEY)',
          'CREATE TABLE hidden (id INT PRIMARY KEY)',
          "INSERT INTO dolt_ignore VALUES ('hidden', true)",
          "CREATE TRIGGER evil BEFORE INSERT ON items FOR EACH ROW SET NEW.title = 'evil'",
          "CALL DOLT_BRANCH('extra')",
          "CALL DOLT_TAG('-d', 'v1')",
          "CALL DOLT_COMMIT('-Am', 'evil', '--skip-empty')",
          "CALL DOLT_TAG('v1')",
          "CALL DOLT_TAG('evil')",
          "CALL DOLT_RESET('--soft', 'HEAD~1')",
          "CALL DOLT_REMOTE('add', 'elsewhere', 'file:///nowhere-at-all')",
        ),
      spoil: (noms) => writeFile(join(noms, UNNAMED), 'in no manifest'),
      fsck: `echo "$${ENGINE_MARK}" > '${folder.file('mark')}'`,
    });
    // So the watchdog of the engine ends it too.
    expect(await readFile(folder.file('mark'), 'utf8')).toMatch(/\/df-/);
    expect(lines.filter((line) => line.startsWith('warning'))).toEqual([]);
    expect(lines.at(-1)).toMatch(/^info: database from the Actions cache: \d+\.\d s, the last clone took 31\.0 s$/);
    expect(made).toMatchObject({
      isOurs: true,
      cloneMs: 31_000,
      keeping: { source: 'origin', storedBytes: expect.any(Number) },
    });
    const fresh = await cloneDatabase(`file://${world.file('box')}`, folder.file('fresh'));
    const [restored, cloned] = [await state(clone), await state(fresh)];
    expect(restored).toEqual(cloned);
    expect(await readdir(join(clone.path, '.dolt', 'noms'))).not.toContain(UNNAMED);
    expect(restored.refs).toMatchObject({ changes: 0, tags: `v1 ${old}`, branches: `main ${head} origin main` });
  });

  /** version, format, lock, root, generation, and then each table file with its number of chunks. */
  const withoutTable = (index: number) => async (noms: string) => {
    const fields = (await readFile(join(noms, 'manifest'), 'utf8')).split(':');
    fields.splice(5 + 2 * index, 2);
    await writeFile(join(noms, 'manifest'), fields.join(':'));
  };

  const flipsByte = async (noms: string) => {
    const names = await readdir(noms);
    for (const name of names.filter((one) => one.endsWith('.darc') || /^[0-9a-u][0-9a-v]{31}$/.test(one))) {
      const bytes = await readFile(join(noms, name));
      const at = Math.floor(bytes.length / 3);
      bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      await writeFile(join(noms, name), bytes);
    }
  };

  test.each<[string, Poison, RegExp]>([
    [
      'is ahead of its source',
      { change: (one) => one.commit('ours', "UPDATE items SET title = 'x'") },
      /is not part of the history of/,
    ],
    ['is another database', { from: () => world.file('unrelated') }, /is not part of the history of|unrelated/],
    ['names another head', { describes: (entry) => ({ ...entry, head }) }, /its head is .*, and it says/],
    ['names another branch', { describes: (entry) => ({ ...entry, branch: 'other' }) }, /./],
    [
      'has more fields than an entry',
      { describes: (entry) => ({ ...entry, hooks: ['x'] }) },
      /does not describe a database: unexpected form/,
    ],
    ['has other bytes', { spoil: flipsByte }, /./],
    ['needs too much memory', { fsck: 'kill -KILL $$' }, /was killed, perhaps .* Delete it: gh cache delete/],
    ['has no manifest', { spoil: (noms) => rm(join(noms, 'manifest')) }, /unexpected form/],
  ])('is removed if it %s, and the source is cloned', async (_, poison, why) => {
    await using folder = await tempFolder();
    const { made, lines, clone } = await run(folder, poison);
    expect(made.restored).toBeNull();
    expect(lines.join('\n')).toMatch(why);
    expect(lines.join('\n')).not.toContain('database from the Actions cache');
    expect(await clone.rows(HEAD_AND_ROW)).toEqual([{ hash: head, n: 1 }]);
  });

  test.each([0, 2])('is completed or removed if it lacks table file %i', async (index) => {
    await using folder = await tempFolder();
    const { clone } = await run(folder, { spoil: withoutTable(index) });
    expect(await clone.rows(HEAD_AND_ROW)).toEqual([{ hash: head, n: 1 }]);
    expect(await clone.dolt('fsck', '--quiet')).toContain('No problems found.');
  });

  test('is removed if it has other rows under the hashes of its source', async () => {
    await using folder = await tempFolder();
    await cp(world.file('home'), folder.file('honest'), { recursive: true });
    const honest = openTestDatabase(folder.file('honest'));
    await honest.commit('honest', "UPDATE items SET title = 'HONEST-ROW' WHERE id = 77");
    await honest.publish(`file://${folder.file('box')}`);
    const update = (text: string) => `UPDATE items SET title = '${text}' WHERE id = 77`;
    const swapped = { text: 'HONEST-ROW', other: 'OTHER-ROW', update, share: true };
    await publishSwapped(honest, folder.file('swapped'), swapped);
    const stored = await cloneDatabase(`file://${folder.file('swapped')}`, folder.file('poisoned'));
    expect(await stored.dolt('fsck', '--quiet')).toContain('No problems found.');
    expect(await stored.head()).toBe(await honest.head());
    const { made, lines, clone } = await run(folder, { from: () => stored.path }, `file://${folder.file('box')}`);
    expect(made.restored).toBeNull();
    expect(lines.join('\n')).toContain('two chunks of its index share a span');
    expect(await clone.rows('SELECT title FROM items WHERE id = 77')).toEqual([{ title: 'HONEST-ROW' }]);
  });

  test('is removed if one tag cannot be fetched', async () => {
    await using folder = await tempFolder();
    const [box, away] = [folder.file('box'), folder.file('away')];
    await cp(world.file('box'), box, { recursive: true });
    let fetches = 0;
    const onLine = (line: string) => {
      if (line.startsWith('Dolt: CALL DOLT_FETCH') && ++fetches === 1) renameSync(box, away);
      if (line.includes(' is not used: ')) renameSync(away, box);
    };
    const { made, lines, clone } = await run(folder, { onLine }, `file://${box}`);
    expect(fetches).toBe(2);
    expect(made.restored).toBeNull();
    expect(lines.join('\n')).toContain(' is not used: ');
    expect(await clone.rows('SELECT tag_name, tag_hash FROM dolt_tags')).toEqual([{ tag_name: 'v1', tag_hash: old }]);
  });

  test('does not contain rows that a rewrite of its source removed', async () => {
    await using folder = await tempFolder();
    await cp(world.file('home'), folder.file('rewritten'), { recursive: true });
    const rewritten = openTestDatabase(folder.file('rewritten'));
    const other = await rewritten.headAfter(
      "CALL DOLT_RESET('--hard', 'HEAD~2')",
      'CREATE TABLE items (id INT PRIMARY KEY, title TEXT)',
      "CALL DOLT_COMMIT('-Am', 'without secrets')",
    );
    await rewritten.publish(`file://${folder.file('box')}`);
    const { made, lines, clone } = await run(folder, {}, `file://${folder.file('box')}`);
    expect(made.restored).toBeNull();
    expect(lines.join('\n')).toContain('is not part of the history of');
    expect(await clone.head()).toBe(other);
  });
});
