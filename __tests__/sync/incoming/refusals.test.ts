import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Accept } from '../../../src/contract/vocabulary.ts';
import { filePeer } from '../../helpers/federating.ts';
import { ITEMS_OF_40, UNTOUCHED } from '../../helpers/mailbox.ts';
import { type Pairs, pairs } from '../../helpers/pairs.ts';
import { type TempFolder, tempFolder } from '../../helpers/temp-folder.ts';

interface Refused {
  readonly name: string;
  /** The rows of both databases before. */
  readonly seed?: readonly string[];
  readonly sends: readonly string[];
  readonly code: string;
  readonly says: string;
  readonly accepts: Accept;
  readonly held?: readonly unknown[];
  /** Tried as a merge, too. */
  readonly merges?: true;
}

const TIMES = 'CREATE TABLE times (id INT PRIMARY KEY, updated_at DATETIME)';
const AHEAD = 'DATE_ADD(UTC_TIMESTAMP(), INTERVAL 3 DAY)';

const REFUSALS: readonly Refused[] = [
  {
    name: 'a new trigger',
    merges: true,
    sends: ["CREATE TRIGGER evil BEFORE UPDATE ON items FOR EACH ROW SET NEW.title = 'x'"],
    code: 'peer-brings-code',
    says: 'south sends 1 trigger (evil, new)',
    accepts: 'triggers',
  },
  {
    name: 'a changed procedure',
    seed: ['CREATE PROCEDURE p() SELECT 1'],
    sends: ['DROP PROCEDURE p', 'CREATE PROCEDURE p() SELECT 2'],
    code: 'peer-brings-code',
    says: 'south sends 1 procedure (p, changed)',
    accepts: 'procedures',
  },
  {
    name: 'a new event',
    sends: ['CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1'],
    code: 'peer-brings-code',
    says: 'south sends 1 event (e, new)',
    accepts: 'events',
  },
  {
    name: 'an emptied dolt_ignore',
    merges: true,
    seed: ["INSERT INTO dolt_ignore VALUES ('private%', true)"],
    sends: ['DELETE FROM dolt_ignore'],
    code: 'peer-changes-local-tables',
    says: 'south changes 1 row of dolt_ignore',
    accepts: 'ignore',
    held: [{ table: 'dolt_ignore', key: { pattern: 'private%' }, column: null, value: null }],
  },
  {
    name: 'a table from another branch',
    sends: ["INSERT INTO dolt_nonlocal_tables (table_name, target_ref, options) VALUES ('x', 'main', 'immediate')"],
    code: 'peer-changes-local-tables',
    says: 'south changes 1 row of dolt_nonlocal_tables',
    accepts: 'ignore',
    held: [{ table: 'dolt_nonlocal_tables', key: { table_name: 'x' }, column: null, value: null }],
  },
  {
    name: 'more than half of a table',
    merges: true,
    sends: ['DELETE FROM items WHERE id < 121'],
    code: 'mass-deletion',
    says: 'south deletes 21 of the 40 rows of items (`--max-delete` is 50 %)',
    accepts: 'deletion',
    held: [100, 101, 102, 103, 104].map((id) => ({
      table: 'items',
      key: { id: String(id) },
      column: null,
      value: null,
    })),
  },
  {
    name: 'most rows of a table without a key',
    seed: ['CREATE TABLE keyless (a INT)', 'INSERT INTO keyless SELECT id FROM items'],
    sends: ['DELETE FROM keyless WHERE a > 103'],
    code: 'mass-deletion',
    says: 'south deletes 36 of the 40 rows of keyless',
    accepts: 'deletion',
  },
  {
    name: 'all rows by another primary key',
    sends: ['DROP TABLE items', 'CREATE TABLE items (name VARCHAR(20) PRIMARY KEY)', "INSERT INTO items VALUES ('a')"],
    code: 'mass-deletion',
    says: 'south deletes 40 of the 40 rows of items',
    accepts: 'deletion',
  },
  {
    name: 'most rows of a table under a new name',
    sends: ['RENAME TABLE items TO things', 'DELETE FROM things WHERE id > 105'],
    code: 'mass-deletion',
    says: 'south deletes 34 of the 40 rows of items',
    accepts: 'deletion',
    held: [106, 107, 108, 109, 110].map((id) => ({ table: 'things', key: { id: `${id}` }, column: null, value: null })),
  },
  {
    name: 'a dropped table of any size',
    seed: ['CREATE TABLE small (id INT PRIMARY KEY)'],
    sends: ['DROP TABLE small'],
    code: 'mass-deletion',
    says: 'south drops 1 table (small)',
    accepts: 'deletion',
  },
  {
    name: 'a row with a future date',
    merges: true,
    seed: [TIMES, `INSERT INTO times VALUES (2, ${AHEAD})`],
    sends: ["INSERT INTO times VALUES (1, '2100-01-02 03:04:05')", 'INSERT INTO times VALUES (3, UTC_TIMESTAMP())'],
    code: 'future-date',
    says: 'south sends 1 row of times whose updated_at is more than a day in the future',
    accepts: 'future',
    held: [{ table: 'times', key: { id: '1' }, column: 'updated_at', value: '2100-01-02 03:04:05' }],
  },
  {
    name: 'a text with a future date',
    sends: [
      'CREATE TABLE texts (id INT PRIMARY KEY, Modified_At VARCHAR(40))',
      "INSERT INTO texts VALUES (1, '2100-01-02T03:04:05Z'), (2, 'zzz'), (3, '2020-01-01')",
    ],
    code: 'future-date',
    says: 'south sends 1 row of texts whose Modified_At is more than a day in the future',
    accepts: 'future',
    held: [{ table: 'texts', key: { id: '1' }, column: 'Modified_At', value: '2100-01-02T03:04:05Z' }],
  },
  {
    name: 'a commit with a future date',
    sends: ["SET @@dolt_committer_date = '2100-01-02T03:04:05Z'", "INSERT INTO items VALUES (1, 'x', 'y')"],
    code: 'future-date',
    says: 'south sends 1 commit dated up to 2100-01-02 03:04:05 UTC',
    accepts: 'future',
  },
];

