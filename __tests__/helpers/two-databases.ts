import type { ConflictStrategy, Role } from '../../src/contract/vocabulary.ts';
import { publishing, type TestDatabase } from './database.ts';
import { acceptedPeer, type Federated, federateDatabase } from './federating.ts';
import { committing, scenario } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

export type DatabaseName = 'north' | 'south';

/** Two databases that share a history, each with a mailbox that the other reads. */
export interface TwoDatabases {
  readonly north: TestDatabase;
  readonly south: TestDatabase;
  /**
   * Commits in each database, if there is a change, and pushes to its mailbox.
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

/** The smallest of so many hashes is almost certainly below the greatest of as many others. */
const CANDIDATES = 12;
const SAME_DATE =
  "SET @@dolt_committer_date = (SELECT DATE_FORMAT(date, '%Y-%m-%dT%H:%i:%s.%fZ') FROM dolt_log LIMIT 1)";

/**
 * A commit of north or of another side, if there is a change. With an order, its hash is almost certainly before or after
 * those of the other sides.
 */
export function committingInOrder(
  name: string,
  statements: readonly string[],
  order: HashOrder | undefined,
): readonly string[] {
  const commit = committing(name, statements);
  if (order === undefined) return commit;
  if (commit.length === 0) throw new Error('each head needs a commit of its own');
  return [...commit, ...amending(name, (name === 'north') === (order === 'north-first') ? 'LEAST' : 'GREATEST')];
}

/** @throws Error if the hash of north is on the wrong side of another one */
export function requireOrder(order: HashOrder | undefined, north: string, others: readonly string[]): void {
  if (order === undefined || others.every((other) => north < other === (order === 'north-first'))) return;
  throw new Error(`the hashes are not in the order ${order}`);
}

/** Amends the last commit several times, and leaves the one with the smallest or the greatest hash. */
function amending(name: string, choice: 'LEAST' | 'GREATEST'): readonly string[] {
  const numbers = Array.from({ length: CANDIDATES }, (_, index) => index);
  return [
    SAME_DATE,
    ...numbers.flatMap((n) => [
      `CALL DOLT_COMMIT('--amend', '-m', '${name} ${n}')`,
      `SET @hash${n} = DOLT_HASHOF('HEAD')`,
    ]),
    `SET @chosen = ${choice}(${numbers.map((n) => `@hash${n}`).join()})`,
    "CALL DOLT_RESET('--hard', @chosen)",
  ];
}

const other = (name: DatabaseName): DatabaseName => (name === 'north' ? 'south' : 'north');

/** Makes the databases. @param statements statements of their shared first commit */
export async function twoDatabases(folder: TempFolder, ...statements: string[]): Promise<TwoDatabases> {
  const made = await scenario(folder)
    .base(...statements)
    .database('north')
    .database('south')
    .build();
  const databases = { north: made.database('north'), south: made.database('south') };
  const publish = async (name: DatabaseName, ...before: readonly string[]): Promise<string> =>
    await databases[name].headAfter(...before, ...publishing(`file://${folder.file(`${name}.box`)}`));
  return {
    ...databases,
    async edit(north, south, order) {
      const [ofNorth, ofSouth] = await Promise.all([
        publish('north', ...committingInOrder('north', north, order)),
        publish('south', ...committingInOrder('south', south, order)),
      ]);
      requireOrder(order, ofNorth, [ofSouth]);
    },
    run(local, { strategy = 'newest', role = 'upstream' } = {}) {
      const peer = { ...acceptedPeer(other(local), folder.file(`${other(local)}.box`), role), strategy };
      return federateDatabase({ local: databases[local].path, tempDir: folder.file('tmp'), peers: [peer] });
    },
  };
}
