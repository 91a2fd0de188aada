import { describe, expect, test } from '@jest/globals';
import { parseCredentials } from '../../../src/credentials/parse.ts';
import { parseConflicts } from '../../../src/resolve/parse-conflicts.ts';
import { configure } from '../../helpers/configuring.ts';
import { failureOf } from '../../helpers/thrown.ts';

const CONFIGURATION = `sync:
  mode: dolt-native
federation:
  dirty: fail
  peers:
    hub: file:///srv/hub
    vault:
      endpoint: s3://bucket/x
      role: backup
      aws: {region: eu, dynamodb-table: tab}
`;

const PEERS = `hub: file:///srv/hub
vault:
  endpoint: s3://bucket/x
  role: backup
  aws: {region: eu, dynamodb-table: tab}
`;

const CREDENTIALS = `hub:
  url: https://h.example
  user: ann
  password: sEcret99
vault:
  url: s3://bucket
  aws-access-key-id: AKIA
  aws-secret-access-key: sEcret99
`;

const HASH = '0123456789abcdefghijklmnopqrstuv';
const CONFLICTS = `version: 3
branch: main
merges:
  - peer: partner
    ours: "${HASH}"
    theirs: "${HASH}"
    rows:
      - table: items
        key: {id: "1"}
        kind: changed
        cells:
          title:
            base: one
            ours: first
            theirs: second
            choose:
          owner:
            ours: b
            theirs: c
            choose: ours
`;

/** A mistake: the correct text, the text of a person, and the only problem. */
type Slip = readonly [from: string, to: string, place: string, message: string];

const KEY_VALUE = 'this line is not of the form `key: value`';
const QUOTE = 'the quote that opens here is not closed';
const INDENTED = 'this line is not indented like the lines above it';
const BELOW = 'the next line is indented below this key, which already has a value';
const NO_SPACE = (code: string) => `the character U+${code} is not a space`;

function slips(sound: string, list: readonly Slip[], read: (text: string) => unknown): void {
  test('the text without a mistake is read', () => {
    expect(() => read(sound)).not.toThrow();
    expect(() => read(`\uFEFF${sound.replaceAll('\n', '\r\n')}`)).not.toThrow();
  });

  test.each(list)('%j written as %j is reported at its place', async (from, to, place, message) => {
    expect(sound).toContain(from);
    const text = sound.replace(from, () => to);
    for (const written of [text, text.replaceAll('\n', '\r\n')]) {
      const { problems } = await failureOf(() => read(written));
      expect(problems.map(({ location }) => `${location?.line}:${location?.column}`)).toEqual([place]);
      expect(problems[0]?.message).toContain(message);
      expect(`${problems[0]?.message} ${problems[0]?.hint}`).not.toContain('sEcret99');
    }
  });
}

