import { describe, expect, test } from '@jest/globals';
import { decidePeers } from '../../../../src/commands/prepare/untrusted/decide-peers.ts';
import type { PeerSetting } from '../../../../src/config/compare/configurations.ts';
import type { Peer } from '../../../../src/config/configuration.ts';
import { configure } from '../../../helpers/configuring.ts';

const peersOf = (peers: string): readonly Peer[] => configure(`federation: {town: t, peers: {${peers}}}`).peers;
const HTTPS = 'endpoint: "https://h.example/d"';
const GIT = 'endpoint: "https://h.example/d.git"';
const S3 = 'endpoint: "s3://b/d"';

/** The decision about the peer `one`: `contacted`, with the settings that it keeps, or the reason why not. */
function decision(head: string, ...known: readonly [string, ...string[]]): string {
  const [first, ...others] = known.map(peersOf);
  const [found] = decidePeers(peersOf(head), [first ?? [], ...others], { ownWorkflow: false });
  if (found === undefined) throw new Error('no peer');
  if (found.kind === 'contacted') return ['contacted', ...found.kept].join(' ');
  return [found.notContacted.reason, ...found.notContacted.settings].join(' ');
}

/** Each setting of a peer: two values, and the effect of the change. */
const SETTINGS: Readonly<Record<PeerSetting, readonly [before: string, after: string, decision: string]>> = {
  endpoint: [HTTPS, 'endpoint: "https://h.example/e"', 'changed endpoint'],
  tier: [HTTPS, `${HTTPS}, tier: T3`, 'changed tier'],
  aws: [S3, `${S3}, aws: {profile: other}`, 'changed aws'],
  branch: [HTTPS, `${HTTPS}, branch: other`, 'changed branch'],
  ref: [GIT, `${GIT}, ref: refs/dolt/other`, 'changed ref'],
  user: [HTTPS, `${HTTPS}, user: ann`, 'changed user'],
  'allowed-hosts': [HTTPS, `${HTTPS}, allowed-hosts: [f.example]`, 'changed allowed-hosts'],
  accept: [HTTPS, `${HTTPS}, accept: [triggers]`, 'contacted accept'],
  trust: [`${HTTPS}, trust: [x]`, HTTPS, 'contacted trust'],
  role: [HTTPS, `${HTTPS}, role: upstream`, 'contacted'],
  conflict: [HTTPS, `${HTTPS}, conflict: theirs`, 'contacted'],
  live: [HTTPS, `${HTTPS}, live: true`, 'contacted'],
  timeout: [HTTPS, `${HTTPS}, timeout: 2m`, 'contacted'],
};

describe('the peers of a change that are contacted on an event that may not write', () => {
  test.each(Object.entries(SETTINGS))('include none with another %s', (_, [before, after, expected]) => {
    expect(decision(`one: {${after}}`, `one: {${before}}`)).toBe(expected);
    expect(decision(`one: {${before}}`, `one: {${before}}`)).toBe('contacted');
  });

  test.each([
    ['is new', 'one: "https://h.example/d"', ['two: "https://h.example/d"'], 'new'],
    ['is new on the default branch', 'one: "https://h.example/d"', ['two: "https://h.example/d"', 'SAME'], 'new'],
    ['is new in the base', 'one: "https://h.example/d"', ['SAME', 'two: "https://h.example/d"'], 'new'],
    ['has a name in another case', 'One: "https://h.example/d"', ['one: "https://h.example/d"'], 'new'],
    [
      'differs only from the base',
      'one: "https://h.example/d"',
      ['SAME', 'one: "https://x.example/d"'],
      'changed endpoint',
    ],
    [
      'differs from the default branch',
      'one: "https://h.example/d"',
      ['one: "https://x.example/d"', 'SAME'],
      'changed endpoint',
    ],
    ['has another ssh user', 'one: "ssh://bob@h.example/d"', ['one: "ssh://ann@h.example/d"'], 'changed endpoint'],
    [
      'has another spelling of its endpoint',
      'one: "HTTPS://H.example:443/d"',
      ['one: "https://h.example/d"'],
      'contacted',
    ],
    ['is a folder', 'one: "file:///srv/d"', ['SAME'], 'local'],
    ['is a repository in a folder', 'one: "file:///srv/d.git"', ['SAME'], 'local'],
    ['is one with another scheme', 'one: "git+file:///srv/d.git"', ['SAME'], 'local'],
  ])('follow the rule for a peer that %s', (_, head, known, expected) => {
    const [first = '', ...others] = known.map((one) => (one === 'SAME' ? head : one));
    expect(decision(head, first, ...others)).toBe(expected);
  });

  test('get the proposed role, strategy, live and timeout, and all other settings of the default branch', () => {
    const [trusted] = peersOf(`one: {${HTTPS}, accept: [ignore], trust: [x]}`);
    const proposed = 'role: upstream, conflict: theirs, live: false, timeout: 2m, accept: [triggers], trust: [y]';
    const [peer] = peersOf(`one: {${HTTPS}, ${proposed}}`);
    if (trusted === undefined || peer === undefined) throw new Error('no peer');
    const { role, strategy, live, timeout, origin } = peer;
    expect(decidePeers([peer], [[trusted]], { ownWorkflow: false })).toEqual([
      {
        kind: 'contacted',
        peer: { ...trusted, role, strategy, live, timeout, origin },
        kept: ['accept', 'trust'],
        isPrimary: false,
      },
    ]);
  });

  test('include a primary only if it is the primary before and after the change', () => {
    const [peer, primary] = [peersOf(`one: {${HTTPS}}`), peersOf(`one: {${HTTPS}, role: primary}`)];
    const isPrimary = (head: readonly Peer[], known: readonly Peer[]) =>
      decidePeers(head, [primary, known], { ownWorkflow: false }).map(
        (one) => one.kind === 'contacted' && one.isPrimary,
      );
    expect([isPrimary(primary, primary), isPrimary(primary, peer), isPrimary(peer, primary)]).toEqual([
      [true],
      [false],
      [false],
    ]);
  });

  test.each([
    [true, 'contacted'],
    [false, 'offline'],
  ])('include a peer of an input only if the workflow is that of the default branch: %s', (ownWorkflow, kind) => {
    const { peers } = configure('', { overrides: { peers: 'one: "https://h.example/d"' } });
    expect(decidePeers(peers, [peers], { ownWorkflow })).toMatchObject([{ kind }]);
    const { peers: ofVariable } = configure('', { env: { BD_FEDERATION_REMOTE: 'https://h.example/d' } });
    expect(decidePeers(ofVariable, [ofVariable], { ownWorkflow })).toMatchObject([{ kind }]);
  });
});
