import { expect, test } from '@jest/globals';
import { suggestion } from '../../src/core/suggestion.ts';

const KNOWN = ['endpoint', 'role', 'user', 'branch', 'dry-run', 'sync', 'list-peers'];
const ALIASES = { url: 'endpoint', ls: 'list-peers', gone: 'no-such-word' };

test.each<[string, string | null]>([
  ['url', 'endpoint'],
  ['LS', 'list-peers'],
  ['gone', null],
  ['snyc', 'sync'],
  ['brnach', 'branch'],
  ['dry_run', 'dry-run'],
  ['Role', 'role'],
  ['list', 'list-peers'],
  ['password', null],
  ['watch', null],
  ['x', null],
  ['', null],
])('%j suggests %j', (word, expected) => {
  expect(suggestion(word, KNOWN, ALIASES)).toBe(expected);
});
