import { describe, expect, test } from '@jest/globals';
import type { Accept } from '../../src/contract/vocabulary.ts';
import { mailbox } from './mailbox.ts';
import { tempFolder } from './temp-folder.ts';

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
  /** Whether Dolt can merge it at all; absent: it can. */
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

/**
 * One test for each attack, as a fast-forward and as a merge: it is blocked, changes nothing, and `accept` allows it.
 */
export function testAttacks(title: string, attacks: readonly Attack[]): void {
  describe(title, () => {
    const forms = attacks.flatMap((attack) => [
      { ...attack, form: 'as a fast-forward', own: [] },
      ...(attack.isMergeable === false
        ? []
        : [{ ...attack, form: 'as a merge', own: ["INSERT INTO items VALUES (5, 'five', 'sue')"] }]),
    ]);
    test.each(forms)('$name, $form: $code', async ({ seed = [], before = [], sends, own, code, says, accepts }) => {
      await using folder = await tempFolder();
      const box = await mailbox(folder, ...seed);
      if (before.length > 0) {
        await box.send(...before);
        expect((await box.receive()).run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
      }
      if (own.length > 0) await box.keep(...own);
      await box.send(...sends);
      const every: readonly Accept[] = [
        'triggers',
        'events',
        'procedures',
        'ignore',
        'deletion',
        'future',
        'recreated',
      ];
      const { blocked, accepted } = await box.receiveBlocked(
        accepts ?? [...every, 'expressions', 'ignored-tables', 'peers'],
      );
      expect(blocked.run('partner').failure).toMatchObject({ code, message: expect.stringContaining(says) });
      if (accepts === undefined) expect(accepted.run('partner').failure).toMatchObject({ code });
      else expect(accepted.run('partner').failure).toBeNull();
    });
  });
}
