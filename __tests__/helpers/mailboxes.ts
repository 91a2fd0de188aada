import { expect } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from './database.ts';
import { type Federated, filePeer } from './federating.ts';
import { COMMIT_OF_SOUTH, ITEMS_OF_40, type Receiving, stateOf } from './mailbox.ts';
import { type OneEngine, oneEngine } from './one-engine.ts';
import { committing, scenario } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

/** Commits of north after the shared one, in a mailbox of their own. */
export interface Sending {
  /** An earlier commit: the mailbox has only this one until `send`. */
  readonly before?: readonly string[];
  readonly sends: readonly string[];
}

/**
 * South in one engine, and several mailboxes with changes of the same commit. Each run receives from one of them, and
 * begins where `startAgain` leaves south: that takes a third of the time of a mailbox and an engine for each.
 */
export interface Mailboxes extends OneEngine {
  readonly south: TestDatabase;
  /** North pushes the rest of what has a commit before. */
  send(name: string): Promise<void>;
  /** South commits. */
  keep(...statements: string[]): Promise<void>;
  /** South runs a command; its peers have the names of their mailboxes. */
  receive(names: readonly string[], test?: Receiving): Promise<Federated>;
  /** The same, and neither south nor a mailbox may change. */
  receiveUnchanged(names: readonly string[], test?: Receiving): Promise<Federated>;
  /** Takes south back to the shared commit. Ignored and new tables stay. */
  startAgain(): Promise<void>;
}

/** Takes back all that a sending may set in the session of north. */
const SESSION =
  'SET foreign_key_checks = 1, autocommit = 1, dolt_force_transaction_commit = 0, dolt_allow_commit_conflicts = 0';

/**
 * Makes the databases and the mailboxes, with one process for all changes.
 * @param seed runs before the shared commit, after a table `items` of 40 rows
 */
export async function mailboxes(
  folder: TempFolder,
  seed: readonly string[],
  sendings: Readonly<Record<string, Sending>>,
): Promise<Mailboxes> {
  const made = await scenario(folder)
    .base(...ITEMS_OF_40, ...seed)
    .database('south')
    .database('north')
    .build();
  const north = made.database('north');
  const push = (name: string, what: string): string => `CALL DOLT_PUSH('${name}', '${what}')`;
  const base = await north.headAfter(
    "SET @base = DOLT_HASHOF('main')",
    ...Object.entries(sendings).flatMap(([name, { before = [], sends }]) => [
      `CALL DOLT_REMOTE('add', '${name}', 'file://${folder.file(name)}')`,
      ...(before.length > 0 ? [...committing('before', before), push(name, 'main')] : []),
      ...sends,
      "CALL DOLT_COMMIT('-A', '--skip-empty', '-m', 'north')",
      before.length > 0 ? `CALL DOLT_BRANCH('${name}')` : push(name, 'main'),
      SESSION,
      "CALL DOLT_RESET('--hard', @base)",
    ]),
  );
  return openSouth(folder, base, async (name) => void (await north.sql(push(name, `${name}:main`))));
}

function openSouth(folder: TempFolder, base: string, send: Mailboxes['send']): Mailboxes {
  const south = openTestDatabase(folder.file('south'));
  const engine = oneEngine(south.path, folder.file('tmp'));
  const receive: Mailboxes['receive'] = (names, { accept = [], others = [], ...test } = {}) => {
    const peers = names.map((name) => ({ ...filePeer(name, folder.file(name)), accept }));
    return engine.federate({ peers: [...peers, ...others], ...test });
  };
  return {
    ...engine,
    south,
    send,
    keep: (...statements) => engine.sql(...statements, COMMIT_OF_SOUTH),
    receive,
    async receiveUnchanged(names, test) {
      const boxes = names.map((name) => folder.file(name));
      const before = await stateOf(engine.rows, boxes);
      const received = await receive(names, test);
      expect(await stateOf(engine.rows, boxes)).toEqual(before);
      return received;
    },
    startAgain: () => engine.reset(base),
  };
}
