import { CHANGE_KINDS, type ConfigChangeKind, ROLE_RIGHTS, type Role } from '../contract/vocabulary.ts';
import type { Configuration, InboxRule, Origin, Peer } from './configuration.ts';
import { serverText } from './server.ts';

/** One difference in meaning between two configurations. */
export interface ConfigChange {
  readonly kind: ConfigChangeKind;
  /** null: a setting of the whole federation. */
  readonly peer: string | null;
  /** The setting that differs, such as `federation.sovereignty` or `role`. */
  readonly setting: string;
  /** null: not there. */
  readonly before: string | null;
  readonly after: string | null;
  /** Its position in the second configuration; for a removed peer, in the first one. */
  readonly origin: Origin;
}

/** The part of a configuration that decides which data goes where, and what is merged. */
export type Compared = Pick<
  Configuration,
  | 'syncMode'
  | 'sovereignty'
  | 'strategy'
  | 'dirty'
  | 'database'
  | 'allowedRemotePatterns'
  | 'town'
  | 'inbox'
  | 'plainHosts'
  | 'register'
  | 'push'
  | 'server'
  | 'attribution'
  | 'peers'
>;

/** Differences between two configurations in meaning, not in text, the most dangerous first. */
export function compareConfigurations(base: Compared, head: Compared): ConfigChange[] {
  const changes = [...federationChanges(base, head), ...peerChanges(base, head), ...newHosts(base, head)];
  return changes.toSorted(
    (a, b) =>
      CHANGE_KINDS.indexOf(a.kind) - CHANGE_KINDS.indexOf(b.kind) ||
      compareTexts(a.peer ?? '', b.peer ?? '') ||
      compareTexts(a.setting, b.setting),
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Settings of the whole federation. */
function federationChanges(base: Compared, head: Compared): ConfigChange[] {
  const of = (
    setting: string,
    read: (of: Compared) => { readonly value: string; readonly origin: Origin },
    kind: ConfigChangeKind,
  ): ConfigChange[] => {
    const [before, after] = [read(base), read(head)];
    if (before.value === after.value) return [];
    return [{ kind, peer: null, setting, before: before.value, after: after.value, origin: after.origin }];
  };
  const lowered = head.sovereignty.value < base.sovereignty.value;
  const patterns = widensPatterns(base.allowedRemotePatterns.value, head.allowedRemotePatterns.value);
  const inbox = widensInbox(base.inbox.value, head.inbox.value);
  const pushes = head.push.value && !base.push.value;
  const federates = allowsFederation(head) && !allowsFederation(base);
  return [
    ...of('federation.sovereignty', (one) => one.sovereignty, lowered ? 'sovereignty-lowered' : 'setting-changed'),
    ...of(
      'federation.allowed-remote-patterns',
      ({ allowedRemotePatterns: { value, origin } }) => ({ value: listText(value, 'all'), origin }),
      patterns ? 'patterns-widened' : 'setting-changed',
    ),
    ...of(
      'federation.inbox',
      ({ inbox: { value, origin } }) => ({ value: inboxText(value), origin }),
      inbox ? 'accept-widened' : 'setting-changed',
    ),
    ...of(
      'federation.push',
      ({ push: { value, origin } }) => ({ value: String(value), origin }),
      pushes ? 'push-enabled' : 'setting-changed',
    ),
    ...of('sync.mode', (one) => one.syncMode, federates ? 'push-enabled' : 'setting-changed'),
    ...of('conflict.strategy', (one) => one.strategy, 'strategy-changed'),
    ...of('federation.dirty', (one) => one.dirty, 'setting-changed'),
    ...of('federation.register', (one) => one.register, 'setting-changed'),
    ...of('federation.database', (one) => textOf(one.database), 'setting-changed'),
    ...of('federation.attribution', (one) => one.attribution, 'setting-changed'),
    ...of(
      'federation.server',
      ({ server: { value, origin } }) => ({ value: value === null ? 'not set' : JSON.stringify(value), origin }),
      'setting-changed',
    ),
    ...of('federation.town', (one) => textOf(one.town), 'setting-changed'),
    ...of(
      'federation.plain-hosts',
      ({ plainHosts: { value, origin } }) => ({ value: listText(value, 'none'), origin }),
      'setting-changed',
    ),
  ];
}

/** The modes of beads that forbid federation send nothing. */
function allowsFederation({ syncMode }: Compared): boolean {
  return syncMode.value === 'dolt-native' || syncMode.value === 'belt-and-suspenders';
}

function textOf({ value, origin }: { readonly value: string | null; readonly origin: Origin }) {
  return { value: value ?? 'not set', origin };
}

function listText(values: readonly string[], empty: string): string {
  return values.length === 0 ? empty : values.toSorted().join(', ');
}

function inboxText(rule: InboxRule): string {
  return typeof rule === 'boolean' ? String(rule) : listText(rule, 'false');
}

/** No pattern allows everything. A pattern that another one covers is not recognized and counts as wider. */
function widensPatterns(before: readonly string[], after: readonly string[]): boolean {
  if (before.length === 0) return false;
  return after.length === 0 || after.some((pattern) => !before.includes(pattern));
}

function widensInbox(before: InboxRule, after: InboxRule): boolean {
  if (before === true || after === false) return false;
  if (after === true || before === false) return true;
  return after.some((name) => !before.includes(name));
}

function peerChanges(base: Compared, head: Compared): ConfigChange[] {
  const before = new Map(base.peers.map((peer) => [peer.name, peer]));
  const after = new Map(head.peers.map((peer) => [peer.name, peer]));
  const whole = (kind: 'peer-added' | 'peer-removed', peer: Peer): ConfigChange => ({
    kind,
    peer: peer.name,
    setting: 'endpoint',
    before: kind === 'peer-removed' ? peer.endpoint.canonical : null,
    after: kind === 'peer-added' ? peer.endpoint.canonical : null,
    origin: peer.origin,
  });
  return [
    ...head.peers.flatMap((peer) => {
      const known = before.get(peer.name);
      return known === undefined ? [whole('peer-added', peer)] : changesOf(known, peer);
    }),
    ...base.peers.flatMap((peer) => (after.has(peer.name) ? [] : [whole('peer-removed', peer)])),
  ];
}

/** Settings of a peer as texts; what is not set has the text of its default. */
const PEER_TEXTS = {
  endpoint: ({ endpoint }) => endpoint.canonical,
  role: ({ role }) => role,
  tier: ({ tier }) => tier,
  accept: ({ accept }) => listText(accept, 'nothing'),
  trust: ({ trust }) => (trust === null ? 'all systems' : listText(trust, 'none')),
  conflict: ({ strategy }) => strategy,
  branch: ({ branch }) => branch ?? 'the branch of the run',
  ref: ({ ref }) => ref ?? 'not set',
  user: ({ user }) => user ?? 'not set',
  live: ({ live }) => (live === null ? 'not set' : String(live)),
  aws: ({ aws }) => (aws === null ? 'not set' : JSON.stringify(aws)),
  'allowed-hosts': ({ allowedHosts }) => listText(allowedHosts, 'none'),
  timeout: ({ timeout }) => (timeout === null ? 'not set' : `${timeout} ms`),
} as const satisfies Readonly<Record<string, (peer: Peer) => string>>;

/** The key of a setting of a peer. */
export type PeerSetting = keyof typeof PEER_TEXTS;

/** The settings of a peer that differ in meaning. */
export function differingSettings(before: Peer, after: Peer): PeerSetting[] {
  return (Object.keys(PEER_TEXTS) as PeerSetting[]).filter((setting) => {
    const [from, to] = textsOf(setting, before, after);
    return from !== to;
  });
}

function changesOf(before: Peer, after: Peer): ConfigChange[] {
  return differingSettings(before, after).map((setting) => {
    const [from, to] = textsOf(setting, before, after);
    const kind = kindOf(setting, before, after);
    return { kind, peer: after.name, setting, before: from, after: to, origin: after.origin };
  });
}

/** An endpoint is shown as the address for Dolt if its canonical form hides the difference. */
function textsOf(setting: PeerSetting, before: Peer, after: Peer): readonly [string, string] {
  const [from, to] = [PEER_TEXTS[setting](before), PEER_TEXTS[setting](after)];
  if (setting !== 'endpoint' || from !== to || hiddenPart(before) === hiddenPart(after)) return [from, to];
  return [before.endpoint.dolt, after.endpoint.dolt];
}

/** The target of an endpoint besides its canonical form: the user, and the host if it names none. */
function hiddenPart({ endpoint: { kind, dolt } }: Peer): string | undefined {
  return kind === 'dolthub' ? dolt : /^[^:]+:\/\/([^/@]*)@/.exec(dolt)?.[1];
}

function kindOf(setting: PeerSetting, before: Peer, after: Peer): ConfigChangeKind {
  switch (setting) {
    case 'endpoint':
    case 'aws':
    case 'branch':
    case 'ref':
      return 'peer-moved';
    case 'role':
      return widensRole(before.role, after.role) ? 'role-widened' : 'role-changed';
    case 'tier':
      return after.tier < before.tier ? 'tier-lowered' : 'setting-changed';
    case 'accept':
      return after.accept.some((one) => !before.accept.includes(one)) ? 'accept-widened' : 'setting-changed';
    case 'trust':
      return widensTrust(before.trust, after.trust) ? 'accept-widened' : 'setting-changed';
    case 'conflict':
      return 'strategy-changed';
    case 'allowed-hosts':
    case 'user':
    case 'live':
    case 'timeout':
      return 'setting-changed';
  }
}

/** null: the peer may change the rows of every system. */
function widensTrust(before: Peer['trust'], after: Peer['trust']): boolean {
  if (before === null) return false;
  return after === null || after.some((pattern) => !before.includes(pattern));
}

function widensRole(before: Role, after: Role): boolean {
  const [was, is] = [ROLE_RIGHTS[before], ROLE_RIGHTS[after]];
  const isFirst = after === 'primary' && before !== 'primary';
  return isFirst || (is.pull && !was.pull) || (is.push && !was.push) || (is.inSync && !was.inSync);
}

/** The addresses that get data, or the address of a server that may name more of them. */
function hostsOf(peer: Peer): string[] {
  const { endpoint, aws, allowedHosts, role } = peer;
  if (!ROLE_RIGHTS[role].push) return [...allowedHosts];
  return [placeOf(endpoint.canonical), ...(aws?.endpoint == null ? [] : [aws.endpoint]), ...allowedHosts];
}

/** The host of a network address, the bucket of a store, the folder of a file. */
function placeOf(canonical: string): string {
  const found = /^([a-z0-9+]+):\/\/(\[[^\]]*\]|[^/]*)/.exec(canonical);
  return found?.[2] === undefined || found[2] === '' ? canonical : found[2].replace(/^[^@]*@/, '');
}

function newHosts(base: Compared, head: Compared): ConfigChange[] {
  const known = new Set([...base.peers.flatMap(hostsOf), ...serverHosts(base)]);
  const added = (peer: string | null, hosts: readonly string[], origin: Origin): ConfigChange[] =>
    [...new Set(hosts)]
      .filter((host) => !known.has(host))
      .map((host) => ({ kind: 'new-host', peer, setting: 'host', before: null, after: host, origin }));
  return [
    ...added(null, serverHosts(head), head.server.origin),
    ...head.peers.flatMap((peer) => added(peer.name, hostsOf(peer), peer.origin)),
  ];
}

/** A run sends merged data to the server of the database. */
function serverHosts({ server }: Compared): string[] {
  return server.value === null ? [] : [serverText(server.value)];
}
