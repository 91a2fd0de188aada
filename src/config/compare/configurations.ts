import { CHANGE_KINDS, CONFIG_CHANGES, type ConfigChangeKind } from '../../contract/vocabulary.ts';
import { groupBy } from '../../core/lists.ts';
import { compareBytes } from '../../core/text.ts';
import type { Configuration, InboxRule, Origin, Peer, Sourced } from '../configuration.ts';
import { userIn } from '../endpoint/authority.ts';
import { serverText } from '../server.ts';
import { databaseOf, ownerOf, type Place, placesOf } from './places.ts';
import {
  PULLS,
  RIGHTS_TEXTS,
  restrictedAsBoth,
  widensInbox,
  widensPatterns,
  widensRole,
  widensTrust,
  writeRights,
} from './restrictions.ts';

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
> & {
  /** Address of the server that the settings of bd name; absent or null: none. */
  readonly bdServer?: Sourced<string> | null;
  /** Path of the database that the files of bd name; absent or null: none. */
  readonly bdDatabase?: Sourced<string> | null;
  /** The keys of bd about its JSONL file; absent: none is written. */
  readonly exports?: Readonly<Record<string, Sourced<readonly string[]>>>;
  /** The file that freezes the database for a migration; absent or null: none. */
  readonly freeze?: Sourced<string> | null;
};

/** Differences between two configurations in meaning, not in text, the most dangerous first. */
export function compareConfigurations(base: Compared, head: Compared): ConfigChange[] {
  const changes = [...federationChanges(base, head), ...peerChanges(base, head), ...newHosts(base, head)];
  return changes.toSorted(
    (a, b) =>
      CHANGE_KINDS.indexOf(a.kind) - CHANGE_KINDS.indexOf(b.kind) ||
      compareBytes(a.peer ?? '', b.peer ?? '') ||
      compareBytes(a.setting, b.setting),
  );
}

/** Settings of the whole federation. */
function federationChanges(base: Compared, head: Compared): ConfigChange[] {
  const of = <T>(
    setting: string,
    read: (of: Compared) => Sourced<T>,
    kind: ConfigChangeKind,
    text: (value: T) => string = textOf,
  ): ConfigChange[] => {
    const [before, after] = [read(base), read(head)];
    const texts = differingTexts(before.value, after.value, text);
    return texts === null ? [] : [{ kind, peer: null, setting, ...texts, origin: after.origin }];
  };
  const lowered = head.sovereignty.value < base.sovereignty.value;
  const patterns = widensPatterns(base.allowedRemotePatterns.value, head.allowedRemotePatterns.value);
  const inbox = widensInbox(base.inbox.value, head.inbox.value);
  const [rights, given] = [writeRights(base.push), writeRights(head.push)];
  const thawed = base.freeze != null && head.freeze == null;
  const federates = allowsFederation(head) && !allowsFederation(base);
  return [
    ...of('federation.sovereignty', (one) => one.sovereignty, lowered ? 'sovereignty-lowered' : 'setting-changed'),
    ...of(
      'federation.allowed-remote-patterns',
      (one) => one.allowedRemotePatterns,
      patterns ? 'patterns-widened' : 'setting-changed',
      (value) => listText(value, 'all'),
    ),
    ...of(
      'federation.inbox',
      ({ inbox: { value, origin } }) => ({ value: inboxRule(value), origin }),
      inbox ? 'accept-widened' : 'setting-changed',
      (rule) => (typeof rule === 'boolean' ? String(rule) : listText(rule, 'false')),
    ),
    ...of(
      'federation.push',
      ({ push }) => ({ value: writeRights(push), origin: push.origin }),
      given <= rights ? 'setting-changed' : given === PULLS ? 'accept-widened' : 'push-enabled',
      (of) => RIGHTS_TEXTS[of],
    ),
    ...of('sync.mode', (one) => one.syncMode, federates ? 'push-enabled' : 'setting-changed'),
    ...of('conflict.strategy', (one) => one.strategy, 'strategy-changed'),
    ...of('federation.dirty', (one) => one.dirty, 'setting-changed'),
    ...of('federation.register', (one) => one.register, 'setting-changed'),
    ...of('federation.database', (one) => one.database, 'setting-changed'),
    ...of('federation.attribution', (one) => one.attribution, 'setting-changed'),
    ...of('federation.server', (one) => one.server, 'setting-changed'),
    ...of("bd's server", ({ bdServer }) => bdServer ?? NOT_NAMED, 'setting-changed'),
    ...of("bd's database", ({ bdDatabase }) => bdDatabase ?? NOT_NAMED, 'setting-changed'),
    ...of('MIGRATION-FREEZE', ({ freeze }) => freeze ?? NOT_NAMED, thawed ? 'push-enabled' : 'setting-changed'),
    ...[...new Set([base, head].flatMap(({ exports = {} }) => Object.keys(exports)))].flatMap((key) =>
      of(key, ({ exports }) => exports?.[key] ?? NOT_NAMED, 'setting-changed', exportText),
    ),
    ...of('federation.town', (one) => one.town, 'setting-changed'),
    ...of(
      'federation.plain-hosts',
      (one) => one.plainHosts,
      'setting-changed',
      (value) => listText(value, 'none'),
    ),
  ];
}

