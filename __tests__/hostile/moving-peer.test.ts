import { cpSync, rmSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { execaSync } from 'execa';
import { stringify } from 'yaml';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase, remoteHead } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { startRemotesrv } from '../helpers/servers/remotesrv.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const RETRIES = 2;

/**
 * The writer commits as soon as our run says that it is about to push: each attempt of ours meets a branch that has
 * moved.
 */
test.each(['a row of its own', 'the same cell as we'])(
  'a peer that moves before every push, by %s, fails after the retries, and the other peer is served',
  async (what) => {
    await using folder = await tempFolder();
    await using server = await startRemotesrv(folder.path);
    const url = `${server.url}/org/local`;
    const local = await makeDatabase(folder.file('local'));
    await local.dolt('remote', 'add', 'seed', url);
    await local.dolt('push', 'seed', 'main');
    await local.dolt('remote', 'remove', 'seed');
    const writer = await cloneDatabase(url, folder.file('writer'));
    await local.commit('ours', "INSERT INTO items VALUES (50, 'ours', 'ann')");

    const heads: string[] = [];
    // It blocks our process, so that no push of ours comes before it.
    const write = () => {
      const n = heads.length;
      const change =
        what === 'a row of its own'
          ? `INSERT INTO items VALUES (${100 + n}, 'theirs', 'eve')`
          : `UPDATE items SET title = 'theirs ${n}' WHERE id = 1`;
      const statements = `${change}; CALL DOLT_COMMIT('-A', '-m', 'theirs ${n}'); CALL DOLT_PUSH('origin', 'main')`;
      const env = { DOLT_ROOT_PATH: folder.file('.test-dolt'), HOME: folder.path };
      const { stdout } = execaSync(testDolt(), ['sql', '-q', statements], { cwd: writer.path, env });
      heads.push(/[0-9a-v]{32}/.exec(stdout)?.[0] ?? 'no hash');
    };
    const peers = { far: { endpoint: url, live: false }, box: `file://${folder.file('box')}` };
    const { result } = await command(folder, stringify(peers), {
      retries: RETRIES,
      onEvent: ({ peer, step }) => {
        if (peer === 'far' && step === 'pushing') write();
      },
    });
    const codes = result.peers.map(({ name, error }) => [name, error?.code ?? null]);
    expect(Object.fromEntries(codes)).toEqual({ far: 'non-fast-forward', box: null });
    expect(heads).toHaveLength(RETRIES + 1);

    // Without the writer, the next run merges all commits, and no commit of either side is lost.
    const next = await command(folder, stringify(peers));
    expect(next.result.peers.map(({ error }) => error)).toEqual([null, null]);
    const commits = (await local.rows('SELECT commit_hash FROM dolt_log')).map((row) => row['commit_hash']);
    expect(commits).toEqual(expect.arrayContaining(heads));
    expect(await remoteHead(url, folder.file('look', 'local'))).toBe(await local.head());
  },
);

/** When a peer is replaced by another folder, which one, and how it ends; `null`: the folder is removed. */
const MOVES: Readonly<Record<string, readonly [step: string, by: string | null, code: string | null]>> = {
  'code-read': ['fetched', 'code', 'peer-brings-code'],
  'code-merged': ['merging', 'code', 'peer-brings-code'],
  'code-pushed': ['pushing', 'code', 'peer-brings-code'],
  'code-verified': ['verifying', 'code', 'unverified'],
  unrelated: ['pushing', 'unrelated', 'unrelated'],
  gone: ['merging', null, 'folder-missing'],
  'gone-verified': ['verifying', null, 'unverified'],
  back: ['pushing', 'back', null],
  'no-branch': ['pushing', 'no-branch', null],
  'tag-of-branch': ['merging', 'tag-of-branch', null],
};

test('peers that are replaced between two steps send no unchecked changes and lose no rows', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const remote = (name: string) => `file://${folder.file('moves', name)}`;
  const push = (name: string, ...what: readonly string[]) => [
    `CALL DOLT_REMOTE('add', '${name}', '${remote(name)}')`,
    ...what.map((one) => `CALL DOLT_PUSH('--force', '${name}', '${one}')`),
  ];
  await local.sql(...push('back', 'main'));
  await local.dolt('remote', 'remove', 'back');
  const other = await cloneDatabase(remote('back'), folder.file('other'));
  const theirs = await other.commit('theirs', "INSERT INTO items VALUES (6, 'six', 'eve')");
  await other.sql(...push('start', 'main'));
  const code = await other.commit('code', 'CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW SET NEW.owner = "x"');
  await other.sql(
    ...push('code', 'main'),
    ...push('no-branch', 'HEAD:refs/heads/other'),
    "CALL DOLT_TAG('code', 'HEAD')",
    "CALL DOLT_BRANCH('start', 'HEAD~1')",
    ...push('tag-of-branch', 'start:refs/heads/main', 'refs/tags/code:refs/tags/main'),
  );
  await (await makeDatabase(folder.file('stranger'))).sql(...push('unrelated', 'main'));
  const ours = await local.commit('ours', "INSERT INTO items VALUES (5, 'five', 'ann')");
  const names = Object.keys(MOVES);
  const folderOf = (name: string) => folder.file('peers', name);
  for (const name of names) cpSync(folder.file('moves', 'start'), folderOf(name), { recursive: true });

  const moved = new Set<string>();
  const peers = Object.fromEntries([...names, 'box'].map((name) => [name, `file://${folderOf(name)}`]));
  const { result } = await command(folder, stringify(peers), {
    retries: 1,
    onEvent: ({ peer, step }) => {
      const [at, by] = MOVES[peer] ?? [];
      if (step !== at || moved.has(peer)) return;
      moved.add(peer);
      rmSync(folderOf(peer), { recursive: true });
      if (typeof by === 'string') cpSync(folder.file('moves', by), folderOf(peer), { recursive: true });
    },
  });
  expect([...moved].sort()).toEqual([...names].sort());
  const found = Object.fromEntries(result.peers.map(({ name, error }) => [name, error?.code ?? null]));
  expect(found).toEqual({ ...Object.fromEntries(names.map((name) => [name, MOVES[name]?.[2]])), box: null });
  const commits = (await local.rows('SELECT commit_hash FROM dolt_log')).map((row) => row['commit_hash']);
  expect(commits).toEqual(expect.arrayContaining([ours, theirs]));
  expect(commits).not.toContain(code);
  // Our push never replaces what is there.
  expect(await remoteHead(`file://${folderOf('code-pushed')}`, folder.file('look', 'code'))).toBe(code);
  for (const name of ['back', 'no-branch', 'tag-of-branch', 'box'])
    expect(await remoteHead(`file://${folderOf(name)}`, folder.file('look', name))).toBe(await local.head());
});
