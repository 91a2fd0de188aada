import { describe, expect, test } from '@jest/globals';
import {
  type HostRule,
  NOWHERE,
  parseTarget,
  permissionFor,
  ruleForUrl,
  targetText,
} from '../../src/egress/host-rule.ts';

const rule = (host: HostRule['host'], more: Partial<HostRule> = {}): HostRule => ({
  host,
  port: 443,
  plain: false,
  named: true,
  ...more,
});

describe('the rules for a host', () => {
  const rules = [
    rule('peer.example'),
    rule('any.example', { port: null, plain: true }),
    rule(/^[a-z]+\.store\.example$/, { named: false }),
    rule('2001:db8::1', { port: 8080 }),
  ];

  test.each([
    ['peer.example:443', { plain: false, named: true }],
    ['PEER.example.:443', { plain: false, named: true }],
    ['peer.example:80', null],
    ['peer.example.evil:443', null],
    ['evil.peer.example:443', null],
    ['any.example:1', { plain: true, named: true }],
    ['a.store.example:443', { plain: false, named: false }],
    ['a.store.example:80', null],
    ['a.b.store.example:443', null],
    ['a.store.example.evil:443', null],
    ['[2001:db8::1]:8080', { plain: false, named: true }],
    ['[2001:DB8::1]:8081', null],
  ])('apply to %s', (written, expected) => {
    const target = parseTarget(written, null);
    if (target === null) throw new Error('no target');
    expect(permissionFor(target, rules)).toEqual(expected);
    expect(permissionFor(target, NOWHERE)).toBeNull();
  });

  test('give the widest permission if several match', () => {
    const several = [rule('h.example'), rule(/^h\./, { plain: true, named: false })];
    expect(permissionFor({ host: 'h.example', port: 443 }, several)).toEqual({ plain: true, named: true });
  });
});

test.each([
  ['h.example:1', { host: 'h.example', port: 1 }],
  ['h.example', { host: 'h.example', port: 80 }],
  ['[::1]:443', { host: '::1', port: 443 }],
  ['h.example:0', null],
  ['h.example:65536', null],
  ['h.example:', null],
  [':80', null],
  ['::1:80', null],
  ['user@h.example:80', null],
  ['h.example:80/path', null],
  ['h example:80', null],
  ['', null],
])('%s is parsed as a target', (written, expected) => {
  expect(parseTarget(written, 80)).toEqual(expected);
});

test('a target without a required port is invalid', () => {
  expect(parseTarget('h.example', null)).toBeNull();
});

test.each([
  ['https://H.example/db', { host: 'h.example', port: 443, plain: false, named: true }],
  ['http://h.example:8080', { host: 'h.example', port: 8080, plain: true, named: true }],
  ['http://user@[::1]/db', { host: '::1', port: 80, plain: true, named: true }],
])('the rule for %s is derived', (url, expected) => {
  expect(ruleForUrl(url)).toEqual(expected);
});

test('an IPv6 address is shown in brackets', () => {
  expect([targetText({ host: '::1', port: 80 }), targetText({ host: 'h', port: 80 })]).toEqual(['[::1]:80', 'h:80']);
});
