import { DOLT_REF } from '../contract/dolt-ref.ts';
import { ERRORS } from '../contract/error-codes.ts';
import type { ConflictStrategy, Tier } from '../contract/vocabulary.ts';
import type { Env } from '../core/env.ts';
import { Failure, type Location } from '../core/failure.ts';
import { groupBy } from '../core/lists.ts';
import { hintFor } from '../core/text.ts';
import type { Endpoint, Origin, Peer, Sourced } from './configuration.ts';
import { requireAllowed, requireMatch } from './endpoint/allow-list.ts';
import { mergeAws } from './endpoint/aws-settings.ts';
import { dataPlaceOf, homeUser, serviceOf } from './endpoint/data-place.ts';
import type { EndpointOptions } from './endpoint/parse.ts';
import { canonicalService, serviceInQuery } from './endpoint/query.ts';
import { parseOrSuggest, type SuggestionBase } from './endpoint/suggest.ts';
import { liveOf } from './live.ts';
import { parseBranchName, parsePeerName } from './names.ts';
import { type PeerEntry, peerOptions } from './peer-entry.ts';
import { type Problems, placed } from './problems.ts';

/** Settings that peers are validated against. */
interface Rules {
  readonly sovereignty: Tier;
  /** The strategy of peers without their own. */
  readonly strategy: ConflictStrategy;
  readonly patterns: readonly string[];
  /** Hosts of plain remote servers, DoltHub's own included. */
  readonly plainHosts: ReadonlySet<string>;
  /** The name of this database; null: not set. */
  readonly town: string | null;
  readonly options: EndpointOptions;
  readonly base: SuggestionBase;
  /** The variables of the job, which name services. */
  readonly env: Env;
  readonly problems: Problems;
}

/** Defaults of a peer that is only an endpoint. */
const BARE = { branch: null, timeout: null, accept: [], trust: null, ref: null, user: null, allowedHosts: [] } as const;

/**
 * The peers of a run, primary first, then by name. Reports invalid names, endpoints and tiers, a second primary, and
 * duplicate names.
 */
export function buildPeers(
  entries: readonly PeerEntry[],
  remote: Sourced<string | null>,
  rules: Rules,
): readonly Peer[] {
  const primary = buildPrimary(remote, rules);
  checkNames(entries, rules.problems);
  checkPrimaries(entries, remote, rules.problems);
  const peers = [
    ...(primary === undefined ? [] : [primary]),
    ...entries.flatMap((entry) => buildPeer(entry, rules) ?? []),
  ];
  checkUpstreams(peers, rules);
  return peers.toSorted(comparePeers);
}

function checkUpstreams(peers: readonly Peer[], { env, problems }: Pick<Rules, 'env' | 'problems'>): void {
  for (const failure of pushesToUpstreams(peers, env).values()) problems.add(failure);
}

/** How peers are compared: what only a run knows is absent before. */
interface Comparing {
  /** The identities of local folders, as far as they were read. */
  readonly folders?: ReadonlyMap<Peer, string>;
  /** Our branch, for the peers that name none. */
  readonly branch?: string;
}

/** The role of an upstream says that its branch is never pushed to, so no other peer may push there: the failure of each. */
export function pushesToUpstreams(
  peers: readonly Peer[],
  env: Env,
  comparing: Comparing = {},
): ReadonlyMap<Peer, Failure> {
  const failures = new Map<Peer, Failure>();
  for (const group of atSamePlace(peers, env, comparing)) {
    const upstream = group.find(({ role }) => role === 'upstream');
    for (const peer of group) {
      if (upstream === undefined || peer.role === 'upstream') continue;
      const { name, role } = peer;
      const message = `peer ${name}: the ${role} would be pushed to, but it has the endpoint and the branch of the upstream ${upstream.name}`;
      const details = { hint: 'Correct its endpoint, or remove one of the two.', location: locationOf(peer.origin) };
      failures.set(peer, new Failure('config-invalid', message, details));
    }
  }
  return failures;
}

