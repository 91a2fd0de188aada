import { describe, expect, test } from '@jest/globals';
import { withPeerChanges } from '../../../src/config/peer-changes.ts';
import { withoutValue, withValue } from '../../../src/config/yaml/edit.ts';
import type { NewValue } from '../../../src/config/yaml/tokens.ts';
import { configure, refusal } from '../../helpers/configuring.ts';
import { fc } from '../../helpers/property.ts';

const URL = 'file:///srv/n';

const withPeer = (text: string, name: string, value: NewValue) => withValue(text, ['federation', 'peers', name], value);
const withoutPeer = (text: string, name: string) => withoutValue(text, ['federation', 'peers', name]);

/** Text before, and the text with the peer `n` added. `+` begins an added line. */
const ADDED: readonly (readonly [what: string, text: string])[] = [
  ['an empty file', '+federation:\n+  peers:\n+    n: file:///srv/n\n'],
  ['comments only', '# top\n+\n+federation:\n+  peers:\n+    n: file:///srv/n\n'],
  [
    'after the last peer',
    'federation:\n  peers:    # all\n    a: x   # A\n+    n: file:///srv/n\n\n# tail\nsync:\n  mode: realtime\n',
  ],
  [
    'after a peer with a mapping',
    'federation:\n    peers:\n        a:\n            endpoint: x # e\n+        n: file:///srv/n\n    dirty: fail\n',
  ],
  ['an empty mapping of peers', 'federation:\n  peers: # none yet\n+    n: file:///srv/n\n  dirty: fail\n'],
  ['federation without peers', 'federation:\n    dirty:   "fail"\n+    peers:\n+      n: file:///srv/n\nother: 1\n'],
  ['an empty federation section', 'federation:\n+  peers:\n+    n: file:///srv/n\nother: 1\n'],
  ['flat keys', 'federation.sovereignty:   "T4"   # hi\n+federation.peers.n: file:///srv/n\n\n# end\n'],
  ['flat peers', 'federation.peers.a: x\nother: 1\n'.replace('other', '+federation.peers.n: file:///srv/n\nother')],
  ['a flat mapping of peers', 'federation.peers:\n  a: x\n+  n: file:///srv/n\nother: 1\n'],
  [
    'a folded text and odd spacing elsewhere',
    'other:   >\n  folded\n  text\n\nlist:\n- a\n-   b\n+\n+federation:\n+  peers:\n+    n: file:///srv/n\n',
  ],
];

describe('a new peer adds lines and keeps every other byte', () => {
  const without = (text: string) => text.replace(/^\+.*\n/gm, '');
  const filled = (text: string) => text.replace(/^\+/gm, '');

  test.each(ADDED)('%s', (_, text) => {
    expect(withPeer(without(text), 'n', URL)).toBe(filled(text));
  });

  test.each(ADDED)('%s, with CRLF and a byte order mark', (_, text) => {
    const windows = (lines: string) => `\uFEFF${lines.replaceAll('\n', '\r\n')}`;
    // An empty file has no line break to copy.
    if (without(text) !== '') expect(withPeer(windows(without(text)), 'n', URL)).toBe(windows(filled(text)));
  });

  test('a last line without a line break gets one', () => {
    expect(withPeer('federation.peers.a: x', 'n', URL)).toBe(
      'federation.peers.a: x\nfederation.peers.n: file:///srv/n\n',
    );
  });

  test('a mapping is written with its keys', () => {
    expect(withPeer('federation:\n  peers:\n    a: x\n', 'n', { endpoint: URL, role: 'backup' })).toBe(
      'federation:\n  peers:\n    a: x\n    n:\n      endpoint: file:///srv/n\n      role: backup\n',
    );
  });

  test('names and values that YAML would interpret differently are quoted', () => {
    expect(withPeer('', 'null', { endpoint: URL, branch: '1.0' })).toBe(
      'federation:\n  peers:\n    "null":\n      endpoint: file:///srv/n\n      branch: "1.0"\n',
    );
  });

  test('mappings in braces are rewritten with their comments and order', () => {
    expect(withPeer('# top\nfederation: {peers: {a: x}} # all\nother: 1\n', 'n', URL)).toBe(
      '# top\nfederation: {peers: {a: x, n: file:///srv/n}} # all\nother: 1\n',
    );
    expect(withPeer('federation:\r\n  peers: {}\r\n', 'n', URL)).toBe('federation:\r\n  peers: {n: file:///srv/n}\r\n');
  });

  test('a file that cannot be edited safely is refused', async () => {
    const failure = await refusal(() => withPeer('a: &x {peers: {a: y}}\nfederation: *x\n', 'n', URL));
    expect(failure.code).toBe('config-invalid');
    expect((await refusal(() => withPeer('a: [', 'n', URL))).code).toBe('config-syntax');
    const shared = 'a: &x file:///srv/a\nfederation:\n  peers:\n    n: &n file:///srv/n\n    m: *n\n';
    expect((await refusal(() => withPeer(shared, 'n', 'file:///srv/o'))).code).toBe('config-invalid');
    expect((await refusal(() => withPeer('federation:\n  peers: [n]\n', 'n', URL))).code).toBe('config-invalid');
  });
});

