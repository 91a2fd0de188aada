import { expect, test } from '@jest/globals';
import { isLeftover, scratchName } from '../../../src/sync/merge/scratch.ts';
import { markOfEndedRun, markOfOtherContainer } from '../../helpers/run-marks.ts';

const branch = (mark: string) => `dolt-federation-scratch/${mark}-${'a'.repeat(12)}`;

test.each([
  ['of this run', scratchName(), true],
  ['of a run that ended', branch(markOfEndedRun()), true],
  ['of a run in another container', branch(markOfOtherContainer()), false],
  ['without a run', 'dolt-federation-scratch/aabbcc', true],
  ['of a user', 'main', false],
  ['of a user, with a similar name', `my/${scratchName()}`, false],
])('a scratch branch %s is a leftover: %s, %s', (_, name, leftover) => {
  expect(isLeftover(name)).toBe(leftover);
});
