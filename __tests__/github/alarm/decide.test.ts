import { describe, expect, test } from '@jest/globals';
import { type AlarmAction, type AlarmVerdict, decideAlarm, gapMs } from '../../../src/github/alarm/decide.ts';
import {
  type AlarmState,
  alarmMarker,
  markerIn,
  stateIn,
  stateLine,
  withState,
} from '../../../src/github/alarm/marker.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.parse('2026-11-28T12:00:00.000Z');
const ago = (milliseconds: number) => new Date(NOW - milliseconds).toISOString();
const open = (hours: number, comments = 0, needsDecision = false): AlarmState => {
  return { peer: 'box', last: ago(hours * HOUR_MS), comments, needsDecision };
};

test.each<[string, AlarmState | null, AlarmVerdict, AlarmAction]>([
  ['a first failure', null, 'failing', 'open'],
  ['a failure an hour later', open(1), 'failing', 'wait'],
  ['a failure just before a day', open(21), 'failing', 'wait'],
  ['a daily run that starts early', open(23), 'failing', 'comment'],
  ['a failure a day after the first comment', open(24, 1), 'failing', 'wait'],
  ['a failure two days after it', open(48, 1), 'failing', 'comment'],
  ['a failure 31 days after many comments', open(31 * 24, 20), 'failing', 'wait'],
  ['a failure 32 days after many comments', open(32 * 24, 20), 'failing', 'comment'],
  ['a success without an issue', null, 'ok', 'nothing'],
  ['a success', open(1), 'ok', 'close'],
  ['a success after rows became unresolved', open(1, 0, true), 'ok', 'wait'],
  ['another failure with unresolved rows', open(48, 0, true), 'failing', 'comment'],
  ['a failure that does not count yet', null, 'waiting', 'nothing'],
  ['a failure that does not count yet, with an issue', open(500), 'waiting', 'wait'],
  ['a peer that was not selected', null, 'unknown', 'nothing'],
  ['a peer that was not selected, with an issue', open(500), 'unknown', 'wait'],
  ['a removed peer', open(1), 'gone', 'close'],
  ['a removed peer with unresolved rows', open(1, 0, true), 'gone', 'wait'],
  ['a removed peer without an issue', null, 'gone', 'nothing'],
])('the action of the alarm for %s', (_, state, verdict, action) => {
  expect(decideAlarm(state, verdict, NOW)).toBe(action);
});

test('rows that need a decision are a comment at once: no later run reports them', () => {
  for (const state of [open(1), open(1, 3, true)]) expect(decideAlarm(state, 'failing', NOW, true)).toBe('comment');
  expect(decideAlarm(null, 'failing', NOW, true)).toBe('open');
});

test('the intervals between comments grow up to a month', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 5_000].map((comments) => gapMs(comments) / DAY_MS)).toEqual([
    1, 2, 4, 8, 16, 32, 32, 32,
  ]);
});

describe('the state in an issue', () => {
  const place = { workflow: 'night', command: 'sync', inputs: ['.', '', 'db'] };
  const marker = alarmMarker(place, 'box');
  const state: AlarmState = { peer: 'inbox/-->-01234567', last: ago(DAY_MS), comments: 3, needsDecision: true };
  const CREATED = '2026-11-01T00:00:00Z';

  test('is read back with any name', () => {
    const body = `${marker}\n${stateLine(state)}\ntext`;
    expect(stateIn(body, CREATED, NOW)).toEqual(state);
    expect(stateIn(body.replaceAll('\n', '\r\n'), CREATED, NOW)).toEqual(state);
    expect(stateLine(state).indexOf('-->')).toBe(stateLine(state).length - 3);
    expect(markerIn(place, body)).toBe(marker);
  });

  test('is replaced in a text that stays', () => {
    const later = { ...state, comments: 4 };
    const changed = `${marker}\n${stateLine(later)}\ntext\nmore`;
    expect(withState(`${marker}\n${stateLine(state)}\ntext\nmore`, later)).toBe(changed);
    // A person removed it.
    expect(withState(`${marker}\r\ntext\r\nmore`, later)).toBe(changed);
  });

  test.each([
    ['is missing', marker],
    ['is not JSON', `${marker}\n<!-- state {peer} -->`],
    ['has another form', `${marker}\n<!-- state {"peer":null} -->`],
    ['has an impossible time', `${marker}\n<!-- state ${JSON.stringify({ ...state, last: 'yesterday' })} -->`],
  ])('is derived from the creation of the issue if it %s', (_, body) => {
    expect(stateIn(body, CREATED, NOW)).toEqual({ peer: null, last: CREATED, comments: 0, needsDecision: false });
  });

  test('with a time in the near future comes from a runner with a fast clock', () => {
    const ahead = { ...state, last: ago(-5_000) };
    expect(stateIn(`${marker}\n${stateLine(ahead)}`, CREATED, NOW)).toEqual(ahead);
    expect(decideAlarm(ahead, 'failing', NOW)).toBe('wait');
  });

  test('with a time in the far future keeps everything except the time', () => {
    const body = `${marker}\n${stateLine({ ...state, last: ago(-DAY_MS) })}`;
    expect(stateIn(body, CREATED, NOW)).toEqual({ ...state, last: CREATED, comments: 0 });
  });

  test('belongs to one workflow, command, place and peer', () => {
    const others = [
      alarmMarker(place, null),
      alarmMarker(place, 'null'),
      alarmMarker({ ...place, workflow: 'day' }, 'box'),
      alarmMarker({ ...place, command: 'status' }, 'box'),
      alarmMarker({ ...place, inputs: ['.', 'db', ''] }, 'box'),
    ];
    expect(new Set([marker, ...others]).size).toBe(6);
    expect(others.map((other) => markerIn(place, other))).toEqual([...others.slice(0, 2), null, null, null]);
    expect(markerIn(place, `> ${marker}`)).toBeNull();
    expect(alarmMarker({ ...place, workflow: '-->' }, '-->')).toMatch(/^<!-- [\w -]+ -->$/);
  });
});
