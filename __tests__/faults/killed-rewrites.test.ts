import { expect, test } from '@jest/globals';
import { outliving } from '../helpers/faults/marked-processes.ts';
import { resultOf, runToEnd, startRun } from '../helpers/faults/run.ts';
import { EDITED, inStep, REWRITES, type Rewriting, rewriteRequest } from '../helpers/rewriting.ts';
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