describe('a mistake in the configuration', () => {
  const list: readonly Slip[] = [
    ['    hub:', '\thub:', '6:1', 'a tab indents this line'],
    ['      role:', '    \trole:', '9:5', 'a tab indents this line'],
    ['hub: ', 'hub:', '6:5', KEY_VALUE],
    ['dirty: ', 'dirty:', '4:3', KEY_VALUE],
    ['dirty: ', 'dirty = ', '4:3', KEY_VALUE],
    ['  peers:', '  peers', '5:3', KEY_VALUE],
    ['mode: dolt', 'mode:dolt', '2:3', 'sync must be a mapping'],
    ['file:///srv/hub', '"file:///srv/hub', '6:10', QUOTE],
    ['file:///srv/hub', "'file:///srv/hub", '6:10', QUOTE],
    ['hub\n    vault:\n      endpoint: s', 'hub\n    vault:\n      endpoint: "s', '8:17', QUOTE],
    [
      'file:///srv/hub\n    vault:\n      endpoint: s3://bucket/x',
      '"file:///srv/hub\n    vault:\n      endpoint: "s3://bucket/x"',
      '6:10',
      QUOTE,
    ],
    ['file:///srv/hub', '"file:///srv/hub" x', '6:28', 'there is text after the end of the value'],
    ['fail', 'fail: x', '4:10', 'the value contains a colon with a space after it'],
    ['tab}', 'tab', '10:12', 'the `{` that opens here is not closed'],
    ['dirty: fail', 'allowed-remote-patterns: [a, b', '4:28', 'the `[` that opens here is not closed'],
    ['tab}', 'tab}}', '10:45', 'this bracket closes nothing'],
    ['eu, dyn', 'eu dyn', '10:21', 'a comma or a bracket is missing here'],
    ['eu, dyn', 'eu,, dyn', '10:24', 'there is no entry before this comma'],
    ['    hub:', '     hub:', '7:5', INDENTED],
    ['    vault:', '   vault:', '7:4', INDENTED],
    ['      role:', '     role:', '9:6', INDENTED],
    ['      role:', '       role:', '8:17', BELOW],
    ['srv/hub\n', 'srv/hub\n      role: backup\n', '6:10', BELOW],
    ['federation:', ' federation:', '3:2', INDENTED],
    ['    hub: file:///srv/hub\n    vault:', '  hub: file:///srv/hub\n  vault:', '6:3', 'federation.peers is empty'],
    ['  peers:\n', 'peers:\n', '5:1', 'the top-level key "peers" has no effect'],
    ['  dirty: fail\n', '  dirty: fail\n  dirty: allow\n', '5:3', 'appears twice in one mapping, first at line 4'],
    ['tab}\n', 'tab}\n    hub: file:///x\n', '11:5', 'appears twice in one mapping, first at line 6'],
    [
      CONFIGURATION.slice(CONFIGURATION.indexOf('    hub')),
      '    - hub: x\n',
      '6:5',
      'federation.peers must be a mapping',
    ],
    ['role: backup', 'role: [backup]', '9:13', 'federation.peers.vault.role: must be one of'],
    ['file:///srv/hub', '*hub', '6:10', 'the alias "*hub" has no anchor'],
    ['dirty: fail', 'allowed-remote-patterns: [*, x]', '4:29', 'a value must not start with `*` or `&`'],
    ['fail', '@fail', '4:10', 'a value must not start with this character'],
    ['file:///srv/hub', '"C:\\data"', '6:13', 'a backslash in double quotes starts an unknown escape'],
    ['file:///srv/hub', '"file:///srv/hub"# c', '6:27', 'a space is missing before `#`'],
    ['  dirty', '\u00a0 dirty', '4:1', NO_SPACE('00A0')],
    ['dirty: fail', 'dirty:\u00a0fail', '4:9', NO_SPACE('00A0')],
    ['dirty: fail', 'dirty\uff1afail', '4:8', 'the character U+FF1A is not a colon'],
    ['  dirty', '\ufeff  dirty', '4:1', NO_SPACE('FEFF')],
    ['  dirty: fail', '<<<<<<< HEAD\n  dirty: fail', '4:1', 'this line is a mark of a merge conflict in git'],
    ['hub:', 'null:', '6:5', 'a key is not text'],
    ['hub:', '010:', '6:5', 'a key is not text'],
    ['role: backup', 'timeout: 010', '9:16', 'is not a duration such as'],
    ['role: backup', 'lower-tier: yes', '9:19', 'must be true or false'],
    ['fail', 'no', '4:10', '"no" is not one of allow, fail, commit'],
    ['role: backup', 'branch: 1.0', '9:15', 'must be text; write it in quotes'],
    ['endpoint:', 'endpiont:', '8:7', 'unknown key "federation.peers.vault.endpiont"'],
    ['file:///srv/hub', '\n      endpoint:file:///srv/hub', '7:7', 'a space is missing after "endpoint:"'],
    ['tab}\n', 'tab}\n---\na: b\n', '11:1', 'it contains more than one YAML document'],
  ];
  slips(CONFIGURATION, list, configure);

  test('a byte order mark shifts no column', async () => {
    const { location } = await failureOf(() => configure('\uFEFFfederation: {dirty: no}'));
    expect(location).toMatchObject({ line: 1, column: 21 });
  });

  test('a quote that only a later line closes is reported on its own line', async () => {
    const { message, location } = await failureOf(() => configure('a: "x\n b: " y\n'));
    expect(message).toContain(`${QUOTE} on its line`);
    expect(location).toMatchObject({ line: 1, column: 4 });
  });

  test('the peer name "no" is valid', () => {
    expect(configure('federation: {peers: {no: file:///a}}').peers.map(({ name }) => name)).toEqual(['no']);
  });
});

describe('a mistake in the input peers', () => {
  const list: readonly Slip[] = [
    ['  role', '\trole', '4:1', 'a tab indents this line'],
    ['hub: ', 'hub:', '1:1', KEY_VALUE],
    ['role: ', 'role:', '4:3', KEY_VALUE],
    [PEERS, 'hub:file:///x', '1:1', 'the top level is not a mapping'],
    [PEERS, '- hub: file:///x', '1:1', 'the top level is not a mapping'],
    [PEERS, 'federation:\n  peers:\n    hub: file:///x\n', '1:1', 'the key federation around the peers'],
    [PEERS, 'peers:\n  hub: file:///x\n', '1:1', 'the key peers around the peers'],
    [PEERS, '{"hub": "file:///x"', '1:1', 'the `{` that opens here is not closed'],
    ['file:///srv/hub', '"file:///srv/hub', '1:6', QUOTE],
    ['tab}', 'tab', '5:8', 'the `{` that opens here is not closed'],
    ['hub: file', ' hub: file', '2:1', INDENTED],
    ['  role', ' role', '4:2', INDENTED],
    ['vault:\n', 'hub:\n', '2:1', 'appears twice in one mapping, first at line 1'],
    ['hub:', 'true:', '1:1', 'a key is not text'],
    ['file:///srv/hub', '', '1:6', 'is missing: write the endpoint of the peer'],
    ['role', 'Role', '4:3', 'unknown key "peers.vault.Role"'],
  ];
  slips(PEERS, list, (peers) => configure('', { overrides: { peers } }));
});

