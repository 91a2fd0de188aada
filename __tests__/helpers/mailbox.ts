import { expect } from '@jest/globals';
import type { Peer } from '../../src/config/configuration.ts';
import type { PeerEvent } from '../../src/core/logger.ts';
import type { SyncCommand } from '../../src/sync/peer-actions.ts';
import { openRemoteCopy, type TestDatabase } from './database.ts';
import { type ExchangeOptions, type Federated, federateDatabase, filePeer } from './federating.ts';
import { committing, scenario } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

/** Two databases that know one mailbox, and hold the same commit of a table `items` of 40 rows. */
export interface Mailbox {
  readonly north: TestDatabase;
  readonly south: TestDatabase;
  readonly url: string;
  /** North commits and pushes. */
  send(...statements: string[]): Promise<string>;
  /** North commits `before`, then merges two halves that were made from it, and pushes. */
  sendMerge(
    halves: readonly [one: readonly string[], other: readonly string[]],
    ...before: readonly string[]
  ): Promise<string>;
  /** South commits. */
  keep(...statements: string[]): Promise<string>;
  /** South runs a command; the mailbox is its peer `partner`. */
  receive(test?: Receiving): Promise<Federated>;
  /** The same, and neither south nor the mailbox may change. */
  receiveUnchanged(test?: Receiving): Promise<Federated>;
}

export interface Receiving {
  readonly accept?: Peer['accept'];
  readonly command?: SyncCommand;
  readonly options?: Partial<ExchangeOptions>;
  readonly others?: readonly Peer[];
  readonly onEvent?: (event: PeerEvent) => void;
}

/** Every query of what a refused run may not change; tags without their date, which Dolt cannot set. */
const UNTOUCHED = [
  'SELECT name, hash FROM dolt_branches ORDER BY name',
  'SELECT tag_name, tag_hash, tagger, email, message FROM dolt_tags ORDER BY tag_name',
  'SELECT * FROM dolt_status ORDER BY table_name',
  'SELECT is_merging FROM dolt_merge_status',
  'SHOW TABLES',
];

const ROWS = Array.from({ length: 40 }, (_, index) => `(${index + 100}, 'row', 'ann')`).join();

/** Makes the databases; `seed` runs before the first commit. */
export async function mailbox(folder: TempFolder, ...seed: string[]): Promise<Mailbox> {
  const made = await scenario(folder)
    .base(
      'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100), owner VARCHAR(40))',
      `INSERT INTO items VALUES ${ROWS}`,
      ...seed,
    )
    .database('north')
    .database('south')
    .mailbox('mailbox')
    .build();
  const [north, south] = [made.database('north'), made.database('south')];
  const { path: box, url } = made.mailbox('mailbox');
  let looks = 0;
  const receive = async ({ accept = [], others = [], ...test }: Receiving = {}): Promise<Federated> =>
    await federateDatabase({
      local: south.path,
      tempDir: folder.file('tmp'),
      peers: [{ ...filePeer('partner', folder.file('mailbox')), accept }, ...others],
      ...test,
    });
  const state = async (): Promise<string> => {
    looks += 1;
    const there = await openRemoteCopy(box, folder.file(`look-${looks}`));
    const states = [south.sql(...UNTOUCHED), there.sql(...UNTOUCHED.slice(0, 2))];
    return (await Promise.all(states)).join('');
  };
  return {
    north,
    south,
    url,
    send: (...statements) =>
      north.sql(...statements, "CALL DOLT_COMMIT('-A', '-m', 'north')", "CALL DOLT_PUSH('mailbox', 'main')"),
    sendMerge: ([one, other], ...before) =>
      north.sql(
        ...committing('before', before),
        "CALL DOLT_BRANCH('half')",
        ...committing('one half', one),
        "CALL DOLT_CHECKOUT('half')",
        ...committing('the other half', other),
        "CALL DOLT_CHECKOUT('main')",
        "CALL DOLT_MERGE('half', '-m', 'both')",
        "CALL DOLT_PUSH('mailbox', 'main')",
      ),
    keep: (...statements) =>
      south.sql(...statements, "CALL DOLT_COMMIT('-A', '-m', 'south', '--author', 'South <south@example.org>')"),
    receive,
    async receiveUnchanged(test) {
      const before = await state();
      const received = await receive(test);
      expect(await state()).toBe(before);
      return received;
    },
  };
}
