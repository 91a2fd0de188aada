import { z } from 'zod';
import type { PeerAwsKey, PeerKey } from '../contract/peer-options.ts';
import {
  ACCEPTS,
  CONFLICT_STRATEGIES,
  type ConflictStrategy,
  ROLES,
  TIERS,
  type Tier,
} from '../contract/vocabulary.ts';
import { Failure, type Location } from '../core/failure.ts';
import type { AwsSettings, Endpoint, Origin, Peer } from './configuration.ts';
import { requireMatch } from './endpoint/allow-list.ts';
import { checkAws, mergeAws } from './endpoint/aws-settings.ts';
import { ENDPOINT_KINDS, type PeerOption } from './endpoint/kinds.ts';
import type { EndpointOptions } from './endpoint/parse.ts';
import { canonicalService } from './endpoint/query.ts';
import { AWS_KEYS, checkKeys, PEER_KEYS } from './known-keys.ts';
import { check } from './layers.ts';
import { parsePeerUser, parseRefName } from './names.ts';
import { type Problems, placed } from './problems.ts';
import { duration, hosts, patterns, text, word } from './value-schemas.ts';
import { asMapping, type ConfigField, type ConfigMapping, locate, plain } from './yaml/tree.ts';

/** A peer as written, with values of the right type that are not yet compared with the rest of the configuration. */
export interface PeerEntry extends Omit<Peer, 'endpoint' | 'dataPlace' | 'tier' | 'strategy'> {
  readonly endpoint: string;
  /** null: not set. */
  readonly tier: Tier | null;
  readonly lowerTier: boolean;
  /** null: not set. */
  readonly conflict: ConflictStrategy | null;
  readonly keyAt: Location;
  /** The position of one value of the peer, by its keys. */
  readonly place: (...path: readonly PropertyKey[]) => Location;
}

const AWS_FIELDS = {
  region: text.optional(),
  profile: text.optional(),
  endpoint: text.optional(),
  'path-style': z.boolean({ error: 'must be true or false' }).optional(),
  'dynamodb-table': text.optional(),
} satisfies Record<PeerAwsKey, z.ZodType>;

/** The mapping `aws` of a peer. docs/config.schema.json is made from it. */
export const awsMapping = z.object(AWS_FIELDS, { error: 'must be a mapping of keys to values' });

const FIELDS = {
  endpoint: z.preprocess((written, context) => {
    if (written === undefined || written === null) {
      context.addIssue({ code: 'custom', message: 'is missing: write the endpoint of the peer, such as file:///path' });
      return z.NEVER;
    }
    return written;
  }, text),
  role: word(ROLES).optional(),
  tier: word(TIERS).optional(),
  'lower-tier': z.boolean({ error: 'must be true or false' }).optional(),
  branch: text.optional(),
  conflict: word(CONFLICT_STRATEGIES).optional(),
  accept: z.array(word(ACCEPTS), { error: `must be a list of ${ACCEPTS.join(', ')}` }).optional(),
  trust: patterns.optional(),
  ref: text.optional(),
  user: text.optional(),
  live: z.boolean({ error: 'must be true or false' }).optional(),
  // A mapping whose last key was removed.
  aws: awsMapping.nullish(),
  timeout: duration.optional(),
  'allowed-hosts': hosts.optional(),
} satisfies Record<PeerKey | 'endpoint', z.ZodType>;

/** The mapping of a peer. docs/config.schema.json is made from it. */
export const peerMapping = z.object(FIELDS);

type WrittenAws = z.infer<typeof awsMapping>;

/**
 * The peers of a mapping from name to endpoint or to a mapping. Invalid peers are reported and left out.
 * @param from the name of the mapping in messages, and its layer
 */
export function readPeerEntries(
  peers: ConfigMapping,
  from: { readonly prefix: string; readonly origin: (keyAt: Location) => Origin },
  problems: Problems,
): readonly PeerEntry[] {
  return [...peers.fields].flatMap(([name, field]) => {
    const entry = readPeerEntry(name, { field, label: `${from.prefix}${name}`, problems });
    return entry === null ? [] : [{ ...entry, origin: from.origin(field.keyAt) }];
  });
}

