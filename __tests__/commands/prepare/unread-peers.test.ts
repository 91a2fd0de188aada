import { expect, test } from '@jest/globals';
import { unreadPeers } from '../../../src/commands/prepare/last-verified.ts';
import type { Role } from '../../../src/contract/vocabulary.ts';
import { EMPTY_STATE, remember } from '../../../src/sync/history/last-verified.ts';
import { filePeer } from '../../helpers/federating.ts';
import { HEAD } from '../../helpers/results.ts';

const ROOT = 'a'.repeat(32);
const place = { root: ROOT, endpoint: 'file:///srv/two', ref: null, branch: 'main', local: 'main' };
const state = remember(EMPTY_STATE, [{ place, name: 'two', head: HEAD, verifiedAt: null }]);

test.each<[string, Role, string, string | null, typeof state, string[]]>([
  ['without a record counts', 'peer', '/srv/two', ROOT, EMPTY_STATE, ['two']],
  ['with a record does not count', 'peer', '/srv/two', ROOT, state, []],
  ['at another place than the recorded one counts', 'peer', '/srv/moved', ROOT, state, ['two']],
  ['counts if the history of our branch is not known', 'upstream', '/srv/two', null, state, ['two']],
  ['does not count if it is an archive', 'archive', '/srv/two', ROOT, EMPTY_STATE, []],
])('a peer that the run does not select, %s', (_, role, folder, root, before, expected) => {
  const [one, two] = [filePeer('one', '/srv/one'), filePeer('two', folder, role)];
  const run = { branch: 'main', allProgress: [{ peer: one }], lastVerified: { root, before } };
  expect(unreadPeers([one, two], run)).toEqual(expected);
});