/**
 * Groups of peers that have the same endpoint, in any spelling, and the same branch and ref there. A region, or the user of
 * ssh outside of a home folder, makes no other place, because an upstream might be pushed to. `dataPlaceOf` decides the
 * other way.
 */
export function atSamePlace(
  peers: readonly Peer[],
  env: Env,
  { folders = new Map(), branch: ours }: Comparing = {},
): readonly (readonly Peer[])[] {
  const places = peers.flatMap((peer) => {
    const ref = peer.endpoint.kind === 'git' ? (peer.ref ?? DOLT_REF) : null;
    const at = (store: string): string => JSON.stringify([store, peer.branch ?? ours ?? null, ref]);
    return storesOf(peer, env, folders).map((store) => ({ peer, place: at(store) }));
  });
  const groups = [...groupBy(places, ({ place }) => place).values()].map((group) => group.map(({ peer }) => peer));
  // Two peers can have two possible places in common.
  const named = groups.map((group) => [group.map(({ name }) => name).join(' '), group] as const);
  return [...new Map(named).values()].filter(({ length }) => length > 1);
}

/** The same for peers that keep their data at one place, on whatever branch. */
export function storeOf(peer: Peer, env: Env, folders: ReadonlyMap<Peer, string>): string {
  return storesOf(peer, env, folders).at(-1) ?? peer.endpoint.canonical;
}

/** The places that a peer can have: two if it depends on what Dolt supports (see `doltUrl`). */
function storesOf(peer: Peer, env: Env, folders: ReadonlyMap<Peer, string>): readonly string[] {
  const { endpoint, aws } = peer;
  const folder = folders.get(peer);
  if (folder !== undefined) return [folder];
  const place = placeOfData(endpoint);
  const table = endpoint.kind === 's3' ? (aws?.dynamodbTable ?? null) : null;
  const places =
    table === null ? [place] : [place, place.replace(/^s3:\/\/([^/]+)/, (_, bucket) => `aws://[${table}:${bucket}]`)];
  return places.map((one) => JSON.stringify([one, homeUser(endpoint), serviceOf(peer, env)]));
}