function readPeerEntry(
  name: string,
  source: { readonly field: ConfigField; readonly label: string; readonly problems: Problems },
): Omit<PeerEntry, 'origin'> | null {
  const { field, label, problems } = source;
  const { value, keyAt } = field;
  const glued = value.kind === 'scalar' ? gluedKey(value.value) : undefined;
  if (glued !== undefined) {
    const message = `${label}: a space is missing after "${glued}:"`;
    problems.add(new Failure('config-invalid', message, { location: value.at, hint: `Write \`${glued}: value\`.` }));
    return null;
  }
  const fields = value.kind === 'scalar' ? null : asMapping(value);
  if (fields !== null) checkKeys(fields, { keys: PEER_KEYS, prefix: `${label}.` }, problems);
  const aws = fields?.fields.get('aws')?.value;
  if (aws?.kind === 'mapping') checkKeys(aws, { keys: AWS_KEYS, prefix: `${label}.aws.` }, problems);
  // Its endpoint is missing because its key is misspelt; that is already reported.
  const isMisspelt = [...(fields?.fields.keys() ?? [])].some((key) => !Object.hasOwn(PEER_KEYS, key));
  if (fields !== null && !fields.fields.has('endpoint') && isMisspelt) return null;
  const written = fields === null ? { endpoint: plain(value) } : plain(fields);
  const place = (...path: readonly PropertyKey[]) => (fields === null ? value.at : locate(value, path));
  const subject = { name: label, locate: (path: readonly PropertyKey[]) => place(...path) };
  const read = check(peerMapping, written, { subject, problems });
  if (read === undefined) return null;
  return {
    name,
    endpoint: read.endpoint,
    role: read.role ?? 'peer',
    tier: read.tier ?? null,
    lowerTier: read['lower-tier'] ?? false,
    branch: read.branch ?? null,
    conflict: read.conflict ?? null,
    accept: [...new Set(read.accept)],
    trust: read.trust ?? null,
    ref: read.ref ?? null,
    user: read.user ?? null,
    live: read.live ?? null,
    aws: read.aws ? awsSettings(read.aws) : null,
    timeout: read.timeout ?? null,
    allowedHosts: [...new Set(read['allowed-hosts'])],
    keyAt,
    place,
  };
}

/** The key of a peer that a text starts with, such as `role:backup`, which YAML reads as one text. */
function gluedKey(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  // `aws://` is an endpoint.
  return Object.keys(PEER_KEYS).find((key) => text.startsWith(`${key}:`) && !text.startsWith(`${key}://`));
}

function awsSettings(written: WrittenAws): AwsSettings {
  return {
    region: written.region ?? null,
    profile: written.profile ?? null,
    endpoint: written.endpoint ?? null,
    pathStyle: written['path-style'] ?? null,
    dynamodbTable: written['dynamodb-table'] ?? null,
  };
}

interface Rules {
  readonly endpoint: Endpoint;
  readonly options: EndpointOptions;
  readonly patterns: readonly string[];
  readonly problems: Problems;
}

/** Which remotes have each option; one without effect is an error. */
const OPTION_HINTS: Readonly<Record<PeerOption, string>> = {
  ref: 'Only git remotes, whose path ends in `.git`, have a `ref`.',
  user: 'Only remotes over https have a `user`. For ssh and git, put it in the endpoint, as in ssh://user@host/path.',
  aws: 'Only s3 and aws remotes have `aws` settings.',
  'allowed-hosts': 'Only the servers of remotes over http can name other hosts.',
};

/** Validates how a peer's remote is reached; each problem is reported with its position. */
export function peerOptions(entry: PeerEntry, rules: Rules): Pick<Peer, 'ref' | 'user' | 'aws' | 'allowedHosts'> {
  const { ref, user, aws, allowedHosts } = entry;
  const { endpoint, options, problems, patterns } = rules;
  const at = <T>(path: readonly PropertyKey[], work: () => T): T | undefined =>
    problems.attempt(() => placed(`peer ${entry.name}`, entry.place(...path), work));
  for (const name of ['ref', 'user', 'aws'] as const) {
    if (entry[name] !== null) at([name], () => requireEffect(name, endpoint));
  }
  if (allowedHosts.length > 0) at(['allowed-hosts'], () => requireEffect('allowed-hosts', endpoint));
  for (const [index, host] of allowedHosts.entries()) {
    at(['allowed-hosts', index], () => requireMatch(canonicalService(`https://${host}`), patterns));
  }
  if (ref !== null) at(['ref'], () => parseRefName(ref));
  if (user !== null) at(['user'], () => parsePeerUser(user));
  if (aws !== null) checkAws(aws, { endpoint, options, at: (key, work) => at(['aws', key], work) });
  return { ref, user, aws: at(['aws'], () => mergeAws(aws, endpoint)) ?? null, allowedHosts };
}

function requireEffect(option: PeerOption, { kind, dolt }: Endpoint): void {
  const isWithoutHttp = option === 'allowed-hosts' && kind === 'git' && !/^(git\+)?https?:/i.test(dolt);
  if (ENDPOINT_KINDS[kind].options.includes(option) && !isWithoutHttp) return;
  const remotes = isWithoutHttp ? 'git remotes without http' : `${kind} remotes`;
  throw new Failure('config-invalid', `\`${option}\` has no effect for ${remotes}`, { hint: OPTION_HINTS[option] });
}
