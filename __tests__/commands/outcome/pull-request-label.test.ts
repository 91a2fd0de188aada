import { expect, test } from '@jest/globals';
import { labelOf } from '../../../src/commands/outcome/pull-request-label.ts';
import type { PeerResult, Plan, RunResult } from '../../../src/contract/result.ts';
import type { PullRequestLabel } from '../../../src/contract/vocabulary.ts';
import { failed, HEAD, peer } from '../../helpers/results.ts';

const NOTHING: Plan = { pull: 'nothing', push: 'nothing', pullCommits: 0, pushCommits: 0, head: HEAD };
const planned = (over: Partial<Plan> = {}, status: PeerResult['status'] = 'unchanged') =>
  peer({ status, plan: { ...NOTHING, ...over } });
const offline = peer({ status: 'skipped', notContacted: { reason: 'changed', settings: ['endpoint'] } });

test.each<[RunResult['status'], PeerResult[], PullRequestLabel | null]>([
  ['unchanged', [planned()], 'no change'],
  ['unchanged', [planned({ pull: 'merge' })], 'change'],
  ['success', [planned()], 'change'],
  ['partial', [peer(failed)], 'failed'],
  ['failed', [peer(failed)], 'failed'],
  ['conflict', [planned({}, 'conflict')], 'conflict'],
  ['skipped', [], null],
  ['skipped', [offline], null],
  ['skipped', [planned()], 'no change'],
  ['skipped', [planned(), offline], null],
  ['skipped', [planned({ push: 'fast-forward' }), offline], 'change'],
  ['skipped', [planned({ push: 'fast-forward' }), planned({}, 'failed')], 'failed'],
  ['skipped', [planned({}, 'failed'), planned({}, 'conflict')], 'conflict'],
])('the label of a run with the status %s', (status, peers, label) => {
  expect(labelOf({ status, peers })).toBe(label);
});
