import { describe, expect, test } from '@jest/globals';
import { compareConfigurations } from '../../src/config/compare/configurations.ts';
import type { Peer } from '../../src/config/configuration.ts';
import { configure } from '../helpers/configuring.ts';

const base = `
federation:
  sovereignty: T1
  allowed-remote-patterns: ["https://dolt.example/*", "file:///srv/*", "s3://bucket/*", "https://up.example/*", "https://s3.second", "https://files.second"]
  inbox: [north]
  peers:
    box: https://dolt.example/box
    lake: {endpoint: "s3://bucket/lake", aws: {region: eu-west-1}}
    safe: {endpoint: file:///srv/safe, role: backup}
    up: {endpoint: https://up.example/repo, role: upstream, accept: [triggers]}
`;

const PATTERNS =
  'file:///srv/*, https://dolt.example/*, https://files.second, https://s3.second, https://up.example/*, s3://bucket/*';

/** Every change of an edit of the text, as `kind peer setting: before -> after`. */
function changes(...edits: readonly (readonly [from: string, to: string])[]): string[] {
  let text = base;
  for (const [from, to] of edits) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  const found = compareConfigurations(configure(base), configure(text));
  return found.map(({ kind, peer, setting, before, after }) =>
    `${kind} ${peer ?? '*'} ${setting}: ${before ?? '-'} -> ${after ?? '-'}`.replaceAll('"', ''),
  );
}

const HTTPS = 'endpoint: "https://h.example/d"';
const GIT = 'endpoint: "https://h.example/d.git"';
const S3 = 'endpoint: "s3://b/d"';

/** Each field of a peer, with the setting that it is reported as, and two entries that differ in it. */
const FIELDS = {
  endpoint: ['endpoint', HTTPS, 'endpoint: "https://h.example/e"'],
  role: ['role', HTTPS, `${HTTPS}, role: backup`],
  tier: ['tier', HTTPS, `${HTTPS}, tier: T3`],
  branch: ['branch', HTTPS, `${HTTPS}, branch: other`],
  strategy: ['conflict', HTTPS, `${HTTPS}, conflict: ours`],
  accept: ['accept', HTTPS, `${HTTPS}, accept: [future]`],
  trust: ['trust', HTTPS, `${HTTPS}, trust: [x]`],
  ref: ['ref', GIT, `${GIT}, ref: refs/dolt/other`],
  user: ['user', HTTPS, `${HTTPS}, user: ann`],
  live: ['live', HTTPS, `${HTTPS}, live: false`],
  aws: ['aws', S3, `${S3}, aws: {region: eu-west-1}`],
  allowedHosts: ['allowed-hosts', HTTPS, `${HTTPS}, allowed-hosts: [f.example]`],
  timeout: ['timeout', HTTPS, `${HTTPS}, timeout: 2m`],
} as const satisfies Record<Exclude<keyof Peer, 'name' | 'origin' | 'dataPlace'>, readonly [string, string, string]>;

