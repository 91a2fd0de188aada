import { expect, test } from '@jest/globals';
import { AnswerWait } from '../../src/sync/time-limits.ts';

test.each([
  // [fetch-wait, time of silent peers before, whether git or ssh connects, the wait]
  [60_000, [], false, 60_000],
  [60_000, [], true, 30_000],
  [60_000, [30_000], true, 10_000],
  [60_000, [30_000], false, 30_000],
  [60_000, [60_000, 10_000, 10_000], false, 10_000],
  [120_000, [20_000], true, 40_000],
  [4_000, [], false, 4_000],
  [4_000, [4_000], true, 2_000],
])('after %i ms and %j ms, a peer (untried: %s) has %i ms left', (waitMs, spent, isUntried, expected) => {
  const waiting = new AnswerWait(waitMs);
  for (const milliseconds of spent) waiting.spend(milliseconds);
  expect(waiting.millisecondsFor(isUntried)).toBe(expected);
});
