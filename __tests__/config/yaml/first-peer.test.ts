import { describe, expect, test } from '@jest/globals';
import { withFirstPeer } from '../../../src/config/yaml/first-peer.ts';
import { configure } from '../../helpers/configuring.ts';

const FIRST = { primary: 'file:///srv/box', database: '../db', town: 'north' } as const;

/** The configuration of a text in a beads workspace. */
const read = (text: string) => {
  const { peers, database, town, syncMode } = configure(text, { workspace: '/w/.beads' });
  return {
    peers: peers.map(({ name, role }) => `${name} ${role}`),
    values: [database.value, town.value, syncMode.value],
  };
};

describe('the first peer of a configuration', () => {
  test('creates a new file', () => {
    expect(withFirstPeer('', FIRST)).toBe(
      'sync:\n  mode: dolt-native\n\nfederation:\n  remote: file:///srv/box\n  database: ../db\n  town: north\n',
    );
  });

  test('is the primary if it has settings', () => {
    const value = { endpoint: 's3://bucket/path', role: 'primary', aws: { region: 'eu-central-1' } };
    const text = withFirstPeer('', { primary: { name: 'mailbox', value }, database: null, town: null });
    expect(text).toBe(
      'sync:\n  mode: dolt-native\n\nfederation:\n  peers:\n    mailbox:\n      endpoint: s3://bucket/path\n      role: primary\n      aws:\n        region: eu-central-1\n',
    );
    expect(read(text).peers).toEqual(['mailbox primary']);
  });

  test.each([
    ['# only a comment', '# only a comment\n\nsync:\n  mode: dolt-native\n\nfederation:\n@'],
    [
      'issue-prefix: bd\nsync.remote: git+https://x.example/r.git\n',
      'issue-prefix: bd\nsync.remote: git+https://x.example/r.git\nsync.mode: dolt-native\n\nfederation:\n@',
    ],
    [
      'sync: {branch: beads}\nfederation: {sovereignty: T1}\n',
      'sync: {branch: beads, mode: dolt-native}\nfederation: {sovereignty: T1, remote: file:///srv/box, database: ../db, town: north}\n',
    ],
    [
      'federation:\n  dirty: fail # ours\n\n# the end\n',
      'federation:\n  dirty: fail # ours\n@\n# the end\n\nsync:\n  mode: dolt-native\n',
    ],
    ['sync:\n  mode: belt-and-suspenders\nfederation:\n', 'sync:\n  mode: belt-and-suspenders\nfederation:\n@'],
    [
      'sync.mode: dolt-native\nfederation.dirty: fail\n',
      'sync.mode: dolt-native\nfederation.dirty: fail\nfederation.remote: file:///srv/box\nfederation.database: ../db\nfederation.town: north\n',
    ],
  ])('keeps the text and the style of %j', (before, expected) => {
    const after = withFirstPeer(before, FIRST);
    expect(after).toBe(expected.replace('@', '  remote: file:///srv/box\n  database: ../db\n  town: north\n'));
    const mode = before.includes('belt') ? 'belt-and-suspenders' : 'dolt-native';
    expect(read(after)).toEqual({ peers: ['origin primary'], values: ['../db', 'north', mode] });
  });

  test('keeps the line breaks and the byte order mark of the file', () => {
    const after = withFirstPeer('\uFEFFissue-prefix: bd\r\n', FIRST);
    expect(after).toMatch(/^\uFEFFissue-prefix: bd\r\n/);
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
  });

  test('keeps an existing database and name', () => {
    const after = withFirstPeer('federation: {town: south, database: ../south}\n', FIRST);
    expect(read(after).values).toEqual(['../south', 'south', 'dolt-native']);
  });
});
