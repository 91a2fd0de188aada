import { describe, expect, test } from '@jest/globals';
import { fc, seedOr, timesCases } from '../helpers/property.ts';
import { DATABASES, type Outcome, plans, playPlan } from '../helpers/random-history.ts';

/** The fixed seed gives one by day, and each night tries eleven others. */
const CASES = timesCases(2) - 1;
const SEED = seedOr(11);
const PER_CASE_MS = 180_000;

/** Refusals that end a history, because a person has to decide. */
const NAMED = ['history-rewritten', 'not-deterministic', 'schema-conflict', 'constraint-violation', 'mass-deletion'];

/** Rows that were added, never removed, and are missing without being reported. */
function disappeared({ deeds, rows, unresolved }: Outcome): string[] {
  const added = [
    ...deeds.filter(({ kind }) => kind === 'added').map(({ key }) => key),
    'b0',
    'b1',
    'b2',
    'b3',
    'b4',
    'b5',
  ];
  const removed = new Set(deeds.filter(({ kind }) => kind === 'removed').map(({ key }) => key));
  const wanted = added.filter((key) => !removed.has(key) && !unresolved.has(key));
  return DATABASES.flatMap((name) => wanted.filter((key) => !rows[name].has(key)).map((key) => `${name}: ${key}`));
}

/** Rows that were restored although the only change to them was their removal. */
function restoredRows({ deeds, rows }: Outcome): string[] {
  const removals = deeds.filter(({ kind }) => kind === 'removed');
  return removals.flatMap(({ key, round, by }) => {
    const isChanged = deeds.some(
      (one) => one.key === key && one.kind !== 'removed' && one.round >= round && one.by !== by,
    );
    const isAgain = deeds.some((one) => one.key === key && one.kind === 'added' && one.round >= round);
    if (isChanged || isAgain) return [];
    return DATABASES.filter((name) => rows[name].has(key)).map((name) => `${name}: ${key}`);
  });
}

describe(`three databases with random histories (seed ${SEED})`, () => {
  test(
    'lose no row, restore no deleted row, and end with equal contents or a named refusal',
    async () => {
      await fc.assert(
        fc.asyncProperty(plans, async (plan) => {
          const outcome = await playPlan(plan);
          expect(outcome.unknown).toEqual([]);
          expect(outcome.refusals.filter((code) => !NAMED.includes(code))).toEqual([]);
          expect(outcome.unreported).toEqual([]);
          if (outcome.refusals.length === 0) {
            expect(new Set(outcome.hashes).size).toBe(1);
            expect(disappeared(outcome)).toEqual([]);
            // A database whose merges are refused keeps rows that others removed.
            expect(restoredRows(outcome)).toEqual([]);
          }
        }),
        { numRuns: CASES, seed: SEED, endOnFailure: true },
      );
    },
    PER_CASE_MS * CASES,
  );
});
