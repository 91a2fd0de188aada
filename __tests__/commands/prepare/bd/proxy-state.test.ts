import { expect, test } from '@jest/globals';
import { judgeSilence } from '../../../../src/commands/prepare/bd/proxy-state.ts';

const FREE = { kind: 'free' } as const;
const UNKNOWN = { kind: 'unknown' } as const;
const held = (pid: number | null) => ({ kind: 'held', pid }) as const;

test.each([
  ['free', FREE, 7, false, 0, 'freed'],
  ['held by the same server, and its proxy has just ended', held(7), 7, false, 1_999, 'ending'],
  ['held by the same server long after the end of its proxy', held(7), 7, false, 2_000, 'cut-off'],
  ['held by the same server, and its proxy runs', held(7), 7, true, 59_999, 'ending'],
  ['held by the same server, and its proxy runs and never listens', held(7), 7, true, 60_000, 'silent'],
  ['held by another process', held(8), 7, false, 2_000, 'replaced'],
  ['held by another process, and the proxy runs', held(8), 7, true, 0, 'replaced'],
  ['held by a process after one that could not be seen', held(8), null, false, 0, 'replaced'],
  ['held by a process of another container', held(null), null, false, 59_999, 'ending'],
  ['held by a process of another container for long', held(null), null, false, 60_000, 'silent'],
  ['held by a process of another container after one here', held(null), 7, false, 60_000, 'silent'],
  ['unknown', UNKNOWN, 7, false, 2_000, 'ending'],
  ['unknown for long', UNKNOWN, null, true, 60_000, 'silent'],
])('a database is %s', (_, locked, holder, isProxyRunning, waitedMs, state) => {
  expect(judgeSilence({ locked, holder, isProxyRunning, waitedMs })).toBe(state);
});
