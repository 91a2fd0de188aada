import { expect, test } from '@jest/globals';
import { notRecorded, withLearned } from '../../../src/commands/outcome/record-times.ts';
import { Failure } from '../../../src/core/failure.ts';
import { beginPush } from '../../../src/sync/history/begun-pushes.ts';
import { EMPTY_STATE, remember, retire } from '../../../src/sync/history/last-verified.ts';
import { HEAD } from '../../helpers/results.ts';

const EARLIER = '2026-11-25T20:46:12.345Z';
const NOW = '2026-11-26T00:00:00.000Z';
const [BEFORE, LATER] = ['b'.repeat(32), 'v'.repeat(32)];
const PLACE = { root: 'a'.repeat(32), endpoint: 'file:///srv/box', ref: null, branch: 'main', local: 'main' };

/** A state with one recorded head, and what the run found: HEAD, while BEFORE was recorded when it began. */
const recorded = (head: string) => remember(EMPTY_STATE, [{ place: PLACE, name: 'box', head, verifiedAt: EARLIER }]);
const finding = { place: PLACE, name: 'box', head: HEAD, verifiedAt: NOW, replaces: [BEFORE] };
const learned = { findings: [finding], former: [], kept: [BEFORE, HEAD, LATER], ended: [] };

test.each([
  ['as when the run began', BEFORE, learned, HEAD, []],
  ['that our branch gave up', BEFORE, { ...learned, kept: [HEAD] }, HEAD, [BEFORE]],
  ['that is the same', HEAD, learned, HEAD, []],
  ['of another run', LATER, learned, LATER, []],
  [
    'of another run, which the head contains',
    LATER,
    { ...learned, findings: [{ ...finding, replaces: [LATER] }] },
    HEAD,
    [],
  ],
  ['of another run, while this one gave up a head', LATER, { ...learned, former: [BEFORE], kept: [] }, LATER, [BEFORE]],
])('a recorded head %s', (_, head, facts, after, gaveUp) => {
  const next = withLearned({ stateFile: recorded(head), replaced: [], unusable: [] }, 'main', facts);
  expect([...next.peers.values()].map((entry) => entry.head)).toEqual([after]);
  expect(next.retired).toEqual(gaveUp.map((one) => ({ local: 'main', head: one })));
});

test('heads that the other file replaces are given up unless our branch is known to contain them', () => {
  const known = { stateFile: recorded(HEAD), replaced: [BEFORE, LATER], unusable: [] };
  const nothing = { findings: [{ ...finding, verifiedAt: null }], former: [], kept: [BEFORE, LATER], ended: [] };
  expect(withLearned(known, 'main', nothing)).toBe(known.stateFile);
  expect(withLearned(known, 'main', { ...nothing, kept: [BEFORE] })).toEqual(retire(known.stateFile, 'main', [LATER]));
});

test('a head of a peer that a run passed on is recorded until it needs no record, as one that was given up if it was taken back', () => {
  const passedOn = { endpoint: PLACE.endpoint, ref: null, branch: 'main', local: 'main', head: LATER };
  const stateFile = beginPush(recorded(HEAD), { local: 'main', ours: HEAD, contained: [], passedOn: [passedOn] });
  const known = { stateFile, replaced: [], unusable: [] };
  const nothing = { findings: [], former: [], kept: [], ended: [] };
  expect(withLearned(known, 'main', nothing)).toBe(stateFile);
  const ended = { ...nothing, ended: [passedOn] };
  expect(withLearned(known, 'main', ended)).toEqual({ ...stateFile, passedOn: [] });
  const takenBack = withLearned(known, 'main', { ...ended, former: [LATER] });
  expect(takenBack).toEqual(retire({ ...stateFile, passedOn: [] }, 'main', [LATER]));
});

test.each([
  new Failure('database-read-only', 'the file cannot be replaced'),
  new Failure('memory-unusable', 'the file cannot be read'),
  new Error('EIO: i/o error, open'),
])('a record that cannot be changed is a warning: %s', (thrown) => {
  const { severity, code, message } = notRecorded(thrown);
  expect({ severity, code, message }).toEqual({
    severity: 'warning',
    code: 'memory-unusable',
    message: thrown.message,
  });
});

test('an interrupted record ends the run', () => {
  const interrupted = new Failure('interrupted', 'SIGINT was received');
  expect(() => notRecorded(interrupted)).toThrow(interrupted);
});
