import { expect, test } from '@jest/globals';
import { proposedChange } from '../../../src/frontends/action/pull-request.ts';

const [base, head] = ['b'.repeat(40), 'c'.repeat(40)] as const;

test.each<readonly [payload: unknown, change: unknown]>([
  [{ pull_request: { number: 7, base: { sha: base }, head: { sha: head } } }, { number: 7, base, head }],
  [{ merge_group: { base_sha: base, head_sha: head } }, { number: null, base, head }],
  [{ pull_request: { number: 7, base: { sha: '../../x' }, head: { sha: head } } }, null],
  [{ pull_request: { number: '7', base: { sha: base }, head: { sha: head } } }, null],
  [{ issue: { number: 7, pull_request: {} } }, null],
  [{}, null],
  [null, null],
])('the proposed change of an event is read: %j', (payload, change) => {
  expect(proposedChange(payload)).toEqual(change);
});
