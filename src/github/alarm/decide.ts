import type { AlarmState } from './marker.ts';

/**
 * How a run ended for a peer, or as a whole. `waiting`: it failed, and `stale-after` has not passed · `unknown`: the
 * run does not show it · `gone`: the peer is no longer configured.
 */
export type AlarmVerdict = 'ok' | 'failing' | 'waiting' | 'unknown' | 'gone';

/** The action for the issue. `wait`: it stays open, without another comment. */
export type AlarmAction = 'open' | 'comment' | 'wait' | 'close' | 'nothing';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_GAP_DAYS = 32;
/** A schedule of GitHub may start late, and a daily run would otherwise comment every second day. */
const TOLERANCE_MS = 2 * HOUR_MS;

/** The time from the last comment to the next: 1, 2, 4, 8, 16 days, then always 32. */
export function gapMs(comments: number): number {
  return Math.min(2 ** comments, MAX_GAP_DAYS) * DAY_MS;
}

/**
 * @param open the issue that is open; null: none is
 * @param needsDecision whether this run left rows to a person, which no later run reports: a comment cannot wait
 */
export function decideAlarm(
  open: AlarmState | null,
  verdict: AlarmVerdict,
  now: number,
  needsDecision = false,
): AlarmAction {
  switch (verdict) {
    case 'failing':
      if (open === null) return 'open';
      if (needsDecision) return 'comment';
      return now - Date.parse(open.last) >= gapMs(open.comments) - TOLERANCE_MS ? 'comment' : 'wait';
    case 'ok':
    case 'gone':
      if (open === null) return 'nothing';
      return open.needsDecision ? 'wait' : 'close';
    case 'waiting':
    case 'unknown':
      return open === null ? 'nothing' : 'wait';
  }
}