describe('the changes of a configuration', () => {
  test('the user of an endpoint and the host of DoltHub count, although the canonical form omits both', () => {
    const peer = (endpoint: string) => configure(`federation: {peers: {box: "${endpoint}"}}`);
    const found = compareConfigurations(peer('ssh://ann@h.example/srv/db'), peer('ssh://bob@h.example/srv/db'));
    expect(found).toMatchObject([{ kind: 'peer-moved', setting: 'endpoint', after: 'ssh://bob@h.example/srv/db' }]);
    const hub = (dolthubHost: string) =>
      configure('federation: {peers: {box: "dolthub://org/db"}}', { overrides: { dolthubHost } });
    expect(compareConfigurations(hub('one.example'), hub('two.example'))).toMatchObject([
      { kind: 'new-host', after: 'two.example/org' },
      { kind: 'peer-moved' },
    ]);
    expect(compareConfigurations(peer('ssh://ann@H.example/srv/db'), peer('ssh://ann@h.example:22/srv/db'))).toEqual(
      [],
    );
  });

  test('configurations with the same meaning have no differences', () => {
    expect(changes(['https://dolt.example/box', 'HTTPS://Dolt.Example:443/box'])).toEqual([]);
    expect(changes(['box: https', '# a comment\n    box: https'])).toEqual([]);
    expect(changes(['accept: [triggers]', 'accept: [triggers, triggers]'])).toEqual([]);
  });

  test.each<readonly [string, readonly (readonly [string, string])[], readonly string[]]>([
    [
      'a new peer at a new host',
      [
        ['    box:', '    far: https://dolt.example.evil/x\n    box:'],
        ['"file:///srv/*"', '"file:///srv/*", "https://*/*"'],
      ],
      [
        'new-host far host: - -> dolt.example.evil',
        `patterns-widened * federation.allowed-remote-patterns: ${PATTERNS} -> ${PATTERNS.replace('https://dolt', 'https://*/*, https://dolt')}`,
        'peer-added far endpoint: - -> https://dolt.example.evil/x',
      ],
    ],
    [
      'a new peer at a host that already has the data',
      [['    box:', '    second: https://dolt.example/second\n    box:']],
      ['peer-added second endpoint: - -> https://dolt.example/second'],
    ],
    [
      'an upstream gets no data, so its host does not matter',
      [['https://up.example/repo', 'https://up.example/other']],
      ['peer-moved up endpoint: https://up.example/repo -> https://up.example/other'],
    ],
    [
      'a peer that starts to get data',
      [['role: upstream, ', '']],
      ['new-host up host: - -> up.example', 'role-widened up role: upstream -> peer'],
    ],
    ['a peer with a narrower role', [['role: backup', 'role: archive']], ['role-changed safe role: backup -> archive']],
    [
      'another service for the same bucket',
      [['{region: eu-west-1}', '{region: eu-west-1, endpoint: "https://s3.second"}']],
      [
        'new-host lake host: - -> s3://bucket at https://s3.second',
        'peer-moved lake aws: {region:eu-west-1,profile:null,endpoint:null,pathStyle:null,dynamodbTable:null} -> {region:eu-west-1,profile:null,endpoint:https://s3.second,pathStyle:null,dynamodbTable:null}',
      ],
    ],
    [
      'a host that the server of a peer may name',
      [['box: https://dolt.example/box', 'box: {endpoint: "https://dolt.example/box", allowed-hosts: [files.second]}']],
      ['new-host box host: - -> files.second', 'setting-changed box allowed-hosts: none -> files.second'],
    ],
    [
      'more accepted changes',
      [['[triggers]', '[triggers, deletion]']],
      ['accept-widened up accept: triggers -> deletion, triggers'],
    ],
    ['fewer accepted changes', [[', accept: [triggers]', '']], ['setting-changed up accept: triggers -> nothing']],
    [
      'more accepted inboxes',
      [['inbox: [north]', 'inbox: true']],
      ['accept-widened * federation.inbox: north -> true'],
    ],
    [
      'fewer accepted inboxes',
      [['inbox: [north]', 'inbox: false']],
      ['setting-changed * federation.inbox: north -> false'],
    ],
    [
      'no patterns, so all endpoints are allowed',
      [[/allowed-remote-patterns.*/.exec(base)?.[0] ?? '', '']],
      [`patterns-widened * federation.allowed-remote-patterns: ${PATTERNS} -> all`],
    ],
    [
      'another strategy',
      [['federation:', 'conflict: {strategy: theirs}\nfederation:']],
      [
        'strategy-changed * conflict.strategy: newest -> theirs',
        ...['box', 'lake', 'safe', 'up'].map((name) => `strategy-changed ${name} conflict: newest -> theirs`),
      ],
    ],
    [
      'a removed peer',
      [['    safe: {endpoint: file:///srv/safe, role: backup}\n', '']],
      ['peer-removed safe endpoint: file:///srv/safe -> -'],
    ],
  ])('%s', (_, edits, expected) => {
    expect(changes(...edits)).toEqual(expected);
  });

  test.each(Object.entries(FIELDS))('a change of a peer is reported: %s', (_, [setting, from, to]) => {
    const peer = (entry: string) => configure(`federation: {peers: {a: {${entry}}}}`);
    const found = compareConfigurations(peer(from), peer(to));
    expect(found.map((change) => change.setting)).toContain(setting);
  });

  const federation = (written: string) => configure(`federation: {${written}}`);
  const ofKind = (kind: string, from: string, to: string) =>
    compareConfigurations(federation(from), federation(to)).flatMap((change) =>
      change.kind === kind ? [`${change.before ?? '-'} -> ${change.after ?? '-'}`] : [],
    );

  test.each([
    ['peers: {a: "https://dolt.example/d"}', 'peers: {a: "s3://dolt.example/d"}', ['- -> s3://dolt.example']],
    ['peers: {a: "dolthub://partner/db"}', 'peers: {a: "s3://partner/db"}', ['- -> s3://partner']],
    ['peers: {a: "gs://partner/db"}', 'peers: {a: "oci://partner/db"}', ['- -> oci://partner']],
    [
      'peers: {a: {endpoint: "s3://b/d", aws: {endpoint: "https://s3.own"}}}',
      'peers: {a: {endpoint: "s3://b/d", aws: {region: eu-west-1}}}',
      ['- -> s3://b'],
    ],
    [
      'peers: {u: {endpoint: "https://h.example/d", role: upstream, allowed-hosts: [f.example]}}',
      'peers: {u: {endpoint: "https://h.example/d", role: upstream, allowed-hosts: [f.example]}, b: "https://f.example/d"}',
      ['- -> f.example'],
    ],
    ['peers: {a: "https://h.example/d"}', 'peers: {a: "ssh://h.example/d"}', []],
    [
      'peers: {a: {endpoint: "https://h.example/d", allowed-hosts: [f.example]}}',
      'peers: {a: {endpoint: "https://h.example/d", role: upstream, allowed-hosts: [f.example]}}',
      [],
    ],
    ['peers: {a: "git@github.com:own/d"}', 'peers: {a: "git@github.com:evil/d"}', ['- -> git@github.com/evil']],
    ['peers: {a: "git@github.com:own/d"}', 'peers: {a: "git@github.com:own/d", b: "git@github.com:own/e"}', []],
    [
      'peers: {a: "https://github.com/own/d.git"}',
      'peers: {a: {endpoint: "https://github.com/own/d.git", allowed-hosts: [github.com]}}',
      ['- -> github.com'],
    ],
    ['peers: {a: "https://h.example/own/team/d"}', 'peers: {a: "https://h.example/own/d"}', ['- -> h.example/own']],
    ['peers: {a: "ssh://ann@h.example/srv/d"}', 'peers: {a: "ssh://bob@h.example/srv/d"}', []],
    ['peers: {a: "ann@h.example:d"}', 'peers: {a: "bob@h.example:d"}', ['- -> bob@h.example']],
    [
      'peers: {a: "dolthub://own/d"}',
      'peers: {a: "https://doltremoteapi.dolthub.com/own/e", b: "dolthub://evil/d"}',
      ['- -> doltremoteapi.dolthub.com/evil'],
    ],
    ['peers: {a: "gs://own/d"}', 'peers: {a: "gs://own/other/d"}', []],
  ])('a host of another kind or owner with the same name is new: %s', (from, to, hosts) => {
    expect(ofKind('new-host', from, to)).toEqual(hosts);
  });

  test.each([
    [
      'patterns-widened',
      'allowed-remote-patterns: ["https://a.example/*, https://b.example/*"]',
      'allowed-remote-patterns: ["https://a.example/*", "https://b.example/*"]',
      '["https://a.example/*, https://b.example/*"] -> ["https://a.example/*","https://b.example/*"]',
    ],
    ['patterns-widened', 'allowed-remote-patterns: [all]', 'inbox: false', '["all"] -> []'],
    ['accept-widened', 'inbox: ["true"]', 'inbox: true', '["true"] -> true'],
    [
      'accept-widened',
      'peers: {a: {endpoint: "file:///a", trust: ["all systems"]}}',
      'peers: {a: "file:///a"}',
      '["all systems"] -> null',
    ],
    ['setting-changed', 'plain-hosts: ["none"]', 'inbox: false', '["none"] -> []'],
  ])('two meanings with the same text differ: %s %s', (kind, from, to, texts) => {
    expect(ofKind(kind, from, to)).toEqual([texts]);
    expect(compareConfigurations(federation(from), federation(from))).toEqual([]);
  });

  test('the systems of rows that a peer may change are compared', () => {
    const trusting = (trust: string) =>
      configure(`federation: {peers: {a: {endpoint: file:///a${trust === '' ? '' : `, trust: ${trust}`}}}}`);
    const change = (from: string, to: string) =>
      compareConfigurations(trusting(from), trusting(to)).map(
        ({ kind, before, after }) => `${kind} ${before} -> ${after}`,
      );
    expect(change('[x]', '')).toEqual(['accept-widened x -> all systems']);
    expect(change('[x]', '[x, y]')).toEqual(['accept-widened x -> x, y']);
    expect(change('', '[x]')).toEqual(['setting-changed all systems -> x']);
  });

  test('a server of the database is a host that gets data, and a mode can enable federation', () => {
    const kinds = (from: string, to: string) =>
      compareConfigurations(configure(from), configure(to)).map(({ kind, setting }) => `${kind} ${setting}`);
    const server = 'federation: {server: {host: db.example, port: 3306, tls: true}}';
    expect(kinds('federation: {}', server)).toEqual(['new-host host', 'setting-changed federation.server']);
    expect(kinds(server, server.replace('3306', '3306, user: ann'))).toEqual(['setting-changed federation.server']);
    expect(kinds('sync: {mode: realtime}', 'sync: {mode: dolt-native}')).toEqual(['push-enabled sync.mode']);
    expect(kinds('sync: {mode: dolt-native}', 'sync: {mode: realtime}')).toEqual(['setting-changed sync.mode']);
  });

  const AT = 'endpoint: "https://h.example/team/d"';
  const STRICT = `${AT}, tier: T2, trust: [x]`;
  const ALL = [
    'tier-lowered tier: T2 -> T1',
    'accept-widened accept: nothing -> future',
    'accept-widened trust: x -> all systems',
  ];

  test.each<readonly [string, string, string, readonly string[]]>([
    ['another name', `a: {${STRICT}}`, `b: {${AT}, accept: [future]}`, ALL],
    ['a second name', `a: {${STRICT}}`, `a: {${STRICT}}, b: {${AT}, accept: [future]}`, ALL],
    ['another name and branch', `a: {${STRICT}}`, `b: {${AT}, branch: c, accept: [future]}`, ALL],
    [
      'another name and way to connect',
      `a: {${STRICT}}`,
      'b: {endpoint: "ssh://git@h.example/team/d.git", accept: [future]}',
      ALL,
    ],
    [
      'a second name and way to connect',
      `a: {${STRICT}}`,
      `a: {${STRICT}}, b: {endpoint: "ssh://git@h.example/team/d.git", accept: [future]}`,
      ALL,
    ],
    [
      'two peers change places',
      `a: {${STRICT}}, b: {endpoint: "https://o.example/d"}`,
      `a: {endpoint: "https://o.example/d", tier: T2, trust: [x]}, b: {${AT}}`,
      ['tier-lowered tier: T2 -> T1', 'accept-widened trust: x -> all systems'],
    ],
    [
      'another name for a narrower role',
      `a: {${AT}, role: backup}`,
      `b: {${AT}}`,
      ['role-widened role: backup -> peer'],
    ],
    ['a new peer', '', `b: {${AT}, accept: [future]}`, ['accept-widened accept: nothing -> future']],
    ['another name alone', `a: {${STRICT}}`, `b: {${STRICT}}`, []],
    ['a second peer of one owner', `a: {${STRICT}}`, `a: {${STRICT}}, b: {endpoint: "https://h.example/team/e"}`, []],
  ])('a name hides nothing that is lowered at a place: %s', (_, from, to, expected) => {
    const found = compareConfigurations(
      configure(`federation: {peers: {${from}}}`),
      configure(`federation: {peers: {${to}}}`),
    );
    const lowered = found.filter(({ kind, peer }) => peer === 'b' && /-(?:lowered|widened)$/.test(kind));
    expect(lowered.map(({ kind, setting, before, after }) => `${kind} ${setting}: ${before} -> ${after}`)).toEqual(
      expected,
    );
  });

  test('the host of a peer with a higher tier got no data, and a new peer may not have a lower tier', () => {
    const peers = (written: string) => configure(`federation: {sovereignty: T2, peers: {${written}}}`);
    const strict = peers(`a: {${AT}}`);
    const found = compareConfigurations(
      strict,
      peers(`a: {${AT}}, b: {endpoint: "https://h.example/team/e", tier: T1, lower-tier: true}`),
    );
    expect(found.map(({ kind, after }) => `${kind} ${after}`)).toEqual([
      'tier-lowered T1',
      'new-host h.example/team',
      'peer-added https://h.example/team/e',
    ]);
  });

  test.each([
    ['readonly: true', 'no-push: true', 'accept-widened no write at all -> false'],
    ['no-push: true', 'readonly: true', 'setting-changed false -> no write at all'],
    ['readonly: true', '', 'push-enabled no write at all -> true'],
    // It overrides guards that a check of the change does not see.
    ['', 'federation: {push: true}', 'push-enabled true -> true, whatever the keys of beads say'],
    ['no-push: true', 'federation: {push: true}', 'push-enabled false -> true, whatever the keys of beads say'],
    ['federation: {push: true}', '', 'setting-changed true, whatever the keys of beads say -> true'],
    ['no-push: true', 'dolt.local-only: true', ''],
  ])('a guard against pushing is compared by what it forbids: %j, %j', (from, to, expected) => {
    const found = compareConfigurations(configure(from), configure(to));
    expect(found.map(({ kind, before, after }) => `${kind} ${before} -> ${after}`).join()).toBe(expected);
  });

  test('tiers and guards are compared in both directions', () => {
    const strict = configure('federation: {sovereignty: T3, push: false, peers: {a: {endpoint: file:///a, tier: T4}}}');
    const open = configure('federation: {sovereignty: T2, peers: {a: {endpoint: file:///a, tier: T3}}}');
    const kinds = (from: typeof open, to: typeof open) =>
      compareConfigurations(from, to).map(({ kind, setting }) => `${kind} ${setting}`);
    expect(kinds(strict, open)).toEqual([
      'sovereignty-lowered federation.sovereignty',
      'tier-lowered tier',
      'push-enabled federation.push',
    ]);
    expect(kinds(open, strict)).toEqual([
      'setting-changed federation.push',
      'setting-changed federation.sovereignty',
      'setting-changed tier',
    ]);
  });
});