/**
 * Two values as texts; null if they mean the same. Values with one text for people, such as a list and a name that looks
 * like one, are shown as JSON.
 */
function differingTexts<T>(
  before: T,
  after: T,
  text: (value: T) => string,
): { readonly before: string; readonly after: string } | null {
  const [from, to] = [meaning(before), meaning(after)];
  if (from === to) return null;
  const shown = { before: text(before), after: text(after) };
  return shown.before === shown.after ? { before: from, after: to } : shown;
}

/** The order of a list means nothing. */
function meaning(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? value.toSorted() : value);
}

function textOf(value: unknown): string {
  return value === null ? 'not set' : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** No sender at all is the same as `false`. */
function inboxRule(rule: InboxRule): InboxRule {
  return typeof rule !== 'boolean' && rule.length === 0 ? false : rule;
}

const NOT_NAMED: Sourced<null> = { value: null, origin: { layer: 'default' } };

/** The modes of beads that forbid federation send nothing. */
function allowsFederation({ syncMode }: Compared): boolean {
  return syncMode.value === 'dolt-native' || syncMode.value === 'belt-and-suspenders';
}

function exportText(values: readonly string[] | null): string {
  return values === null ? textOf(values) : listText(values, 'none');
}

function listText(values: readonly string[], empty: string): string {
  return values.length === 0 ? empty : values.toSorted().join(', ');
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
  const formerOf = formersIn(base, after);
  return [
    ...head.peers.flatMap((peer) => {
      const known = before.get(peer.name);
      const former = formerOf(peer);
      if (known === undefined)
        return [whole('peer-added', peer), ...widenings(former ?? withDefaults(peer, head), peer)];
      const changes = changesOf(known, peer);
      if (former === null || !changes.some(({ kind }) => kind === 'peer-moved')) return changes;
      const isShown = ({ kind, setting }: ConfigChange) =>
        changes.some((one) => one.kind === kind && one.setting === setting);
      return [...changes, ...widenings(former, peer).filter((change) => !isShown(change))];
    }),
    ...base.peers.flatMap((peer) => (after.has(peer.name) ? [] : [whole('peer-removed', peer)])),
  ];
}

/**
 * The restrictions of all peers before a change whose place a new or moved peer takes, because another name must not hide
 * what is lowered: those of its database, and removed ones of its owner. Null: there are none.
 */
function formersIn(base: Compared, after: ReadonlyMap<string, Peer>): (peer: Peer) => Peer | null {
  const restrictedBy = (peers: readonly Peer[], keyOf: (peer: Peer) => string) =>
    new Map([...groupBy(peers, keyOf)].map(([key, group]) => [key, group.reduce(restrictedAsBoth)]));
  const atDatabase = restrictedBy(base.peers, databaseOf);
  const removed = restrictedBy(
    base.peers.filter(({ name }) => !after.has(name)),
    ownerOf,
  );
  return (peer) => {
    const taken = [atDatabase.get(databaseOf(peer)), removed.get(ownerOf(peer))].filter((one) => one !== undefined);
    return taken.length === 0 ? null : taken.reduce(restrictedAsBoth);
  };
}

/** A new peer that takes the place of no other one is compared with one that has the defaults. */
function withDefaults(peer: Peer, { sovereignty }: Compared): Peer {
  return { ...peer, tier: sovereignty.value, accept: [], trust: null };
}

const RESTRICTIONS = ['role', 'tier', 'accept', 'trust'] as const satisfies readonly PeerSetting[];

/** The settings in which a peer is less restricted than a former one. */
function widenings(former: Peer, peer: Peer): ConfigChange[] {
  return RESTRICTIONS.flatMap((setting) =>
    CONFIG_CHANGES[kindOf(setting, former, peer)].dangerous ? [changeOf(setting, former, peer)] : [],
  );
}

/** The meaning of a setting of a peer, and its text for people. A setting that is not set has the text of its default. */
interface ReadSetting {
  readonly value: (peer: Peer) => unknown;
  /** Absent: by its type. */
  readonly text?: (peer: Peer) => string;
}

const PEER_SETTINGS = {
  endpoint: {
    value: (peer) => ({ canonical: peer.endpoint.canonical, hidden: hiddenPart(peer) }),
    text: ({ endpoint }) => endpoint.canonical,
  },
  role: { value: ({ role }) => role },
  tier: { value: ({ tier }) => tier },
  accept: { value: ({ accept }) => accept, text: ({ accept }) => listText(accept, 'nothing') },
  trust: {
    value: ({ trust }) => trust,
    text: ({ trust }) => (trust === null ? 'all systems' : listText(trust, 'none')),
  },
  conflict: { value: ({ strategy }) => strategy },
  branch: { value: ({ branch }) => branch, text: ({ branch }) => branch ?? 'the branch of the run' },
  ref: { value: ({ ref }) => ref },
  user: { value: ({ user }) => user },
  live: { value: ({ live }) => live },
  aws: { value: ({ aws }) => aws },
  'allowed-hosts': {
    value: ({ allowedHosts }) => allowedHosts,
    text: ({ allowedHosts }) => listText(allowedHosts, 'none'),
  },
  timeout: { value: ({ timeout }) => timeout, text: ({ timeout }) => (timeout === null ? 'not set' : `${timeout} ms`) },
} as const satisfies Readonly<Record<string, ReadSetting>>;

/** The key of a setting of a peer. */
export type PeerSetting = keyof typeof PEER_SETTINGS;

/** The settings of a peer that differ in meaning. */
export function differingSettings(before: Peer, after: Peer): PeerSetting[] {
  return (Object.keys(PEER_SETTINGS) as PeerSetting[]).filter((setting) => {
    const { value }: ReadSetting = PEER_SETTINGS[setting];
    return meaning(value(before)) !== meaning(value(after));
  });
}

function changesOf(before: Peer, after: Peer): ConfigChange[] {
  return differingSettings(before, after).map((setting) => changeOf(setting, before, after));
}

function changeOf(setting: PeerSetting, before: Peer, after: Peer): ConfigChange {
  const kind = kindOf(setting, before, after);
  return { kind, peer: after.name, setting, ...textsOf(setting, before, after), origin: after.origin };
}

/** An endpoint is shown as the address for Dolt if its canonical form hides the difference. */
function textsOf(setting: PeerSetting, before: Peer, after: Peer): Pick<ConfigChange, 'before' | 'after'> {
  const { value, text = (peer) => textOf(value(peer)) }: ReadSetting = PEER_SETTINGS[setting];
  const [from, to] = [text(before), text(after)];
  if (from !== to) return { before: from, after: to };
  if (setting === 'endpoint') return { before: before.endpoint.dolt, after: after.endpoint.dolt };
  return { before: meaning(value(before)), after: meaning(value(after)) };
}

/** The target of an endpoint besides its canonical form: the user, and the host if it names none. */
function hiddenPart({ endpoint: { kind, dolt } }: Peer): string | null {
  return kind === 'dolthub' ? dolt : userIn(dolt);
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

function newHosts(base: Compared, head: Compared): ConfigChange[] {
  const before = [...base.peers.flatMap(placesOf), ...serverPlaces(base).map(({ place }) => place)];
  const named = new Set(before.map(({ name }) => name));
  const reached = new Set(before.flatMap(({ name, getsData }) => (getsData ? [name] : [])));
  const added = (peer: string | null, places: readonly Place[], origin: Origin): ConfigChange[] => {
    const unknown = places.filter(({ name, getsData }) => !(getsData ? reached : named).has(name));
    return [...new Set(unknown.map(({ name }) => name))].map((after) => ({
      ...{ kind: 'new-host', peer, setting: 'host', before: null, after, origin },
    }));
  };
  return [
    ...serverPlaces(head).flatMap(({ place, origin }) => added(null, [place], origin)),
    ...head.peers.flatMap((peer) => added(peer.name, placesOf(peer), peer.origin)),
  ];
}

/** A run sends merged data to the server of the database, which our setting or one of bd names. */
function serverPlaces({ server, bdServer }: Compared): { readonly place: Place; readonly origin: Origin }[] {
  const own = server.value === null ? [] : [{ name: serverText(server.value), origin: server.origin }];
  const ofBd = bdServer == null ? [] : [{ name: bdServer.value, origin: bdServer.origin }];
  return [...own, ...ofBd].map(({ name, origin }) => ({ place: { name, getsData: true }, origin }));
}