describe('a removed peer removes only its lines', () => {
  test.each([
    [
      'federation:\n  peers:\n    a: x # A\n    n: y # N\n    # b\n    b: z\n',
      'federation:\n  peers:\n    a: x # A\n    # b\n    b: z\n',
    ],
    [
      'federation:\n  peers:\n    n:\n      endpoint: y\n      role: peer # r\n\n    b: z\n',
      'federation:\n  peers:\n\n    b: z\n',
    ],
    [
      'federation:\n  dirty: fail\n  peers:\n    n: y\n\n# sync\nsync: {}\n',
      'federation:\n  dirty: fail\n\n# sync\nsync: {}\n',
    ],
    [
      'federation:\n  peers: # all\n    # first\n    n: y # N\n    # last\n  # end\n  dirty: fail\n',
      'federation:\n  peers: # all\n    # first\n    # last\n  # end\n  dirty: fail\n',
    ],
    [
      'federation: {\n  peers: { # x\n    n: y, # N\n    # last\n  }, # k\n}\n',
      'federation: {\n  peers: { # x\n    # N\n    # last\n  }, # k\n}\n',
    ],
    ['federation:\n  peers: {n: y} # all\n', 'federation:\n  peers: {} # all\n'],
    ['federation:\n  peers:\n    n: y\n', 'federation:\n'],
    ['federation.peers.n: y\r\nother:   1\r\n', 'other:   1\r\n'],
    ['federation.peers.n.endpoint: y\nother:   1\nfederation.peers.n.role: peer\n', 'other:   1\n'],
    ['federation.peers.n: y\nfederation: {peers: {n: y, a: x}}\n', 'federation: {peers: {a: x}}\n'],
    ['federation: {peers: {n: y}}\nother: 1\n', 'federation: {}\nother: 1\n'],
    ['federation:\n  peers:\n    a: x\n', 'federation:\n  peers:\n    a: x\n'],
  ])('from %j', (before, after) => {
    expect(withoutPeer(before, 'n')).toBe(after);
  });

  test('adding and removing restores the same bytes in any file', () => {
    const line = fc.constantFrom(
      '# c',
      '',
      'other: 1',
      'x-list: [a,   b]',
      'text:   |',
      '  indented',
      'sync:',
      '  mode: realtime',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), (lines, lineBreak) => {
        const text = ['federation:', '  peers:', '    a: file:///a   # A', ...lines, ''].join(lineBreak);
        try {
          configure(text);
        } catch {
          return;
        }
        const added = withPeer(text, 'n', { endpoint: URL, role: 'backup' });
        expect(configure(added).peers.map(({ name }) => name)).toEqual(['a', 'n']);
        expect(withoutPeer(added, 'n')).toBe(text);
      }),
    );
  });
});

/** A file as bd 1.3.0 and a team write it: comments, spaces, quotes, lists and flat keys in many styles. */
const BEADS = `\uFEFF# Beads Configuration File

no-push:   true        # team rule
issue-prefix: 'ab'
repos:
- "one"
-   two   # wide
routing:
    mode:   auto

directory.labels: {  a: b,   c: 'd' }
base: &base
  x: 0x1F
use:
  <<: *base
note: >
  folded
  text


# flat, by bd config set
sync.remote: "git+ssh://git@github.com/org/repo.git"
federation.sovereignty:   "T2"   # at least
federation:
    remote:
    peers:    # all
        # about a
        a: file:///srv/a   # A

        # about b
        b: { endpoint: 's3://bucket/b', aws: { region: eu } }   # B
        # tail
    dirty:   fail
# end`;

