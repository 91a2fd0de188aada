import { expect } from '@jest/globals';
import type { ConflictStrategy } from '../../src/contract/vocabulary.ts';
import type { Failure } from '../../src/core/failure.ts';
import type { Engines } from '../../src/dolt/server/engines.ts';
import { branchHead } from '../../src/dolt/sql/heads.ts';
import { ANN, HEADS, headsIn, openTestDatabase, publishing, runNew, type TestDatabase } from './database.ts';
import { acceptedPeer, type Federated, federateIn, inDatabase, withEngines } from './federating.ts';
import { committing } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';
import { committingInOrder, type HashOrder, requireOrder } from './two-databases.ts';

interface Run extends Federated {
  /** The head of the branch after the run. */
  readonly now: string | null;
}

/**
 * Branches of one database that share a commit, each with a mailbox that the others read. The branch `main` is north. One
 * process makes them and one engine merges them. Commands need databases in folders of their own: `twoDatabases`.
 */
export interface Branched extends Pick<TestDatabase, 'sql' | 'rows' | 'read'> {
  /**
   * Makes the branches with a commit each, if there is a change. One list of others is the branch south.
   * @param order north-first: north has a smaller hash than the others, and so comes first in a merge; absent: either may
   * @returns the head of north
   */
  edit(north: readonly string[], others: readonly string[] | Others, order?: HashOrder): Promise<string>;
  /** Runs north against the others under `newest`. */
  run(strategy?: ConflictStrategy): Promise<Run>;
  /** Runs north against the others under each strategy, one after the other. */
  runs(...strategies: readonly ConflictStrategy[]): Promise<readonly Run[]>;
  /** Runs each branch against the others, north first. All must make the same commit. @returns the run of north */
  merge(): Promise<Run>;
  /** The failures of north and of each other branch when they meet. No branch may move. */
  refused(): Promise<ReadonlyMap<string, readonly (Failure | null)[]>>;
}

type Others = Readonly<Record<string, readonly string[]>>;

const isList = (others: readonly string[] | Others): others is readonly string[] => Array.isArray(others);

/** Dates that one branch sets do not count for the next. */
const NOW = "SET @@dolt_author_date = '', @@dolt_committer_date = ''";

const branchOf = (name: string): string => (name === 'north' ? 'main' : name);

/** The branches. @param base statements of their shared commit */
export function branched(folder: TempFolder, ...base: readonly string[]): Branched {
  const local = openTestDatabase(folder.file('local'));
  const box = (name: string) => folder.file(`${name}.box`);
  const heads = new Map<string, string>();
  const headOf = (name: string): string => {
    const head = heads.get(branchOf(name));
    if (head === undefined) throw new Error(`no branch ${branchOf(name)}`);
    return head;
  };
  let names: readonly string[] = [];

  const othersOf = (name: string) => names.filter((other) => other !== name);
  const runIn = async (
    engines: Engines,
    name: string,
    strategy: ConflictStrategy,
    others = othersOf(name),
  ): Promise<Run> => {
    const peers = others.map((other) => ({ ...acceptedPeer(other, box(other)), strategy }));
    const branch = branchOf(name);
    const federated = await federateIn(engines, { peers, options: { branch, ours: headOf(name) } });
    return { ...federated, now: await inDatabase(engines, (database) => branchHead(database, branch)) };
  };
  const within = <T>(work: (engines: Engines) => Promise<T>): Promise<T> =>
    withEngines(local.path, folder.file('tmp'), work);
  return {
    sql: local.sql,
    rows: local.rows,
    read: local.read,
    async edit(north, south, order) {
      const others = isList(south) ? { south } : south;
      const edits = Object.entries({ ...others, north });
      names = edits.map(([name]) => name);
      const printed = await runNew(local.path, ANN, [
        ...committing('base', base),
        ...Object.keys(others).map((name) => `CALL DOLT_BRANCH('${name}')`),
        ...edits.flatMap(([name, statements]) => [
          NOW,
          `CALL DOLT_CHECKOUT('${branchOf(name)}')`,
          ...committingInOrder(name, statements, order),
          ...publishing(`file://${box(name)}`, `${branchOf(name)}:main`),
        ]),
        HEADS,
      ]);
      for (const [name, hash] of headsIn(printed)) heads.set(name, hash);
      requireOrder(order, headOf('north'), Object.keys(others).map(headOf));
      return headOf('north');
    },
    run: (strategy = 'newest') => within((engines) => runIn(engines, 'north', strategy)),
    runs: (...strategies) =>
      within(async (engines) => {
        const runs: Run[] = [];
        for (const strategy of strategies) runs.push(await runIn(engines, 'north', strategy));
        return runs;
      }),
    merge: () =>
      within(async (engines) => {
        const inNorth = await runIn(engines, 'north', 'newest');
        expect(inNorth.allProgress.map(({ failure }) => failure)).toEqual(inNorth.allProgress.map(() => null));
        for (const name of othersOf('north')) {
          const inOther = await runIn(engines, name, 'newest');
          expect(inOther.allProgress.map(({ failure }) => failure)).toEqual(inOther.allProgress.map(() => null));
          expect([inOther.head, inOther.now]).toEqual([inNorth.head, inNorth.now]);
        }
        return inNorth;
      }),
    refused: () =>
      within(async (engines) => {
        const inNorth = await runIn(engines, 'north', 'newest');
        const failures = new Map<string, readonly (Failure | null)[]>();
        const moved = inNorth.now === headOf('north') ? [] : ['north'];
        for (const name of othersOf('north')) {
          const inOther = await runIn(engines, name, 'newest', ['north']);
          failures.set(name, [inNorth.run(name).failure, inOther.run('north').failure]);
          if (inOther.now !== headOf(name)) moved.push(name);
        }
        expect({ moved, merged: [...failures].filter(([, both]) => both.includes(null)) }).toEqual({
          moved: [],
          merged: [],
        });
        return failures;
      }),
  };
}