describe('a mistake in the credentials, without any text of them', () => {
  const list: readonly Slip[] = [
    ['  password', '\tpassword', '4:1', 'a tab indents this line'],
    ['password: ', 'password:', '4:3', KEY_VALUE],
    [CREDENTIALS, 'hub: {password:sEcret99}', '1:7', 'credentials of hub: unknown key'],
    [CREDENTIALS, 'hub:\n  password:sEcret99\n', '2:3', 'the entry of a peer must be a mapping'],
    [CREDENTIALS, 'hub:sEcret99', '1:1', 'the top level is not a mapping'],
    ['vault:', 'vault', '5:1', KEY_VALUE],
    ['password: ', 'password: "', '4:13', QUOTE],
    ['sEcret99\nvault', '"sEcret99\nvault', '4:13', QUOTE],
    ['sEcret99', '{env: sEcret99', '4:13', 'the `{` that opens here is not closed'],
    ['sEcret99', '{{ sEcret99 }}', '4:14', 'the YAML is malformed here'],
    ['sEcret99', '@sEcret99', '4:13', 'a value must not start with this character'],
    ['sEcret99', '*sEcret99', '4:13', 'the YAML is malformed here'],
    ['sEcret99', '!sEcret99', '4:22', 'the YAML is malformed here'],
    ['sEcret99', '#sEcret99', '4:13', 'password must not be empty'],
    ['sEcret99', 'a: sEcret99', '4:13', 'the value contains a colon with a space after it'],
    ['sEcret99', '"\\sEcret99"', '4:14', 'a backslash in double quotes starts an unknown escape'],
    ['  password', ' password', '4:2', INDENTED],
    ['  password', '   password', '3:9', BELOW],
    ['  password', '  user: bob\n  password', '4:3', 'a key appears twice in one mapping, first at line 3'],
    ['vault:', 'hub:', '5:1', 'a key appears twice in one mapping, first at line 1'],
    [CREDENTIALS, '- hub: {git-token: sEcret99}', '1:1', 'the top level is not a mapping'],
    ['sEcret99', '0123', '4:13', 'password must be text or {env: NAME}'],
    ['hub:', 'null:', '1:1', 'the YAML is malformed here'],
    ['password', 'pasword', '4:3', 'credentials of hub: unknown key'],
  ];
  slips(CREDENTIALS, list, (text) => parseCredentials({ text, name: 'credentials' }, {}));
});

describe('a mistake in a conflicts file', () => {
  const list: readonly Slip[] = [
    ['            choose:\n', '\t\t\tchoose: ours\n', '16:1', 'a tab indents this line'],
    ['choose:\n', 'choose:ours\n', '16:13', KEY_VALUE],
    ['choose:\n', 'choose ours\n', '16:13', KEY_VALUE],
    ['choose:\n', 'choose:\n            ours\n', '17:13', KEY_VALUE],
    ['choose:\n', 'choose: "ours\n', '16:21', QUOTE],
    ['choose:\n', "choose: {value: 'it's'}\n", '16:33', 'there is text after the end of the value'],
    ['choose:\n', 'choose: {value: x\n', '16:21', 'the `{` that opens here is not closed'],
    ['choose:\n', 'choose: {value:x}\n', '16:22', 'has no "value:x"'],
    ['choose:\n', 'choose: value: x\n', '16:21', 'the value contains a colon with a space after it'],
    ['choose:\n', 'choose: first\n', '16:21', 'is "first", which is not a choice'],
    ['choose:\n', 'choose: OURS\n', '16:21', 'is "OURS", which is not a choice'],
    ['choose:\n', 'choose: no\n', '16:21', 'is "no", which is not a choice'],
    ['choose:\n', 'choose: 010\n', '16:21', 'is "010", which is not a choice'],
    ['choose:\n', 'choose: [ours]\n', '16:21', 'is a list, which is not a choice'],
    ['choose:\n', 'choose: *ours\n', '16:21', 'the alias "*ours" has no anchor'],
    ['choose:\n', 'choose: @ours\n', '16:21', 'a value must not start with this character'],
    ['choose:\n', 'chose: ours\n', '16:13', 'has no "chose"'],
    ['choose:\n', 'choose: ours\n            choose: theirs\n', '17:13', 'appears twice in one mapping'],
    ['            choose:\n', '           choose: ours\n', '16:12', INDENTED],
    ['            choose:\n', '             choose: ours\n', '15:21', BELOW],
    ['            choose:\n', '=======\n            choose:\n', '16:1', 'a mark of a merge conflict in git'],
    ['    ours: ', '    our: ', '5:5', 'has no "our"'],
    ['    rows:', '    row:', '7:5', 'has no "row"'],
    ['version: 3', 'version: 9', '1:10', 'the version is 9'],
    ['version: 3', 'version:3', '1:1', KEY_VALUE],
    ['  - peer', '    peer', '4:5', 'merges must be a list'],
  ];
  slips(CONFLICTS, list, (text) => parseConflicts(text, 'conflicts.yaml'));
});