const merged = REFUSALS.filter(({ merges }) => merges === true);
const nameOfMerge = (name: string) => `${name} as a merge`;

let folder: TempFolder;
let made: Pairs;
let vaults = 0;

beforeAll(async () => {
  folder = await tempFolder();
  const pairOf = ({ seed = [], sends }: Refused, ...own: readonly string[]) => ({
    ...{ base: seed, north: own, south: sends },
  });
  // The session keeps the date of the last one.
  made = await pairs(
    folder,
    { shared: ITEMS_OF_40 },
    Object.fromEntries([
      ...merged.map((one) => [nameOfMerge(one.name), pairOf(one, "INSERT INTO items VALUES (5, 'five', 'sue')")]),
      ...REFUSALS.map((one) => [one.name, pairOf(one)]),
    ]),
  );
});

afterAll(async () => {
  await made[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function expectRefusal(name: string, refused: Refused): Promise<void> {
  const before = await made.look(name, ...UNTOUCHED);
  vaults += 1;
  const others = [filePeer('vault', folder.file(`vault-${vaults}`), 'backup')];
  const outcome = await made.run(name, { role: 'peer', accept: [], others });
  expect(await made.look(name, ...UNTOUCHED)).toEqual(before);
  const progress = outcome.run('south');
  expect(progress.failure).toMatchObject({ code: refused.code, message: expect.stringContaining(refused.says) });
  expect(progress.held).toEqual(refused.held ?? []);
  expect(progress).toMatchObject({ pulledCommits: 0, pushedCommits: 0, verified: false });
  expect(outcome.run('vault')).toMatchObject({ failure: null, verified: true });

  const accepted = (await made.run(name, { role: 'peer', accept: [refused.accepts] })).run('south');
  expect(accepted).toMatchObject({ failure: null, verified: true, held: [] });
  expect(accepted.pulledCommits).toBeGreaterThan(0);
  expect(accepted.notices).toContainEqual(
    expect.objectContaining({ code: refused.code, message: expect.stringContaining(refused.says) }),
  );
}

describe('a fast-forward is blocked and changes nothing until `accept` allows it', () => {
  test.each(REFUSALS)('$name: $code', (refused) => expectRefusal(refused.name, refused));
});

describe('a merge is blocked until `accept` allows it', () => {
  test.each(merged)('$name: $code', (refused) => expectRefusal(nameOfMerge(refused.name), refused));
});
