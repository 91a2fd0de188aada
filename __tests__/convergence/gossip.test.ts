import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TOPOLOGIES, type Topology } from '../../bench/topology.ts';
import { anotherSecond } from '../helpers/another-second.ts';
import { type Case, cases } from '../helpers/convergence/cases.ts';
import { type Cells, TABLE_NAMES } from '../helpers/convergence/edits.ts';
import { expectedRows } from '../helpers/convergence/model.ts';
import { type Played, play } from '../helpers/convergence/play.ts';
import { makeScene, type Scene } from '../helpers/convergence/scene.ts';
import { fc, seedOr, timesCases } from '../helpers/property.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** Cases per topology and kind of mailbox. */
const CASES = timesCases(1);
const SEED = seedOr(3);
/** Each kind has cases of its own; by default, clocks and sizes differ. */
const SEEDS = { writable: SEED, 'read-only': SEED + 1 } as const;
const PER_CASE_MS = 120_000;

type Mailboxes = Case['mailboxes'];

/** Mailboxes that only their owner writes are by default tried in a random federation, every night in all. */
const kindsOf = (topology: Topology): readonly Mailboxes[] =>
  CASES > 1 || topology === 'random' ? ['writable', 'read-only'] : ['writable'];

let folder: TempFolder;
let scene: Scene;
let played = 0;
/** The cases of this file so far, by their plans. */
const outcomes = new Map<string, Played>();

beforeAll(async () => {
  folder = await tempFolder();
  scene = await makeScene(folder);
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function playNew(plan: Case, reversed = false): Promise<Played> {
  played += 1;
  return play(scene, plan, { name: `case${played}`, reversed });
}

/** Rows with their own values if the model allows these, otherwise with those of the model. */
function judged(outcome: Played): { readonly found: unknown; readonly wanted: unknown }[] {
  return outcome.databases.flatMap((local) =>
    TABLE_NAMES.map((table) => {
      const expected = expectedRows(table, outcome.edits);
      const found = local.rows[table];
      const wanted = [...expected].map(([key, cells]) => [
        key,
        Object.fromEntries(
          Object.entries(cells).map(([column, values]) => {
            const value = found.get(key)?.[column] ?? null;
            return [column, values.has(value) ? value : [...values].join(' or ')];
          }),
        ),
      ]);
      const sorted: [string, Cells][] = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
      return { found: Object.fromEntries(sorted), wanted: Object.fromEntries(wanted) };
    }),
  );
}

describe.each(TOPOLOGIES)(`with the seed ${SEED}, databases in a federation of the form %s`, (topology) => {
  test.each(kindsOf(topology))(
    'with %s mailboxes agree within diameter + 1 rounds on the contents of the model, and then change no more',
    async (mailboxes) => {
      await fc.assert(
        fc.asyncProperty(cases({ topology, mailboxes }), async (plan) => {
          const outcome = await playNew(plan);
          outcomes.set(JSON.stringify(plan), outcome);
          for (const local of outcome.databases) expect(local.failures).toEqual([]);
          for (const { found, wanted } of judged(outcome)) expect(found).toEqual(wanted);
          expect(outcome.rounds).not.toBeNull();
          expect(outcome.madeAfterwards).toEqual([]);
          // If a peer can only be read, an equivalent head is not merged.
          if (mailboxes === 'read-only') expect([...outcome.commits.empty]).toEqual([]);
        }),
        { numRuns: CASES, seed: SEEDS[mailboxes], endOnFailure: true },
      );
    },
    PER_CASE_MS * CASES,
  );
});

test(
  'a case that is repeated seconds later with the peers in the opposite order ends at the same commits',
  async () => {
    const plans = fc.sample(cases({ topology: 'random', mailboxes: 'read-only' }), {
      numRuns: 1,
      seed: SEEDS['read-only'],
    });
    for (const plan of plans) {
      // The test above begins with this case.
      const first = outcomes.get(JSON.stringify(plan)) ?? (await playNew(plan));
      // Dates in seconds, or in the clock of this machine, would differ now.
      await anotherSecond();
      const second = await playNew(plan, true);
      expect(second.databases.map(({ head }) => head)).toEqual(first.databases.map(({ head }) => head));
    }
  },
  2 * PER_CASE_MS,
);
