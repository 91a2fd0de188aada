import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ACCEPTS, type Accept } from '../../src/contract/vocabulary.ts';
import { groupBy } from '../../src/core/lists.ts';
import type { PeerProgress } from '../../src/sync/peer-progress.ts';
import { type Mailboxes, mailboxes } from './mailboxes.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';

/** The changes that a hostile peer sends, and their refusals. */
export interface Attack {
  readonly name: string;
  readonly seed?: readonly string[];
  /** The changes that an earlier run merges from the peer without a finding. */
  readonly before?: readonly string[];
  readonly sends: readonly string[];
  readonly code: string;
  readonly says: string;
  /** The `accept` that allows it; absent: no word allows it. */
  readonly accepts?: readonly Accept[];
  /** The code if every word is accepted; absent: the same. */
  readonly codeIfAccepted?: string;
  /** Uncommitted changes of south. */
  readonly local?: readonly string[];
  /** Earlier commits of south; with them, the fast-forward is a merge. */
  readonly own?: readonly string[];
  /** False: it is tried as a fast-forward only, because Dolt cannot merge it or another attack is merged in the same way. */
  readonly isMergeable?: false;
}

/** The tables by which a database is recognized as one of beads, and its settings. */
export const BEADS_TABLES = [
  'CREATE TABLE issues (id VARCHAR(20) PRIMARY KEY)',
  'CREATE TABLE dependencies (id VARCHAR(20) PRIMARY KEY)',
  'CREATE TABLE labels (id VARCHAR(20) PRIMARY KEY)',
  'CREATE TABLE child_counters (parent_id VARCHAR(20) PRIMARY KEY, last_child INT)',
  'CREATE TABLE config (`key` VARCHAR(255) PRIMARY KEY, value TEXT NOT NULL)',
];

/** The tables by which bd finds other databases, with a row, and its statuses. */
export const STEERING_TABLES = [
  'CREATE TABLE routes (prefix VARCHAR(32) PRIMARY KEY, path VARCHAR(512), updated_at DATETIME)',
  'CREATE TABLE federation_peers (name VARCHAR(255) PRIMARY KEY, remote_url VARCHAR(1024), password_encrypted BLOB, last_sync DATETIME)',
  "INSERT INTO federation_peers VALUES ('east', 'https://east.example/db', NULL, NULL)",
  'CREATE TABLE custom_statuses (name VARCHAR(64) PRIMARY KEY, category VARCHAR(32))',
];

export const CONFIG = [...BEADS_TABLES, "INSERT INTO config VALUES ('issue_prefix', 'kb')"];

/** A commit by force of two halves that break a constraint of `u` together. */
export const byForce = (one: string, other: string, branch = 'main'): string[] => [
  "CALL DOLT_CHECKOUT('-b', 'half')",
  other,
  "CALL DOLT_COMMIT('-A', '-m', 'other half')",
  `CALL DOLT_CHECKOUT('${branch}')`,
  one,
  "CALL DOLT_COMMIT('-A', '-m', 'one half')",
  'SET dolt_force_transaction_commit = 1',
  "CALL DOLT_MERGE('half')",
  'DELETE FROM dolt_constraint_violations_u',
  "CALL DOLT_COMMIT('-A', '-m', 'both', '--force')",
];

/** A commit by force that stores conflicts in the rows of `items`. */
export const storingConflicts = (branch = 'main'): string[] => [
  'SET autocommit = 0, dolt_allow_commit_conflicts = 1, dolt_force_transaction_commit = 1',
  `CALL DOLT_BRANCH('${branch}-half')`,
  "UPDATE items SET title = 'one'",
  "CALL DOLT_COMMIT('-A', '-m', 'one half')",
  `CALL DOLT_CHECKOUT('${branch}-half')`,
  "UPDATE items SET title = 'other'",
  "CALL DOLT_COMMIT('-A', '-m', 'other half')",
  `CALL DOLT_CHECKOUT('${branch}')`,
  `CALL DOLT_MERGE('${branch}-half')`,
  'COMMIT',
  "CALL DOLT_COMMIT('-A', '--force', '-m', 'with conflicts')",
  'SET autocommit = 1',
];

/** A commit by force that stores a violation: a row of `c` without its parent. */
export const storingViolations = (parent = 'items'): string[] => [
  `CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES ${parent} (id))`,
  'SET foreign_key_checks = 0, autocommit = 0, dolt_force_transaction_commit = 1',
  'INSERT INTO c VALUES (1, 99)',
  "CALL DOLT_COMMIT('-A', '-m', 'a row without a parent')",
  'SET foreign_key_checks = 1',
  "CALL DOLT_VERIFY_CONSTRAINTS('--all')",
  'COMMIT',
  "CALL DOLT_COMMIT('-A', '--force', '-m', 'with violations')",
  'SET autocommit = 1',
];

