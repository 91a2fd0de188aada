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
const remoteUrl = peer.endpoint.dolt;
const progress = {
  replaced,
  peer,
  remote: 'box',
  remoteUrl,
  user: null,
  branch: BRANCH,
  head: 'b',
  keepsRemote: false,
};
const PLACE = { kind: 'folder', path: '/db' } as const;

test('a command to copy contains names of branches as quoted words', () => {
  const push = ['push', '--force', 'box', `${TAG}:${BRANCH}`];
  const [kept] = replacedProblems({ ...progress, keepsRemote: true }, PLACE);
  expect(words(kept?.hint ?? '')).toEqual(push);
  const [temporary] = replacedProblems(progress, PLACE);
  const add = ['remote', 'add', 'box', peer.endpoint.dolt];
  expect(words(temporary?.hint ?? '')).toEqual([...add, ...push, 'remote', 'remove', 'box']);
  const given = { ...progress, user: 'o’f a', peer: { ...peer, ref: 'refs/dolt/other data' } };
  const [named] = replacedProblems(given, PLACE);
  expect(words(named?.hint ?? '')).toEqual([
    ...['remote', 'add', '--ref', 'refs/dolt/other data', 'box', peer.endpoint.dolt],
    ...['push', '--force', '--user', 'o’f a', 'box', `${TAG}:${BRANCH}`],
    ...['remote', 'remove', 'box'],
  ]);
  const refused = { ...given, replaced: { ...replaced, atPeer: false } };
  expect(replacedProblems(refused, PLACE)[0]?.message).toMatch(/keeps the old head, here only, because the peer did/);
  const [served] = replacedProblems(given, { kind: 'server', name: 'mysql://h:1/db' });
  expect(served?.hint?.split('/db: ')[1]).toBe(
    "CALL DOLT_REMOTE('add', '--ref', 'refs/dolt/other data', 'dolt-federation-undo', 'file:///srv/it is'); " +
      `CALL DOLT_PUSH('--force', '--user', 'o’f a', 'dolt-federation-undo', '${TAG}:main;touch$IFS-owned;''\`id\`'); ` +
      "CALL DOLT_REMOTE('remove', 'dolt-federation-undo');",
  );
  // As this Dolt reaches the peer, which is not always the endpoint.
  const [cloud] = replacedProblems({ ...progress, remoteUrl: 'aws://[t:b]/it is' }, PLACE);
  expect(words(cloud?.hint ?? '')).toEqual([
    'remote',
    'add',
    'box',
    'aws://[t:b]/it is',
    ...words(cloud?.hint ?? '').slice(4),
  ]);
  const aws = {
    profile: 'p q',
    region: 'us-east-1',
    endpoint: 'https://s3.example',
    dynamodbTable: null,
    pathStyle: false,
  };
  const [configured] = replacedProblems({ ...progress, peer: { ...peer, aws } }, PLACE);
  const service = 'AWS_ENDPOINT_URL_S3=https://s3.example AWS_REQUEST_CHECKSUM_CALCULATION=when_required';
  expect(configured?.hint).toContain(` && (AWS_REGION=us-east-1 ${service} AWS_PROFILE='p q' dolt push --force box `);
  const failing = `dolt() { test "$1" != push; }; ${temporary?.hint?.split(': ')[1]}`;
  expect(() => execFileSync('/bin/sh', ['-c', failing])).toThrow('Command failed');
  const adopted = { adopted: { head: 'a', tag: TAG }, adopt: 'b', peer };
  const [own] = adoptedProblems(adopted, { path: '/db', branch: BRANCH, isCheckedOut: false });
  expect(words(own?.hint ?? '')).toEqual(['branch', '-f', BRANCH, TAG]);
});

test('a server of Dolt, which can write another ref of a git repository, gets no statement for one', () => {
  const endpoint = { ...peer.endpoint, kind: 'git' } as const;
  const git = {
    ...progress,
    remoteUrl: 'git+file:///srv/it is.git',
    peer: { ...peer, endpoint, ref: 'refs/dolt/a b' },
  };
  const server = { kind: 'server', name: 'mysql://h:1/db' } as const;
  const [printed] = replacedProblems(git, server);
  const hint = printed?.hint?.replace(' && cd dolt-federation-undo', '') ?? '';
  expect(words(hint)).toEqual([
    ...['clone', '--ref', 'refs/dolt/a b', '--branch', BRANCH, git.remoteUrl, 'dolt-federation-undo'],
    ...['push', '--force', 'origin', `${TAG}:${BRANCH}`],
  ]);
  const [here] = replacedProblems({ ...git, replaced: { ...replaced, atPeer: false } }, server);
  expect(here?.hint).toMatch(/clone the database of mysql:\/\/h:1\/db, .* another ref of the repository/);
  expect(here?.hint).not.toContain('CALL');
  // Otherwise Dolt adds a branch to the repository.
  for (const place of [server, PLACE])
    expect(replacedProblems(git, place)[0]?.hint).toContain('DOLT_REMOTE_INFO_BRANCH= dolt push ');
  expect(replacedProblems(git, PLACE)[0]?.hint).toContain('dolt remote add ');
});

test.each([
  ['items', 'items'],
  ['x DROP COLUMN y; --', '`x DROP COLUMN y; --`'],
  ['a`b', '`a``b`'],
])('a statement to copy contains the table %s as a quoted name', (name, written) => {
  expect(identifier(name)).toBe(written);
});