/** The same for every spelling of an endpoint. */
export function placeOfData({ kind, canonical, dolt }: Endpoint): string {
  if (kind === 'dolthub') return dolt;
  // `user@host:path` begins in the home folder, like `ssh://user@host/~/path`.
  return kind === 'git' ? canonical.replace(/^git\+/, '').replace(/^(ssh:\/\/[^/]*)\/~\//, '$1/./') : canonical;
}

/** The order of peers: the primary, then by name. */
export function comparePeers(a: Pick<Peer, 'name' | 'role'>, b: Pick<Peer, 'name' | 'role'>): number {
  const rank = ({ role }: Pick<Peer, 'role'>): number => (role === 'primary' ? 0 : 1);
  return rank(a) - rank(b) || (a.name < b.name ? -1 : 1);
}

function buildPrimary(remote: Sourced<string | null>, rules: Rules): Peer | undefined {
  const { value, origin } = remote;
  if (value === null) return undefined;
  const subject = describe(origin);
  const endpoint = readEndpoint(value, { subject, location: locationOf(origin) }, rules);
  if (endpoint === undefined) return undefined;
  const aws = mergeAws(null, endpoint);
  const live = liveOf({ endpoint, live: null }, rules.plainHosts);
  return {
    name: 'origin',
    endpoint,
    dataPlace: dataPlaceOf({ endpoint, aws }, rules.env),
    role: 'primary',
    tier: rules.sovereignty,
    strategy: rules.strategy,
    ...BARE,
    live,
    aws,
    origin,
  };
}

function buildPeer(entry: PeerEntry, rules: Rules): Peer | undefined {
  const { name, role, origin, problems } = { ...entry, problems: rules.problems };
  const subject = `peer ${name}`;
  problems.attempt(() => placed('peers', entry.keyAt, () => parsePeerName(name)));
  problems.attempt(() => placed(subject, entry.place('tier'), () => requireTier(entry, rules.sovereignty)));
  const { branch, timeout, accept, trust } = entry;
  if (branch !== null) problems.attempt(() => placed(subject, entry.place('branch'), () => parseBranchName(branch)));
  const endpoint = readEndpoint(entry.endpoint, { subject, location: entry.place('endpoint') }, rules);
  const tier = entry.tier ?? rules.sovereignty;
  if (endpoint === undefined) return undefined;
  const strategy = entry.conflict ?? rules.strategy;
  const service = entry.aws?.endpoint ?? serviceInQuery(endpoint);
  if (service !== null) {
    const at = entry.aws?.endpoint == null ? entry.place('endpoint') : entry.place('aws', 'endpoint');
    problems.attempt(() => placed(subject, at, () => requireMatch(canonicalService(service), rules.patterns)));
  }
  const options = peerOptions(entry, { ...rules, endpoint });
  const live = problems.attempt(() =>
    placed(subject, entry.place('live'), () => {
      const found = liveOf({ endpoint, live: entry.live }, rules.plainHosts);
      if (found === true && role !== 'upstream' && rules.town === null) throw withoutName();
      return found;
    }),
  );
  return {
    name,
    endpoint,
    dataPlace: dataPlaceOf({ endpoint, aws: options.aws }, rules.env),
    role,
    tier,
    branch,
    timeout,
    strategy,
    accept,
    trust,
    ...options,
    live: live ?? null,
    origin,
  };
}

function withoutName(): Failure {
  return new Failure('config-invalid', '`live: true` needs `federation.town`, which is not set', {
    hint: 'Set `federation.town` to a unique name, such as the name of the repository. Pushes go to the branch inbox/<name>-… of the peer.',
  });
}

function readEndpoint(
  written: string,
  at: { readonly subject: string; readonly location: Location | undefined },
  { patterns, options, base, problems }: Rules,
): Endpoint | undefined {
  return problems.attempt(() =>
    placed(at.subject, at.location, () => {
      const endpoint = parseOrSuggest(written, base, options);
      requireAllowed(endpoint, patterns, options);
      return endpoint;
    }),
  );
}

function requireTier({ name, tier, lowerTier }: PeerEntry, sovereignty: Tier): void {
  if (tier === null || tier >= sovereignty || lowerTier) return;
  throw new Failure('tier-lowered', `tier ${tier} is below the federation's ${sovereignty}`, {
    hint: hintFor(name, ERRORS['tier-lowered'].hint),
  });
}

function checkNames(entries: readonly PeerEntry[], problems: Problems): void {
  const seen = new Set<string>();
  for (const { name, keyAt } of entries) {
    if (seen.has(name)) {
      problems.add(new Failure('peer-exists', `peer already exists: ${name} is also in the file`, { location: keyAt }));
    }
    seen.add(name);
  }
}

function checkPrimaries(entries: readonly PeerEntry[], remote: Sourced<string | null>, problems: Problems): void {
  const named = entries.filter((entry) => entry.role === 'primary');
  const [first, ...others] = named;
  const surplus = remote.value === null ? others : named;
  const taken = remote.value === null ? `peer ${first?.name}` : `federation.remote`;
  for (const { name, place } of surplus) {
    problems.add(
      new Failure('config-invalid', `peer ${name}: the primary is already set (${taken})`, {
        hint: 'Only one peer can be the primary. Give the others another role.',
        location: place('role'),
      }),
    );
  }
}

function describe(origin: Origin): string {
  switch (origin.layer) {
    case 'environment':
      return origin.variable;
    case 'input':
      return origin.name;
    case 'default':
    case 'file':
      return 'federation.remote';
  }
}

function locationOf(origin: Origin): Location | undefined {
  return origin.layer === 'file' ? origin.location : undefined;
}