/** A change of south, so that it merges. */
const OWN = "INSERT INTO items VALUES (5, 'five', 'sue')";

/** An attack, and its mailbox and peer. */
type Placed = Attack & { readonly box: string };

/**
 * Each attack is blocked as a fast-forward and as a merge and changes nothing, and `accept` allows it. Those with the same
 * seed share an engine, and each run begins at the shared commit. One run refuses all attacks that need no preparation.
 */
export function testAttacks(title: string, attacks: readonly Attack[]): void {
  const placed = attacks.map((attack, index) => ({ ...attack, box: `box-${index}` }));
  const groups = [...groupBy(placed, ({ seed = [] }) => seed.join(';\n')).values()];
  describe(title, () => {
    for (const [index, group] of groups.entries()) describe(`seed ${index + 1}`, () => testGroup(group));
  });
}

function testGroup(group: readonly Placed[]): void {
  let folder: TempFolder;
  let scene: Mailboxes;
  beforeAll(async () => {
    folder = await tempFolder();
    const sendings = Object.fromEntries(group.map((attack) => [attack.box, attack]));
    scene = await mailboxes(folder, group[0]?.seed ?? [], sendings);
  });
  beforeEach(() => scene.startAgain());
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  /** Runs an earlier run, and makes the changes of south. */
  const prepare = async ({ box, before = [], own = [], local = [] }: Placed): Promise<void> => {
    if (before.length > 0) {
      expect((await scene.receive([box])).run(box)).toMatchObject({ failure: null, pulledCommits: 1 });
      await scene.send(box);
    }
    if (own.length > 0) await scene.keep(...own);
    if (local.length > 0) await scene.sql(...local);
  };
  const expectBlocked = async (some: readonly Placed[], accept: readonly Accept[] = []): Promise<void> => {
    const { run } = await scene.receiveUnchanged(
      some.map(({ box }) => box),
      { accept },
    );
    const expected = ({ box, code, says, accepts = [], codeIfAccepted }: Placed) =>
      accept.length > 0 && codeIfAccepted !== undefined
        ? expect.objectContaining({ code: codeIfAccepted })
        : {
            code,
            message: expect.stringContaining(says.replace('partner', box)),
            hint: accept.length > 0 ? expect.any(String) : expect.stringMatching(namesAccept(accepts[0])),
          };
    expect(Object.fromEntries(some.map(({ name, box }) => [name, blockedAs(run(box))]))).toEqual(
      Object.fromEntries(some.map((attack) => [attack.name, expected(attack)])),
    );
  };
  const expectAccepted = async (attack: Placed): Promise<void> => {
    const { box, accepts } = attack;
    if (accepts === undefined) return await expectBlocked([attack], ACCEPTS);
    const accepted = (await scene.receive([box], { accept: accepts })).run(box);
    expect(accepted).toMatchObject({ failure: null, verified: true });
    expect(accepted.pulledCommits).toBeGreaterThan(0);
  };
  const isMerged = ({ isMergeable }: Placed): boolean => isMergeable !== false;
  const isPrepared = ({ before, own, local }: Placed): boolean => (before ?? own ?? local) !== undefined;
  const together = group.filter((attack) => !isPrepared(attack));
  // As merges, those that no word allows are tried below.
  const never = together.filter((attack) => isMerged(attack) && attack.accepts === undefined);

  if (together.length > 0)
    test('are blocked as fast-forwards', async () => {
      await expectBlocked(together);
      if (never.length > 0) await expectBlocked(never, ACCEPTS);
    });
  if (together.some(isMerged))
    test('are blocked as merges', async () => {
      await scene.keep(OWN);
      await expectBlocked(together.filter(isMerged));
    });
  for (const attack of group)
    test(`${attack.name}: ${attack.code} unless \`accept\` allows it`, async () => {
      if (isPrepared(attack)) {
        await prepare(attack);
        await expectBlocked([attack]);
      }
      if (isMerged(attack)) {
        await scene.keep(OWN);
        if (isPrepared(attack)) await expectBlocked([attack]);
      }
      await expectAccepted(attack);
    });
}

/** Matches a hint that names a word for `accept`, alone or in a list; any hint if no word allows the attack. */
const namesAccept = (word: Accept | undefined): RegExp =>
  word === undefined ? /(?:)/ : new RegExp(`\`${word}\`|accept: \\[[^\\]]*\\b${word}\\b`);

/** The failure of a peer, without what it would remove from other peers of the run. */
function blockedAs({ failure }: PeerProgress) {
  if (failure === null) return null;
  const { code, message, hint } = failure;
  const lines = message.split('\n').filter((line) => !/ at \d+ other peers? \(/.test(line));
  return { code, message: lines.join('\n'), hint };
}
