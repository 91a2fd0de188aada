import { describe, expect, test } from '@jest/globals';
import { suggestEndpoint } from '../../../src/config/endpoint/suggest.ts';
import { configure, refusal } from '../../helpers/configuring.ts';

const OPTIONS = { dolthubHost: 'doltremoteapi.dolthub.com', allowInsecure: false };
const BASE = { cwd: '/home/ada/work', home: '/home/ada' };

describe('the suggested endpoint', () => {
  test.each([
    ['/tmp/x', 'file:///tmp/x'],
    ['./box', 'file:///home/ada/work/box'],
    ['../box', 'file:///home/ada/box'],
    ['~/box', 'file:///home/ada/box'],
    ['file:/srv/x', 'file:///srv/x'],
    ['file://srv/x', 'file:///home/ada/work/srv/x'],
    ['file:box', 'file:///home/ada/work/box'],
    ['https://www.dolthub.com/repositories/org/repo', 'dolthub://org/repo'],
    ['https://dolthub.com/repositories/org/repo/data/main', 'dolthub://org/repo'],
    ['www.dolthub.com/org/repo', 'dolthub://org/repo'],
    ['https://github.com/org/repo', 'https://github.com/org/repo.git'],
    ['github.com/org/repo.git', 'https://github.com/org/repo.git'],
    ['org/repo', 'dolthub://org/repo'],
    ['dolt.example.com:8080/db', 'https://dolt.example.com:8080/db'],
    ['htps://dolt.example/db', 'https://dolt.example/db'],
    ['dolthb://org/repo', 'dolthub://org/repo'],
    ['srv', null],
    ['/tmp/a b', null],
    ['//user:secret@h/db', null],
    ['/user:secret%40h/db', null],
    ['htps://h/user:secret@h/db', null],
    ['htps://user:secret＠h/db', null],
    ['dolt.example.com/db？key=secret', null],
    ['ftp://h/p', null],
    ['', null],
  ])('%s', (written, meant) => {
    expect(suggestEndpoint(written, BASE, OPTIONS)).toBe(meant);
  });

  test('a path with ~ gets no suggestion without a home folder', () => {
    expect(suggestEndpoint('~/box', { cwd: '/', home: undefined }, OPTIONS)).toBeNull();
  });
});

test.each([
  ['https://www.dolthub.com/repositories/org/repo', 'dolthub://org/repo'],
  ['https://github.com/org/repo', 'https://github.com/org/repo.git'],
])('%s is a web page, not a remote', async (written, meant) => {
  const failure = await refusal(() => configure(`federation:\n  peers:\n    a: ${written}\n`));
  expect(failure).toMatchObject({ code: 'invalid-endpoint', location: { line: 3, column: 8 } });
  expect(failure.message).toContain(`it is the address of a web page; the remote is ${meant}`);
  expect(configure(`federation:\n  peers:\n    a: ${meant}\n`).peers).toHaveLength(1);
});

test('the address of a web page is named without a password in it', async () => {
  const failure = await refusal(() => configure('federation: {remote: "https://github.com/org/user:hunter2@h"}\n'));
  expect(failure.code).toBe('invalid-endpoint');
  expect(`${failure.message} ${failure.hint}`).not.toContain('hunter2');
});
