import { expect, test } from '@jest/globals';
import { markOfProcess, markRun, runOf } from '../../src/core/run-mark.ts';
import { markOfEndedRun, markOfOtherContainer } from '../helpers/run-marks.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const now = Date.now();
/** A mark names the machine if processes have only an id. */
const [far, parent] = [`7-${'0'.repeat(12)}-${Math.floor(now / 1_000)}`, process.ppid];

test.each([
  ['this process', markRun(), 'this'],
  ['this process, days ago', markRun(now - 30 * DAY_MS), 'this'],
  ['a process that ended', markOfEndedRun(), 'ended'],
  ['a living process', markRun().replace(/^\d+/, String(parent)), process.platform === 'linux' ? 'ended' : 'other'],
  ['another container, with our process id', markOfOtherContainer(), 'other'],
  ['another container, days ago', markOfOtherContainer(now - 6 * DAY_MS), 'other'],
  ['another container, long ago', markOfOtherContainer(now - 8 * DAY_MS), 'ended'],
  ['a machine without identities', far, 'other'],
  ['a process id that has ended', markOfProcess(999_999_999), 'ended'],
  ['a process id that lives', markOfProcess(parent), 'other'],
  ['the id of this process', markOfProcess(process.pid), 'this'],
  ['no mark', '17', null],
  ['a text', 'run-of-mine', null],
])('the run of a mark of %s', (_, mark, expected) => {
  expect(runOf(mark, now)).toBe(expected);
});
