import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { adoptedProblems, replacedProblems } from '../../src/commands/outcome/problems.ts';
import { identifier } from '../../src/dolt/sql/identifier.ts';
import { filePeer } from '../helpers/federating.ts';

/** A branch that Dolt and git accept, and that a shell would take for a command. */
const BRANCH = "main;touch$IFS-owned;'`id`";
const TAG = 'dolt-federation-replaced/box/tag';

/** The words that a shell reads from a printed command; programs are only named. */
function words(hint: string): string[] {
  const printed = hint.slice(hint.indexOf(': ') + 2);
  return execFileSync('/bin/sh', ['-c', `dolt() { printf '%s\\n' "$@"; }; ${printed}`], { encoding: 'utf8', env: {} })
    .trimEnd()
    .split('\n');
}

const peer = filePeer('box', '/srv/it is');
const replaced = { head: 'a', tag: TAG, atPeer: true };
const progress = { replaced, peer, remote: 'box', branch: BRANCH, head: 'b', keepsRemote: false };

test('a command to copy contains names of branches as quoted words', () => {
  const push = ['push', '--force', 'box', `${TAG}:${BRANCH}`];
  const [kept] = replacedProblems({ ...progress, keepsRemote: true }, '/db');
  expect(words(kept?.hint ?? '')).toEqual(push);
  const [temporary] = replacedProblems(progress, '/db');
  const add = ['remote', 'add', 'box', peer.endpoint.dolt];
  expect(words(temporary?.hint ?? '')).toEqual([...add, ...push, 'remote', 'remove', 'box']);
  const adopted = { adopted: { head: 'a', tag: TAG }, adopt: 'b', peer };
  const [own] = adoptedProblems(adopted, { path: '/db', branch: BRANCH, isCheckedOut: false });
  expect(words(own?.hint ?? '')).toEqual(['branch', '-f', BRANCH, TAG]);
});

test.each([
  ['items', 'items'],
  ['x DROP COLUMN y; --', '`x DROP COLUMN y; --`'],
  ['a`b', '`a``b`'],
])('a statement to copy contains the table %s as a quoted name', (name, written) => {
  expect(identifier(name)).toBe(written);
});
