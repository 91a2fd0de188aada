import { ACCEPTS, type ConflictStrategy, type Role } from '../../src/contract/vocabulary.ts';
import { publishing, type TestDatabase } from './database.ts';
import { type Federated, federateDatabase, filePeer } from './federating.ts';
import { committing, scenario } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

export type DatabaseName = 'north' | 'south';

/** Two databases that share a history, each with a mailbox that the other reads. */
export interface TwoDatabases {
  readonly north: TestDatabase;
  readonly south: TestDatabase;
  /**
   * Commits in each database, where there is anything to commit, and pushes to its mailbox.
   * @param order which head has the smaller hash, and so comes first in a merge; otherwise either may
   */
  edit(north: readonly string[], south: readonly string[], order?: HashOrder): Promise<void>;
  /** Runs a database against the other one's mailbox. */
  run(
    local: DatabaseName,
    options?: { readonly strategy?: ConflictStrategy; readonly role?: Role },
  ): Promise<Federated>;
}

/** Both orders in which two heads can be merged, for `test.each`. */
export const HASH_ORDERS = ['north-first', 'south-first'] as const;
export type HashOrder = (typeof HASH_ORDERS)[number];

const MAX_AMENDS = 64;
const SAME_DATE =
  "SET @@dolt_committer_date = (SELECT DATE_FORMAT(date, '%Y-%m-%dT%H:%i:%s.%fZ') FROM dolt_log LIMIT 1)";

const other = (name: DatabaseName): DatabaseName => (name === 'north' ? 'south' : 'north');

/** Makes the databases. @param statements what both have, committed as their first commit */
export async function twoDatabases(folder: TempFolder, ...statements: string[]): Promise<TwoDatabases> {
  const made = await scenario(folder)
    .base(...statements)
    .database('north')
    .database('south')
    .build();
  const databases = { north: made.database('north'), south: made.database('south') };
  // Both in turn: beside a head that begins with the first or the last letters, hardly any other is smaller or greater.
  const amendUntil = async (order: HashOrder, heads: Record<DatabaseName, string>): Promise<void> => {
    for (let n = 1; n <= MAX_AMENDS; n += 1) {
      if (heads.north < heads.south === (order === 'north-first')) return;
      const name = n % 2 === 1 ? 'south' : 'north';
      heads[name] = await databases[name].headAfter(SAME_DATE, `CALL DOLT_COMMIT('--amend', '-m', '${name} ${n}')`);
    }
    throw new Error(`no hash in the order ${order}`);
  };
  const publish = async (name: DatabaseName, ...before: readonly string[]): Promise<void> => {
    await databases[name].sql(...before, ...publishing(`file://${folder.file(`${name}.box`)}`));
  };
  return {
    ...databases,
    async edit(north, south, order) {
      const commits = { north: committing('north', north), south: committing('south', south) };
      if (order === undefined) {
        await Promise.all([publish('north', ...commits.north), publish('south', ...commits.south)]);
        return;
      }
      const [ofNorth, ofSouth] = await Promise.all([
        databases.north.headAfter(...commits.north),
        databases.south.headAfter(...commits.south),
      ]);
      await amendUntil(order, { north: ofNorth, south: ofSouth });
      await Promise.all([publish('north'), publish('south')]);
    },
    run(local, { strategy = 'newest', role = 'upstream' } = {}) {
      // What the check before a merge would refuse must be safe to merge, too.
      const peer = { ...filePeer(other(local), folder.file(`${other(local)}.box`), role), strategy, accept: ACCEPTS };
      return federateDatabase({ local: databases[local].path, tempDir: folder.file('tmp'), peers: [peer] });
    },
  };
}
