import { cp } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ACCEPTS } from '../../src/contract/vocabulary.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import { checkPeers } from '../../src/sync/incoming/check-peers.ts';
import { mergeLimit } from '../../src/sync/merge/limits.ts';
import { actionsOf } from '../../src/sync/peer-actions.ts';
import { newPeerPlan } from '../../src/sync/peer-plan.ts';
import { newPeerProgress } from '../../src/sync/peer-progress.ts';
import { openTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { type Federated, filePeer, testContext, withEngines } from '../helpers/federating.ts';
import { type Mailbox, mailbox } from '../helpers/mailbox.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';

/** Long for what these databases hold, short for a test. */
const MERGE_TIMEOUT_MS = 2_000;
/** Many times what it takes. Without the end of the engine it would never end. */
const ENDED_WITHIN_MS = 120_000;

let folder: TempFolder;
let databases: Mailbox;

beforeEach(async () => {
  folder = await tempFolder();
  databases = await mailbox(
    folder,
    'CREATE TABLE numbers (id INT PRIMARY KEY, v INT)',
    'INSERT INTO numbers VALUES (1, 1)',
    'CREATE TABLE pits (id INT PRIMARY KEY)',
  );
});

/** Makes the database and the mailbox of the other peer. */
async function makeHonest(): Promise<TestDatabase> {
  await cp(databases.north.path, folder.file('honest'), { recursive: true });
  const honest = openTestDatabase(folder.file('honest'));
  await honest.sql(
    `CALL DOLT_REMOTE('add', 'box', 'file://${folder.file('honest.box')}')`,
    "UPDATE items SET title = 'honest' WHERE id = 100",
    "CALL DOLT_COMMIT('-A', '-m', 'honest', '--author', 'Honest <h@example.org>')",
    "CALL DOLT_PUSH('box', 'main')",
  );
  return honest;
}

const HONEST = () => ({ ...filePeer('honest', folder.file('honest.box')), accept: ACCEPTS });

/**
 * Definitions that a merge computes for our rows, which do not end in time, and the order of the heads by their hashes:
 * only the head that causes it is left out, the first one or the last one.
 */
const ENDLESS = [
  ['a check that sleeps', 'hostile', 'ALTER TABLE numbers ADD CONSTRAINT slow CHECK (v > 0 OR sleep(3600) = 0)'],
  ['a generated column that sleeps', 'honest', 'ALTER TABLE pits ADD COLUMN slow INT AS (sleep(3600)) STORED'],
] as const;
/** Takes about a minute, and ignores the signal to end: the engine has to end. */
const DEAF = `md5(${'concat(md5('.repeat(30)}repeat('x', 300000000)${"), repeat('y', 300000000))".repeat(30)})`;

const receive = (): Promise<Federated> =>
  databases.receive({ accept: ACCEPTS, others: [HONEST()], options: { mergeTimeoutMs: MERGE_TIMEOUT_MS } });

async function expectOnlyHonest(done: Federated): Promise<void> {
  const { failure } = done.run('partner');
  expect(failure).toMatchObject({ code: 'timeout', message: expect.stringContaining('within 2s') });
  expect(done.run('honest')).toMatchObject({ failure: null, verified: true });
  expect(done.merge).toMatchObject({ deterministic: false, because: 'limit', commits: 1 });
  const [state] = await databases.south.rows(
    `SELECT title, (SELECT COUNT(*) FROM dolt_branches WHERE name LIKE 'dolt-federation%') AS stray,
      (SELECT COUNT(*) FROM dolt_merge_status WHERE is_merging) AS merging FROM items WHERE id = 100`,
  );
  expect(state).toEqual({ title: 'honest', stray: 0, merging: 0 });
}

/** Orders the heads of the two peers by their hashes. */
async function orderHeads(first: 'hostile' | 'honest', honest: TestDatabase): Promise<void> {
  const hostileHead = await databases.north.head();
  let honestHead = await honest.head();
  for (let n = 1; hostileHead < honestHead !== (first === 'hostile'); n += 1)
    honestHead = await honest.headAfter(
      `CALL DOLT_COMMIT('--amend', '-m', 'honest ${n}', '--author', 'Honest <h@example.org>')`,
      "CALL DOLT_PUSH('--force', 'box', 'main')",
    );
}

describe('a merge that exceeds its time limit', () => {
  test.each(ENDLESS)(
    'leaves the peer out and serves the other one: %s, and the %s head is first by hash',
    async (_, first, definition) => {
      const honest = await makeHonest();
      await databases.send(definition);
      await databases.keep('INSERT INTO numbers VALUES (2, -1)', 'INSERT INTO pits VALUES (1)');
      await orderHeads(first, honest);
      await expectOnlyHonest(await receive());
    },
  );

  test(
    'ends an engine that does not answer, and continues in a new one',
    async () => {
      await makeHonest();
      await databases.send(`ALTER TABLE numbers ADD CONSTRAINT slow CHECK (v > 0 OR ${DEAF} > '')`);
      await databases.keep('INSERT INTO numbers VALUES (2, -1)');
      const started = performance.now();
      await expectOnlyHonest(await receive());
      expect(performance.now() - started).toBeLessThan(ENDED_WITHIN_MS);
    },
    2 * ENDED_WITHIN_MS,
  );
});

test('a comparison that exceeds its limit leaves the peer out, and nothing is merged or pushed', async () => {
  await databases.send("UPDATE items SET title = 'sent' WHERE id = 101");
  const done = await databases.receiveUnchanged({ options: { mergeTimeoutMs: 1 } });
  expect(done.run('partner').failure).toMatchObject({ code: 'timeout', message: expect.stringMatching(/^comparing/) });
});

test('a check that exceeds its limit leaves the peer out too', async () => {
  await databases.send("UPDATE items SET title = 'sent' WHERE id = 101");
  await databases.south.dolt('fetch', 'mailbox');
  const peer = filePeer('partner', folder.file('mailbox'));
  const progress = newPeerProgress(newPeerPlan({ peer, actions: actionsOf('sync', 'peer'), branch: 'main' }));
  const head = await databases.north.head();
  progress.compared({ head, state: 'behind', ahead: 0, behind: 1, otherMakers: null, rewritten: null });
  const ours = await databases.south.head();
  await withEngines(databases.south.path, folder.file('tmp'), (engines) =>
    engines.use(NO_CREDENTIALS, (engine) =>
      checkPeers(
        testContext(engines, { mergeTimeoutMs: 1 }),
        { ours, dropped: [], accepted: [], takenBack: [] },
        engine,
        [progress],
      ),
    ),
  );
  expect(progress.failure).toMatchObject({ code: 'timeout', message: expect.stringMatching(/^checking/) });
});

test('`resolve` has the same limit: all statements end, and the engine stays usable', async () => {
  await withEngines(databases.south.path, folder.file('tmp'), (engines) =>
    engines.use(NO_CREDENTIALS, async ({ database, allWithin, hasEnded }) => {
      const sleeping = () =>
        allWithin(mergeLimit('merging', 200), async () => {
          await Promise.all([database.run('SELECT SLEEP(3600)'), database.run('SELECT SLEEP(3600)')]);
        });
      expect(await failureOf(sleeping)).toMatchObject({ code: 'timeout', message: expect.stringMatching(/^merging/) });
      expect(hasEnded()).toBe(false);
      await database.run('SELECT 1');
    }),
  );
});
