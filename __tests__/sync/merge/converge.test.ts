import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { BEADS_RULES } from '../../../src/beads/database-rules.ts';
import { NO_CREDENTIALS } from '../../../src/dolt/engine-credentials.ts';
import type { Sql } from '../../../src/dolt/sql/sql.ts';
import { converge } from '../../../src/sync/merge/converge.ts';
import { MergeLimits } from '../../../src/sync/merge/limits.ts';
import { scratchName } from '../../../src/sync/merge/scratch.ts';
import { makeDatabaseOf } from '../../helpers/database.ts';
import { withEngines } from '../../helpers/federating.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

/** Enough attempts to get a hash above those of all earlier heads. */
const CANDIDATES = 16;
const hashRow = z.object({ hash: z.string() });

/**
 * Commits the statements of each head onto `main`.
 * @returns the heads, each with a greater hash than those before it
 */
async function headsInOrder(sql: Sql, heads: readonly (readonly string[])[]): Promise<string[]> {
  const ordered: string[] = [];
  for (const statements of heads) {
    await sql.run("CALL DOLT_CHECKOUT('main')");
    await sql.run("CALL DOLT_BRANCH('-f', 'side', 'main')");
    await sql.run("CALL DOLT_CHECKOUT('side')");
    for (const statement of statements) await sql.run(statement);
    await sql.run("CALL DOLT_COMMIT('-A', '--allow-empty', '-m', 'side')");
    const hashes: string[] = [];
    for (let n = 0; n < CANDIDATES; n += 1) {
      await sql.run("CALL DOLT_COMMIT('--amend', '-m', ?)", [`side ${n}`]);
      hashes.push(...(await sql.rows(hashRow, "SELECT DOLT_HASHOF('HEAD') AS hash")).map(({ hash }) => hash));
    }
    const next = hashes.sort().find((hash) => hash > (ordered.at(-1) ?? ''));
    if (next === undefined) throw new Error('no candidate has a greater hash');
    ordered.push(next);
  }
  return ordered;
}

/** The changes of each head. Ours is the last in hash order. */
interface Case {
  readonly peers: Readonly<Record<string, readonly string[]>>;
  readonly ours: readonly string[];
  /** Why heads are rejected; all others are merged. */
  readonly rejected: Readonly<Record<string, string>>;
}

const CASES: readonly (readonly [what: string, Case])[] = [
  [
    'a type that neither ours nor the other peer can have',
    {
      peers: { evil: ['ALTER TABLE t MODIFY n INT'], honest: ["INSERT INTO t VALUES (3, 'honest')"] },
      ours: ["INSERT INTO t VALUES (2, 'ours')"],
      rejected: { evil: 'schema-conflict' },
    },
  ],
  [
    'a check that the rows of two other peers and ours break',
    {
      peers: {
        evil: ["ALTER TABLE t ADD CHECK (n < 'b')"],
        honest: ["INSERT INTO t VALUES (3, 'honest')"],
        another: ["INSERT INTO t VALUES (4, 'honest too')"],
      },
      ours: ["INSERT INTO t VALUES (2, 'ours')"],
      rejected: { evil: 'constraint-violation' },
    },
  ],
  [
    'another view, if ours and the other peer have the same one',
    {
      peers: {
        evil: ['CREATE VIEW v AS SELECT n FROM t'],
        honest: ['CREATE VIEW v AS SELECT id FROM t', "INSERT INTO t VALUES (3, 'honest')"],
      },
      ours: ['CREATE VIEW v AS SELECT id FROM t'],
      rejected: { evil: 'conflict' },
    },
  ],
  [
    'two peers that each fit ours, but not each other',
    {
      peers: {
        first: ['UPDATE pairs SET a = 6'],
        second: ['UPDATE pairs SET b = 6'],
        honest: ["INSERT INTO t VALUES (3, 'honest')"],
      },
      ours: ['ALTER TABLE pairs ADD CHECK (a + b < 10)'],
      rejected: { second: 'constraint-violation' },
    },
  ],
  [
    'a trigger beside a deleted parent; later heads do not matter',
    {
      peers: {
        trigger: ["CREATE TRIGGER fires BEFORE INSERT ON parents FOR EACH ROW SET NEW.n = 'fired'"],
        deletion: ['DELETE FROM parents'],
        honest: ["INSERT INTO t VALUES (3, 'honest')"],
        another: ["INSERT INTO t VALUES (4, 'honest too')"],
      },
      ours: ['INSERT INTO children VALUES (1, 1)'],
      rejected: { deletion: 'constraint-violation' },
    },
  ],
];

describe('a head that cannot be merged', () => {
  test('excludes no other head, even if its hash is lower', async () => {
    await using folder = await tempFolder();
    const { path } = await makeDatabaseOf(
      folder.file('local'),
      'CREATE TABLE t (id INT PRIMARY KEY, n VARCHAR(20))',
      "INSERT INTO t VALUES (1, '1')",
      'CREATE TABLE pairs (id INT PRIMARY KEY, a INT, b INT)',
      'INSERT INTO pairs VALUES (1, 1, 1)',
      'CREATE TABLE parents (id INT PRIMARY KEY, n VARCHAR(20))',
      'CREATE TABLE children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id))',
      'INSERT INTO parents VALUES (1, NULL)',
      "CALL DOLT_COMMIT('-A', '-m', 'base')",
    );
    await withEngines(path, folder.file('tmp'), (engines) =>
      engines.use(NO_CREDENTIALS, async (engine) => {
        for (const [what, { peers, ours: own, rejected }] of CASES) {
          const names = Object.keys(peers);
          const hashes = await engine.database.session((sql) => headsInOrder(sql, [...Object.values(peers), own]));
          const ours = hashes.at(-1) ?? '';
          const theirs = hashes.slice(0, -1).map((head) => ({ head, strategy: 'newest' }) as const);
          const limits = new MergeLimits(120_000, theirs.length);
          const heads = { ours, theirs, branch: 'main', limits, rules: BEADS_RULES };
          const { dropped, made } = await converge(engine, heads, scratchName);
          const found = [...dropped].map(([head, { failure }]) => [names[hashes.indexOf(head)], failure.code]);
          expect([what, Object.fromEntries(found)]).toEqual([what, rejected]);
          expect(made).toHaveLength(names.length - Object.keys(rejected).length);
        }
      }),
    );
  });
});
