import { expect, test } from '@jest/globals';
import { outliving } from '../helpers/faults/marked-processes.ts';
import { resultOf, runToEnd, startRun } from '../helpers/faults/run.ts';
import { EDITED, inStep, REWRITES, type Rewriting, rewriteRequest } from '../helpers/rewriting.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const CLEAN_WITHIN_MS = 12_000;

interface Killed {
  /** The database whose run is killed. */
  readonly database: 'north' | 'south';
  readonly words: (heads: { readonly ours: string; readonly theirs: string }) => readonly string[];
  /** After these statements a branch has moved. */
  readonly moved: readonly string[];
  readonly prepare: (it: Rewriting) => Promise<unknown>;
}

const KILLED: Readonly<Record<string, Killed>> = {
  adopt: {
    database: 'south',
    words: ({ ours, theirs }) => ['--adopt', `box=${theirs}`, '--discard-local', ours],
    moved: ['CALL DOLT_RESET', 'CALL DOLT_TAG', 'CALL DOLT_RESET', 'CALL DOLT_BRANCH'],
    prepare: async (it) => {
      await it.north.sql(...(REWRITES['amended']?.(it) ?? []));
      await it.box('north', rewriteRequest('force', it.head));
      await it.south.commit('secret', "INSERT INTO t VALUES (8, 'secret')");
      // No state file ever had this head, and no peer of the database has it.
      await it.south.publish(`${boxOf(it)}-old`);
    },
  },
  'a forced push': {
    database: 'north',
    words: ({ theirs }) => ['--force-with-lease', `box=${theirs}`],
    moved: ['CALL DOLT_TAG', 'CALL DOLT_PUSH', 'CALL DOLT_PUSH'],
    prepare: async (it) => {
      await it.south.commit('secret', "INSERT INTO t VALUES (8, 'secret')");
      await it.box('south');
      await it.south.publish(`${boxOf(it)}-old`);
      await it.north.sql(...(REWRITES['amended']?.(it) ?? []));
    },
  },
};

const boxOf = ({ north }: Rewriting): string => `file://${north.path.replace(/north$/, 'box')}`;

/** Whether the lines contain the words in this order. */
function contain(lines: readonly string[], words: readonly string[]): boolean {
  let found = 0;
  for (const line of lines) if (found < words.length && line.includes(words[found] ?? '')) found += 1;
  return found === words.length;
}

test.each(Object.entries(KILLED))(
  'after SIGKILL of %s, a peer with the old history restores no rows',
  async (_, of) => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    await of.prepare(it);
    const { path, head, rows } = it[of.database];
    const theirs = (await it.box(of.database, { command: 'status' })).remoteHead ?? '';
    const spec = { home: folder.file('home'), database: path, command: 'sync' as const };
    const peers = { box: boxOf(it) };
    const words = of.words({ ours: await head(), theirs });
    const run = await startRun({ ...spec, words, federation: { peers } });
    expect(await run.said((lines) => contain(lines, of.moved))).toBe(true);
    run.kill('SIGKILL');
    await run.ended;
    expect(await outliving(run.mark, CLEAN_WITHIN_MS)).toEqual([]);

    const next = resultOf(await runToEnd({ ...spec, federation: { peers } }));
    expect(next).toMatchObject({ status: 'unchanged', peers: [{ state: 'up-to-date', verified: true }] });
    const old = resultOf(await runToEnd({ ...spec, federation: { peers: { ...peers, old: `${boxOf(it)}-old` } } }));
    expect(old).toMatchObject({
      status: 'conflict',
      head: next.head,
      peers: [{ state: 'up-to-date' }, { name: 'old', state: 'rewritten', error: { code: 'history-rewritten' } }],
    });
    expect(await rows('SELECT * FROM t ORDER BY id')).toEqual(EDITED);
  },
  180_000,
);

const SECRET = "INSERT INTO t VALUES (8, 'secret')";
/** Takes the commit back, and its row with it. */
const AMENDED = ["UPDATE t SET a = 'other' WHERE id = 8", "CALL DOLT_COMMIT('-a', '--amend', '-m', 'amended')"];
const REFUSED = { state: 'rewritten', error: { code: 'history-rewritten' }, pushedCommits: 0 };

/** A run of the north that is ended while it waits for a silent peer, when both mailboxes have all commits. */
async function endedWhilePushing(it: Rewriting, home: string, signal: NodeJS.Signals) {
  await using silent = await startSilentPeer();
  const peers = { box: boxOf(it), own: boxOf(it).replace(/box$/, 'own') };
  const spec = { home, database: it.north.path, command: 'sync' as const, federation: { peers } };
  const words = ['--fetch-wait', '1s', '--timeout', '60s'];
  const run = await startRun({ ...spec, words, federation: { peers: { ...peers, silent: silent.url } } });
  expect(await run.said((lines) => contain(lines, ['CALL DOLT_PUSH', 'silent']))).toBe(true);
  run.kill(signal);
  await run.ended;
  expect(await outliving(run.mark, CLEAN_WITHIN_MS)).toEqual([]);
  return async () => resultOf(await runToEnd(spec));
}

test('after SIGKILL of a push, a commit that is amended here does not come back', async () => {
  await using folder = await tempFolder();
  const it = await inStep(folder);
  const secret = await it.north.commit('secret', SECRET);
  const sync = await endedWhilePushing(it, folder.file('home'), 'SIGKILL');
  await it.north.sql(...AMENDED);
  const refused = { ...REFUSED, rewritten: { side: 'ours', last: secret } };
  expect(await sync()).toMatchObject({ status: 'conflict', head: await it.north.head(), peers: [refused, refused] });
  expect(await it.north.rows('SELECT a FROM t WHERE id = 8')).toEqual([{ a: 'other' }]);
}, 180_000);

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'after %s of a run that passed a commit on, it does not come back when its peer took it back',
  async (signal) => {
    await using folder = await tempFolder();
    const it = await inStep(folder);
    const secret = await it.south.commit('secret', SECRET);
    await it.box('south');
    const sync = await endedWhilePushing(it, folder.file('home'), signal);
    expect(await it.north.head()).toBe(it.head);
    await it.south.sql(...AMENDED);
    await it.box('south', rewriteRequest('force', secret));
    const next = await sync();
    expect(next).toMatchObject({
      status: 'conflict',
      head: await it.south.head(),
      peers: [
        { name: 'box', verified: true },
        { ...REFUSED, rewritten: { side: 'ours', last: secret } },
      ],
    });
    expect(await it.north.rows('SELECT a FROM t WHERE id = 8')).toEqual([{ a: 'other' }]);
  },
  180_000,
);
