import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { PeerEvent } from '../../../src/core/logger.ts';
import type { Display } from '../../../src/frontends/cli/parse-argv.ts';
import { chooseProgress, liveProgress } from '../../../src/frontends/cli/progress.ts';
import { screenOf } from '../../helpers/terminal-screen.ts';

const display: Display = { json: false, quiet: false, verbose: false, wide: false, showOrigin: false };
const ESCAPE = '\u001b';

/** A stream as the terminal or pipe that standard error is. */
function stream(isTTY: boolean) {
  const through = new PassThrough({ encoding: 'utf8' });
  return Object.assign(through, { isTTY, columns: 80, rows: 24, text: () => String(through.read() ?? '') });
}

const event = (peer: string, step: PeerEvent['step'], detail = ''): PeerEvent => ({ peer, step, detail });

function shown(isTTY: boolean, change: Partial<Display>, term = 'xterm'): string {
  const stderr = stream(isTTY);
  const progress = chooseProgress(stderr, { ...display, ...change }, { color: false, term });
  progress.event(event('north', 'fetching'));
  progress.line('a log line');
  progress.event(event('north', 'pushing', '2 commits'));
  progress.end();
  return stderr.text();
}

describe('the progress of a run', () => {
  const plain = 'north: fetching\na log line\nnorth: pushing (2 commits)\n';

  test.each<[string, boolean, Partial<Display>, string | undefined]>([
    ['a pipe', false, {}, undefined],
    ['a terminal that cannot move its cursor', true, {}, 'dumb'],
    ['JSON with --verbose', true, { json: true, verbose: true }, undefined],
  ])('for %s is one plain line per event', (_, isTTY, change, term) => {
    expect(shown(isTTY, change, term)).toBe(plain);
  });

  test('on a terminal without a height is plain lines too', () => {
    const stderr = Object.assign(stream(true), { rows: 0 });
    chooseProgress(stderr, display, { color: false, term: 'xterm' }).event(event('north', 'fetching'));
    expect(stderr.text()).toBe('north: fetching\n');
  });

  test.each<[string, Partial<Display>]>([
    ['--quiet', { quiet: true }],
    ['--json', { json: true }],
  ])('with %s shows no events, on a terminal or elsewhere', (_, change) => {
    expect(shown(true, change)).toBe('a log line\n');
    expect(shown(false, change)).toBe('a log line\n');
  });

  test('on a terminal rewrites its lines in place', () => {
    const text = shown(true, {});
    expect(text).toContain('north: pushing (2 commits)');
    expect(text).toMatch(new RegExp(`${ESCAPE}\\[(1A|2K|G|J)`));
  });

  test('shows the seconds of a long step, but not of a finished one', () => {
    const stderr = stream(true);
    let time = 0;
    const progress = liveProgress(stderr, { color: false, now: () => time });
    progress.event(event('north', 'fetching'));
    progress.event(event('south', 'done', 'up-to-date'));
    time = 1_999;
    progress.line('early');
    expect(stderr.text()).not.toMatch(/\d s/);
    time = 12_700;
    progress.line('later');
    const frame = stderr.text().split('later\n')[1] ?? '';
    expect(frame).toContain('north: fetching 12 s\nsouth: up-to-date\n1/2 peers, 12 s\n');
    progress.event(event('north', 'pushing'));
    expect(stderr.text()).toContain('north: pushing\n');
    progress.end();
  });

  test('updates the seconds with a timer that stops at the end', async () => {
    const stderr = stream(true);
    let time = 0;
    const progress = liveProgress(stderr, { color: false, now: () => time });
    progress.event(event('north', 'fetching'));
    stderr.text();
    time = 5_000;
    await once(stderr, 'readable');
    expect(stderr.text()).toContain('north: fetching 5 s');
    progress.end();
  });

  test('on a terminal has one line per peer, in the order of their first events', () => {
    const stderr = stream(true);
    const progress = liveProgress(stderr, { color: false });
    progress.event(event('north', 'fetching'));
    progress.event(event('south', 'fetching'));
    stderr.text();
    progress.event(event('north', 'done', 'pushed 2 commits'));
    progress.event(event('south', 'failed', 'gone'));
    progress.line('still running');
    const lastFrame = stderr.text().split('still running\n')[1] ?? '';
    expect(lastFrame).toContain('north: pushed 2 commits\nsouth: failed (gone)\n2/2 peers');
  });

  test('on a terminal with very many peers shows the forty that moved last', () => {
    const stderr = Object.assign(stream(true), { rows: 100 });
    const progress = liveProgress(stderr, { color: false });
    for (let index = 0; index < 300; index += 1) {
      progress.event(event(`peer-${index}`, 'fetching'));
      stderr.text();
    }
    progress.event(event('peer-290', 'done', 'unchanged'));
    stderr.text();
    progress.line('still running');
    const frame = stderr.text().split('still running\n')[1] ?? '';
    expect(frame.split('\n').filter((line) => line.includes('peer-'))).toHaveLength(40);
    expect(frame).toContain('peer-299: fetching\npeer-290: unchanged\n1/300 peers');
  });

  test('on a pipe counts waiting and finished peers, and repeats nothing', () => {
    const stderr = stream(false);
    const progress = chooseProgress(stderr, display, { color: false, term: undefined });
    for (const peer of ['north', 'south']) progress.event(event(peer, 'waiting'));
    progress.event(event('north', 'fetching'));
    progress.event(event('north', 'retrying', 'attempt 2 of 4, after network'));
    progress.event(event('north', 'failed', 'network'));
    progress.event(event('south', 'done', 'pushed 1 commit'));
    progress.event(event('north', 'failed', 'network'));
    progress.end();
    expect(stderr.text().split('\n')).toEqual([
      'north: fetching',
      'north: retrying (attempt 2 of 4, after network)',
      'north: failed (network) [1/2 peers]',
      'south: pushed 1 commit [2/2 peers]',
      '',
    ]);
  });

  test.each([
    [false, /^starting Dolt\n$/],
    [true, /starting Dolt/],
  ])('names a long stage after a second (terminal: %s)', async (isTTY, expected) => {
    const stderr = stream(isTTY);
    const progress = chooseProgress(stderr, display, { color: false, term: 'xterm' });
    const started = performance.now();
    progress.event({ stage: 'finding Dolt' });
    progress.event({ stage: 'starting Dolt' });
    expect(stderr.text()).toBe('');
    await once(stderr, 'readable');
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(stderr.text()).toMatch(expected);
    progress.end();
  });

  test('on a terminal keeps the last lines of the peers, and no stage', () => {
    const stderr = stream(true);
    const progress = liveProgress(stderr, { color: false });
    progress.event({ stage: 'starting Dolt' });
    progress.event(event('north', 'waiting'));
    progress.event(event('north', 'done', 'up-to-date'));
    progress.event({ stage: 'writing the result' });
    progress.end();
    expect(screenOf(stderr.text()).lines).toEqual(['north: up-to-date']);
    progress.event(event('north', 'failed', 'late'));
    expect(stderr.text()).toBe('');
  });

  test('is coloured only if wanted', () => {
    const painted = (color: boolean) => {
      const stderr = stream(true);
      liveProgress(stderr, { color }).event(event('north', 'failed', 'gone'));
      return stderr.text();
    };
    expect(painted(true)).toContain(`${ESCAPE}[31mnorth: failed (gone)${ESCAPE}[39m`);
    expect(painted(false)).not.toContain(`${ESCAPE}[31m`);
  });

  test('prints no control characters of a peer', () => {
    const stderr = stream(false);
    const progress = chooseProgress(stderr, display, { color: false, term: 'xterm' });
    progress.event(event('north', 'failed', `${ESCAPE}[2Jbad\nline`));
    progress.line(`${ESCAPE}]0;title\u0007`);
    const text = stderr.text();
    expect(text).not.toContain(ESCAPE);
    expect(text.split('\n')).toHaveLength(3);
  });
});
