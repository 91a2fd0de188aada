import { expect, test } from '@jest/globals';
import { proposedChange } from '../../../src/frontends/action/pull-request.ts';

const [base, head] = ['b'.repeat(40), 'c'.repeat(40)] as const;
const pullRequest = (sha: unknown, ref?: unknown, number: unknown = 7) => ({
  pull_request: { number, base: { sha, ref }, head: { sha: head } },
});
const UNREAD = { kind: 'unread', reason: expect.stringContaining('names no change') };

test.each<readonly [event: string, payload: unknown, change: unknown]>([
  ['pull_request', pullRequest(base, 'main'), { number: 7, base, baseRef: 'main', head }],
  ['pull_request_target', pullRequest(base), { number: 7, base, baseRef: null, head }],
  ['merge_group', { merge_group: { base_sha: base, head_sha: head } }, { number: null, base, baseRef: null, head }],
  ['pull_request', pullRequest('../../x'), UNREAD],
  ['pull_request_review', pullRequest(base, 'main', '7'), UNREAD],
  ['pull_request', null, UNREAD],
  ['merge_group', {}, UNREAD],
  ['issue_comment', { issue: { number: 7, pull_request: {} } }, null],
  ['push', {}, null],
  ['workflow_dispatch', null, null],
])('the proposed change of an event is read: %s %j', (event, payload, change) => {
  const found = proposedChange(event, payload);
  if (change === null) expect(found).toBeNull();
  else expect(found).toMatchObject(change as object);
});