describe('an edit of a key keeps every other byte', () => {
  test.each<[what: string, path: string, value: NewValue | undefined, line: string, edited: string]>([
    ['a quoted flat key', 'federation.sovereignty', 'T3', ':   "T2"   #', ':   "T3"   #'],
    ['a plain key', 'federation.dirty', 'allow', 'dirty:   fail', 'dirty:   allow'],
    ['a key without a value', 'federation.remote', URL, 'remote:\n', 'remote: file:///srv/n\n'],
    ['a text that looks like a number', 'federation.dirty', '1.0', 'dirty:   fail', 'dirty:   "1.0"'],
    [
      'an endpoint that becomes a mapping',
      'federation.peers.a',
      { endpoint: URL, accept: ['deletion', 'future'] },
      'a: file:///srv/a   # A\n',
      'a:   # A\n          endpoint: file:///srv/n\n          accept: [deletion, future]\n',
    ],
    ['a key in braces', 'federation.peers.b.aws.region', 'us', 'region: eu', 'region: us'],
    ['a new key in braces', 'federation.peers.b.role', 'backup', 'eu } }', 'eu }, role: backup }'],
    ['a new true', 'federation.peers.b.lower-tier', true, 'eu } }', 'eu }, lower-tier: true }'],
    ['a list in braces', 'federation.peers.b.accept', ['future'], 'eu } }', 'eu }, accept: [future] }'],
    ['a mapping in braces', 'federation.peers.b.aws', { profile: 'p' }, '{ region: eu }', '{profile: p}'],
    ['a new key of a section', 'federation.push', false, 'fail\n', 'fail\n    push: false\n'],
    ['a new flat key', 'sync.mode', 'dolt-native', '.git"\n', '.git"\nsync.mode: dolt-native\n'],
    ['a new section', 'conflict.strategy', 'ours', '# end', '# end\n\nconflict:\n  strategy: ours\n'],
    ['a removed flat key', 'federation.sovereignty', undefined, 'federation.sovereignty:   "T2"   # at least\n', ''],
    ['a removed key', 'federation.dirty', undefined, '    dirty:   fail\n', ''],
    ['a removed key without a value', 'federation.remote', undefined, '    remote:\n', ''],
    ['a removed first peer', 'federation.peers.a', undefined, '        a: file:///srv/a   # A\n', ''],
    ['a removed mapping in braces', 'federation.peers.b.aws.region', undefined, ', aws: { region: eu } }', ' }'],
    ['a removed first key in braces', 'federation.peers.b.endpoint', undefined, "endpoint: 's3://bucket/b', ", ''],
  ])('%s', (_, path, value, line, edited) => {
    for (const text of [BEADS, BEADS.replaceAll('\n', '\r\n')]) {
      const lines = (part: string) => (text.includes('\r') ? part.replaceAll('\n', '\r\n') : part);
      expect(text.split(lines(line))).toHaveLength(2);
      const after = value === undefined ? withoutValue(text, path.split('.')) : withValue(text, path.split('.'), value);
      expect(after).toBe(text.replace(lines(line), lines(edited)));
    }
  });

  test('the removal of an absent key and a value that is there in another spelling change nothing', () => {
    expect(withoutValue(BEADS, ['federation', 'town'])).toBe(BEADS);
    for (const peer of ['*n', '>-\n      file:///srv/n\n', '"file:///srv\\\n      /n"', '!!str file:///srv/n']) {
      const text = `note: &n file:///srv/n\nfederation:\n  peers:\n    n: ${peer}\n`;
      expect(withPeer(text, 'n', URL)).toBe(text);
      expect(withPeerChanges(text, 'n', { set: [], unset: [['role'], ['aws', 'region']] })).toBe(text);
    }
  });

  test('a mapping that loses its last key stays with its comments, and gets keys again', () => {
    const text = 'federation:\n  peers:\n    n:\n      endpoint: s3://bucket/n\n      aws: # a\n        region: eu\n';
    const emptied = withoutValue(text, ['federation', 'peers', 'n', 'aws', 'region']);
    expect(emptied).toBe(text.replace('        region: eu\n', ''));
    expect(configure(emptied).peers).toMatchObject([{ name: 'n', aws: null }]);
    expect(withValue(emptied, ['federation', 'peers', 'n', 'aws', 'region'], 'eu')).toBe(text);
  });

  test.each([
    ['? federation\n: peers: {}\n', '? federation\n: peers: {n: file:///srv/n}\n'],
    ['{}\n', '{federation: {peers: {n: file:///srv/n}}}\n'],
    ['---\na: 1\n...\n', '---\na: 1\n\nfederation:\n  peers:\n    n: file:///srv/n\n...\n'],
    ['federation: ~ # none\n', 'federation: # none\n  peers:\n    n: file:///srv/n\n'],
    [
      'federation: {\n  peers: {\n    a: x, # A\n    b: y # B\n  }\n}\n',
      'federation: {\n  peers: {\n    a: x, # A\n    b: y, n: file:///srv/n # B\n  }\n}\n',
    ],
    ['federation: {peers: {a: x,}}\n', 'federation: {peers: {a: x, n: file:///srv/n,}}\n'],
  ])('a new peer in %j', (before, after) => {
    expect(withPeer(before, 'n', URL)).toBe(after);
  });

  test.each(['federation.town: x\n', 'federation.town: x', 'federation.town: x\r\n'])(
    'a text that loses its last key is not empty, which counts as damaged: %j',
    (text) => {
      const emptied = withoutValue(text, ['federation', 'town']);
      expect(emptied).toBe(text.endsWith('\r\n') ? '\r\n' : '\n');
      expect(withValue(emptied, ['federation', 'town'], 'y').trim()).toMatch(/^federation:\s+town: y$/);
    },
  );

  test('a final line break is added only with a new line', () => {
    expect(withValue('federation:\n  dirty: fail\n  push: true', ['federation', 'dirty'], 'allow')).toBe(
      'federation:\n  dirty: allow\n  push: true',
    );
    expect(withoutValue('federation:\n  dirty: fail\n  push: true', ['federation', 'dirty'])).toBe(
      'federation:\n  push: true',
    );
  });
});
