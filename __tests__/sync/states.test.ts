import { cp, mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PeerState } from '../../src/contract/vocabulary.ts';
import { makeDatabaseOf, openTestDatabase, publishing } from '../helpers/database.ts';
import { type Federated, federateIn, filePeer, withEngines } from '../helpers/federating.ts';
import { rootOf } from '../helpers/mailbox.ts';
import { committing } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** The peers have the names of their states. */
const STATES: readonly { readonly state: PeerState; readonly ahead: number | null; readonly behind: number | null }[] =
  [
    { state: 'up-to-date', ahead: 0, behind: 0 },
    { state: 'ahead', ahead: 1, behind: 0 },
    { state: 'behind', ahead: 0, behind: 1 },
    { state: 'diverged', ahead: 1, behind: 1 },
    { state: 'unrelated', ahead: null, behind: null },
    { state: 'remote-empty', ahead: null, behind: null },
    { state: 'branch-missing', ahead: null, behind: null },
    { state: 'unreachable', ahead: null, behind: null },
  ];

const ITEMS = ['CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100))', "INSERT INTO items VALUES (1, 'one')"];

/** A database, and a mailbox for each state. */
async function makeMailboxes(folder: TempFolder) {
  const to = (state: PeerState, refspec?: string) => publishing(`file://${folder.file(state)}`, refspec);
  const local = await makeDatabaseOf(
    folder.file('local'),
    ...committing('first', ITEMS),
    ...to('ahead'),
    ...committing('ours', ["INSERT INTO items VALUES (5, 'five')"]),
    ...to('up-to-date'),
    ...to('branch-missing', 'main:elsewhere'),
  );
  // Another database makes the commits that this one lacks.
  await cp(local.path, folder.file('other'), { recursive: true });
  const theirs = ["INSERT INTO items VALUES (7, 'seven')"];
  await openTestDatabase(folder.file('other')).sql(
    ...committing('theirs', theirs),
    ...to('behind'),
    "CALL DOLT_RESET('--hard', 'HEAD~2')",
    ...committing('theirs', theirs),
    ...to('diverged'),
  );
  await makeDatabaseOf(folder.file('stranger'), ...committing('first', ITEMS), ...to('unrelated'));
  await mkdir(folder.file('remote-empty'));
  return local;
}

let folder: TempFolder;
let status: Federated;
let dry: Federated;
let before: unknown;
let after: unknown;

beforeAll(async () => {
  folder = await tempFolder();
  const local = await makeMailboxes(folder);
  const peers = STATES.map(({ state }) => {
    const peer = filePeer(state, folder.file(state));
    return state === 'unreachable'
      ? { ...peer, endpoint: { ...peer.endpoint, dolt: 'http://127.0.0.1:9/absent' } }
      : peer;
  });
  const heads = async () => [
    await local.rows('SELECT name, hash FROM dolt_branches ORDER BY name'),
    await Promise.all(STATES.map(async ({ state }) => [state, await rootOf(folder.file(state)).catch(() => null)])),
  ];
  before = await heads();
  await withEngines(local.path, folder.file('tmp'), async (engines) => {
    status = await federateIn(engines, { peers, command: 'status', options: { retries: 0 } });
    dry = await federateIn(engines, { peers, options: { retries: 0, dryRun: true } });
  });
  after = await heads();
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

test.each(STATES)('a peer that is $state has this state in the reports of a status and a dry run', (expected) => {
  expect(status.run(expected.state)).toMatchObject(expected);
  expect(dry.run(expected.state)).toMatchObject({ ...expected, pulledCommits: 0, pushedCommits: 0 });
});

test('neither a status nor a dry run moves a head', () => {
  expect(after).toEqual(before);
});
