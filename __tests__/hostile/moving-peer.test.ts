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
  'a peer that moves before every push, by %s, is given up after the retries; the other is served',
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

    // Without the writer the next run brings everything together, and no commit of either side is lost.
    const next = await command(folder, stringify(peers));
    expect(next.result.peers.map(({ error }) => error)).toEqual([null, null]);
    const commits = (await local.rows('SELECT commit_hash FROM dolt_log')).map((row) => row['commit_hash']);
    expect(commits).toEqual(expect.arrayContaining(heads));
    expect(await remoteHead(url, folder.file('look', 'local'))).toBe(await local.head());
  },
);
