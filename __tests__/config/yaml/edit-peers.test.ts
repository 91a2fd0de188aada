import { describe, expect, test } from '@jest/globals';
import { withoutPeer, withPeer } from '../../../src/config/yaml/edit-peers.ts';
import { configure, refusal } from '../../helpers/configuring.ts';
import { fc } from '../../helpers/property.ts';

const URL = 'file:///srv/n';

/** Text before, and the text with the peer `n` added. `+` begins an added line. */
const ADDED: readonly (readonly [what: string, text: string])[] = [
  ['an empty file', '+federation:\n+  peers:\n+    n: file:///srv/n\n'],
  ['comments only', '# top\n+\n+federation:\n+  peers:\n+    n: file:///srv/n\n'],
  [
    'behind the last peer',
    'federation:\n  peers:    # all\n    a: x   # A\n+    n: file:///srv/n\n\n# tail\nsync:\n  mode: realtime\n',
  ],
  [
    'behind a peer with a mapping',
    'federation:\n    peers:\n        a:\n            endpoint: x # e\n+        n: file:///srv/n\n    dirty: fail\n',
  ],
  ['peers without any', 'federation:\n  peers: # none yet\n+    n: file:///srv/n\n  dirty: fail\n'],
  ['federation without peers', 'federation:\n    dirty:   "fail"\n+    peers:\n+      n: file:///srv/n\nother: 1\n'],
  ['federation without anything', 'federation:\n+  peers:\n+    n: file:///srv/n\nother: 1\n'],
  ['flat keys', 'federation.sovereignty:   "T4"   # hi\n+federation.peers.n: file:///srv/n\n\n# end\n'],
  ['flat peers', 'federation.peers.a: x\nother: 1\n'.replace('other', '+federation.peers.n: file:///srv/n\nother')],
  ['a flat mapping of peers', 'federation.peers:\n  a: x\n+  n: file:///srv/n\nother: 1\n'],
  [
    'a folded text and odd spacing elsewhere',
    'other:   >\n  folded\n  text\n\nlist:\n- a\n-   b\n+\n+federation:\n+  peers:\n+    n: file:///srv/n\n',
  ],
];

describe('a peer is added as lines, every other byte stays', () => {
  const without = (text: string) => text.replace(/^\+.*\n/gm, '');
  const filled = (text: string) => text.replace(/^\+/gm, '');

  test.each(ADDED)('%s', (_, text) => {
    expect(withPeer(without(text), 'n', URL)).toBe(filled(text));
  });

  test.each(ADDED)('%s, with CRLF and a byte order mark', (_, text) => {
    const windows = (lines: string) => `\uFEFF${lines.replaceAll('\n', '\r\n')}`;
    // An empty file shows no line break to follow.
    if (without(text) !== '') expect(withPeer(windows(without(text)), 'n', URL)).toBe(windows(filled(text)));
  });

  test('a last line without an end gets one', () => {
    expect(withPeer('federation.peers.a: x', 'n', URL)).toBe(
      'federation.peers.a: x\nfederation.peers.n: file:///srv/n\n',
    );
  });

  test('a mapping is written with its keys', () => {
    expect(withPeer('federation:\n  peers:\n    a: x\n', 'n', { endpoint: URL, role: 'backup' })).toBe(
      'federation:\n  peers:\n    a: x\n    n:\n      endpoint: file:///srv/n\n      role: backup\n',
    );
  });

  test('names and values that YAML would read as something else are quoted', () => {
    expect(withPeer('', 'null', { endpoint: URL, branch: '1.0' })).toBe(
      'federation:\n  peers:\n    "null":\n      endpoint: file:///srv/n\n      branch: "1.0"\n',
    );
  });

  test('mappings in braces are rewritten, comments and order kept', () => {
    expect(withPeer('# top\nfederation: {peers: {a: x}} # all\nother: 1\n', 'n', URL)).toBe(
      '# top\nfederation: { peers: { a: x, n: file:///srv/n } } # all\nother: 1\n',
    );
    expect(withPeer('federation:\r\n  peers: {}\r\n', 'n', URL)).toBe(
      'federation:\r\n  peers: { n: file:///srv/n }\r\n',
    );
  });

  test('what cannot be edited safely is refused', async () => {
    const failure = await refusal(() => withPeer('a: &x {peers: {a: y}}\nfederation: *x\n', 'n', URL));
    expect(failure.code).toBe('config-invalid');
    expect(failure.cause).toBeDefined();
    expect((await refusal(() => withPeer('a: [', 'n', URL))).code).toBe('config-syntax');
    const disagreeing = await refusal(() => withPeer('federation.peers.n: x\nfederation: {peers: {}}\n', 'n', URL));
    expect(disagreeing.code).toBe('config-invalid');
  });
});

describe('a peer is removed with its lines only', () => {
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
      'federation:\n  dirty: fail\n  peers: # all\n    n: y\n\n# sync\nsync: {}\n',
      'federation:\n  dirty: fail\n\n# sync\nsync: {}\n',
    ],
    ['federation:\n  peers:\n    n: y\n', 'federation:\n'],
    ['federation.peers.n: y\r\nother:   1\r\n', 'other:   1\r\n'],
    ['federation.peers.n.endpoint: y\nother:   1\nfederation.peers.n.role: peer\n', 'other:   1\n'],
    ['federation.peers.n: y\nfederation: {peers: {n: y, a: x}}\n', 'federation: { peers: { a: x } }\n'],
    ['federation: {peers: {n: y}}\nother: 1\n', 'federation: {}\nother: 1\n'],
    ['federation:\n  peers:\n    a: x\n', 'federation:\n  peers:\n    a: x\n'],
  ])('%j', (before, after) => {
    expect(withoutPeer(before, 'n')).toBe(after);
  });

  test('adding and removing gives the same bytes, whatever is around it', () => {
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
