import { expect, test } from '@jest/globals';
import { isLeftover, scratchName } from '../../../src/sync/merge/scratch.ts';

test.each([
  ['of this run', scratchName(), true],
  ['of a run that died', 'dolt-federation-scratch/11-aa', true],
  ['of a running run', 'dolt-federation-scratch/22-aa', false],
  ['without a process', 'dolt-federation-scratch/aabbcc', true],
  ['of a user', 'main', false],
  ['of a user, with a similar name', 'my/dolt-federation-scratch/11-aa', false],
])('a scratch branch %s is a leftover: %s, %s', (_, branch, leftover) => {
  expect(isLeftover(branch, (pid) => pid === 22)).toBe(leftover);
});
