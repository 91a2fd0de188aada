import { expect, test } from '@jest/globals';
import { headsToCache, unitedHeads } from '../../../src/commands/prepare/cache/heads.ts';
import { unreadPeers } from '../../../src/commands/prepare/last-verified.ts';
import type { Role } from '../../../src/contract/vocabulary.ts';
import { EMPTY_STATE, remember } from '../../../src/sync/history/last-verified.ts';
import { filePeer } from '../../helpers/federating.ts';
import { HEAD } from '../../helpers/results.ts';

const ROOT = 'a'.repeat(32);
const place = { root: ROOT, endpoint: 'file:///srv/two', ref: null, branch: 'main', local: 'main' };
const state = remember(EMPTY_STATE, [{ place, name: 'two', head: HEAD, verifiedAt: null }]);

/** The record of a run on another machine, as the cache has it. */
const inCache = headsToCache({ root: ROOT, before: EMPTY_STATE, restored: [], after: state, isKept: () => true }, []);
const none = { before: EMPTY_STATE, contained: unitedHeads([]), clonedFrom: null };

test.each<[string, Role, string, string | null, Partial<typeof none> | { clonedFrom: string }, string[]]>([
  ['without a record counts', 'peer', '/srv/two', ROOT, {}, ['two']],
  ['with a record does not count', 'peer', '/srv/two', ROOT, { before: state }, []],
  ['with a head in the cache does not count', 'peer', '/srv/two', ROOT, { contained: inCache }, []],
  ['does not count if the run cloned it', 'primary', '/srv/two', ROOT, { clonedFrom: 'two' }, []],
  ['at another place than the recorded one counts', 'peer', '/srv/moved', ROOT, { before: state }, ['two']],
  ['at another place than that in the cache counts', 'peer', '/srv/moved', ROOT, { contained: inCache }, ['two']],
  ['counts if the history of our branch is not known', 'upstream', '/srv/two', null, { before: state }, ['two']],
  ['does not count if it is an archive', 'archive', '/srv/two', ROOT, {}, []],
])('a peer that the run does not select, %s', (_, role, folder, root, known, expected) => {
  const [one, two] = [filePeer('one', '/srv/one'), filePeer('two', folder, role)];
  const { before, contained, clonedFrom } = { ...none, ...known };
  const run = { branch: 'main', allProgress: [{ peer: one }], lastVerified: { root, before, contained }, clonedFrom };
  expect(unreadPeers([one, two], run)).toEqual(expected);
});
