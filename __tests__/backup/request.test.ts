import { describe, expect, test } from '@jest/globals';
import { backupPeers } from '../../src/commands/backup/peers.ts';
import { type BackupRequest, requestedBackup } from '../../src/commands/backup/request.ts';
import { DEFAULT_SYNC_REQUEST } from '../../src/commands/request.ts';
import type { EventVerdict } from '../../src/frontends/action/event.ts';
import { type InputName, rawRequestOfInputs } from '../../src/frontends/action/inputs.ts';
import { configure } from '../helpers/configuring.ts';
import { failureOf } from '../helpers/thrown.ts';

const EVENT: EventVerdict = {
  trusted: true,
  why: '',
  visibility: 'private',
  branch: 'main',
  releaseTag: null,
  ownWorkflow: false,
};

function asked(inputs: Partial<Record<InputName, string>>, releaseTag: string | null = null) {
  return requestedBackup(rawRequestOfInputs((name) => inputs[name] ?? '', { ...EVENT, releaseTag }));
}

describe('the options of a backup', () => {
  test.each([
    [{}, null, { tag: null, drill: 'full', required: null, proof: null }],
    [{}, 'v2', { tag: 'v2', drill: 'full', required: null, proof: null }],
    [{ tag: 'v1' }, 'v2', { tag: 'v1', drill: 'full', required: null, proof: null }],
    [{ tag: 'refs/tags/v1' }, null, { tag: 'v1', drill: 'full', required: null, proof: null }],
    [{}, 'refs/tags/@scope/p@1.2.3+4', { tag: '@scope/p@1.2.3+4', drill: 'full', required: null, proof: null }],
    [
      { tag: 'release/1.2', drill: 'rotate', 'require-copies': '2' },
      null,
      { tag: 'release/1.2', drill: 'rotate', required: 2, proof: null },
    ],
  ] as const)('are read from %j on a release of %s', (inputs, releaseTag, expected) => {
    expect(asked(inputs, releaseTag)).toEqual(expected);
  });

  test.each([
    [{ tag: '-d' }, 'starts with "-"'],
    [{ tag: 'a:b' }, 'contains ":"'],
    [{ tag: 'a b' }, 'contains whitespace'],
    [{ tag: 'dolt-federation/before-1' }, 'starts with dolt-federation'],
    [{ tag: 'refs/tags/dolt-federation-x' }, 'starts with dolt-federation'],
    [{ tag: 'refs/heads/main' }, 'starts with "refs/"'],
    [{ tag: 'refs/tags/tags/v1' }, 'starts with "tags/"'],
    [{ tag: 'refs/tags/' }, 'is empty'],
    [{ tag: 'head' }, 'is reserved'],
    [{ tag: '0123456789abcdef0123456789abcdef' }, 'has the form of the hash of a commit'],
    [{ 'require-copies': '0' }, 'require-copies'],
    [{ drill: 'sometimes' }, 'drill'],
    [{ 'fail-on': 'primary' }, 'the primary gets none'],
  ] as const)('are refused: %j', async (inputs, said) => {
    const failure = await failureOf(() => asked(inputs));
    expect(failure).toMatchObject({ code: 'bad-usage', message: expect.stringContaining(said) });
  });

  test('are refused on a release whose tag is no name for Dolt', async () => {
    const failure = await failureOf(() => asked({}, 'été'));
    expect(failure).toMatchObject({ code: 'bad-usage', message: expect.stringContaining('outside of ASCII') });
  });
});

describe('the peers of a backup', () => {
  const ALL = [
    'prim: {endpoint: "file:///d/prim", role: primary}',
    'friend: file:///d/friend',
    'from: {endpoint: "file:///d/from", role: upstream}',
    'one: {endpoint: "file:///d/one", role: backup}',
    'two: {endpoint: "file:///d/two", role: archive}',
  ].join('\n');

  function chosen(peers: string, request: Partial<BackupRequest>, options: Partial<BackupRequest['backup']> = {}) {
    const backup = { tag: null, drill: 'full', required: null, proof: null, ...options } as const;
    const configuration = configure('', { overrides: { peers } });
    return backupPeers(configuration, { ...DEFAULT_SYNC_REQUEST, ...request, command: 'backup', backup }).map(
      ({ name }) => name,
    );
  }

  test.each<[string, Partial<BackupRequest>, Partial<BackupRequest['backup']>, readonly string[]]>([
    ['peers for backups only', {}, {}, ['one', 'two']],
    ['with the primary, because its tag decides', {}, { tag: 'v1' }, ['prim', 'one', 'two']],
    ['the peers of a selected role', { onlyRoles: ['archive'] }, {}, ['two']],
    ['no peer of a role that gets no backups', { onlyRoles: ['peer'] }, { tag: 'v1' }, []],
    ['a named peer of any role', { only: ['friend'] }, {}, ['friend']],
    ['the primary, if it is named', { only: ['prim'] }, { tag: 'v1' }, ['prim']],
  ])('%s', (_, request, options, names) => {
    expect(chosen(ALL, request, options)).toEqual(names);
  });

  test('are missing from the configuration', async () => {
    const without = ALL.split('\n').slice(0, 3).join('\n');
    const failure = await failureOf(() => chosen(without, {}));
    expect(failure).toMatchObject({
      code: 'no-backup-peers',
      message: expect.stringContaining('has the role backup or archive, and none was named'),
    });
    expect(chosen(without, { only: ['friend'] })).toEqual(['friend']);
  });

  test('are fewer than the required copies', async () => {
    const failure = await failureOf(() => chosen(ALL, {}, { required: 3, tag: 'v1' }));
    expect(failure).toMatchObject({ code: 'bad-usage', message: expect.stringContaining('2 peers would get a copy') });
    expect(chosen(ALL, {}, { required: 2 })).toEqual(['one', 'two']);
  });
});
