import { expect, test } from '@jest/globals';
import { isLeftoverBranch, scratchName } from '../../../src/sync/merge/scratch.ts';
import { markOfEndedRun, markOfOtherContainer, scratchBranch } from '../../helpers/run-marks.ts';

test.each([
  ['of this run', scratchName(), true],
  ['of a run that ended', scratchBranch(markOfEndedRun()), true],
  ['of a run in another container', scratchBranch(markOfOtherContainer()), false],
  ['without a mark', 'dolt-federation-scratch/aabbcc', false],
  ['of a user', 'main', false],
  ['of a user, with a similar name', `my/${scratchName()}`, false],
])('a scratch branch %s is a leftover: %s, %s', (_, name, leftover) => {
  expect(isLeftoverBranch(name)).toBe(leftover);
});
