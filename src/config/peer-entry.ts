import { z } from 'zod';
import {
  ACCEPTS,
  type Accept,
  CONFLICT_STRATEGIES,
  type ConflictStrategy,
  ROLES,
  type Role,
  TIERS,
  type Tier,
} from '../contract/vocabulary.ts';
import type { Location } from '../core/failure.ts';
import { asMapping, type ConfigField, type ConfigMapping, locate, plain } from './config-tree.ts';
import type { AwsSettings, Origin } from './configuration.ts';
import { AWS_KEYS, checkKeys, PEER_KEYS } from './known-keys.ts';
import { check } from './layers.ts';
import type { Problems } from './problems.ts';
import { duration, hosts, text, word } from './words.ts';

/** A peer as it is written, each value of the right kind, nothing compared with the rest of the configuration yet. */
export interface PeerEntry {
  readonly name: string;
  readonly endpoint: string;
  readonly role: Role;
  readonly tier: Tier | null;
  readonly lowerTier: boolean;
  readonly branch: string | null;
  readonly conflict: ConflictStrategy | null;
  readonly accept: readonly Accept[];
  readonly ref: string | null;
  readonly user: string | null;
  /** null: not said. */
  readonly live: boolean | null;
  readonly aws: AwsSettings | null;
  readonly allowedHosts: readonly string[];
  /** Milliseconds; null: the run's. */
  readonly timeout: number | null;
  readonly origin: Origin;
  readonly keyAt: Location;
  /** The place of one value of the peer, by the keys that lead to it. */
  readonly place: (...path: readonly PropertyKey[]) => Location;
}

const mapping = z.object({
  endpoint: z.preprocess((written, context) => {
    if (written === undefined || written === null) {
      context.addIssue({ code: 'custom', message: 'is missing: write where the peer is, such as file:///path' });
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
  ref: text.optional(),
  user: text.optional(),
  live: z.boolean({ error: 'must be true or false' }).optional(),
  aws: z
    .object(
      {
        region: text.optional(),
        profile: text.optional(),
        endpoint: text.optional(),
        'path-style': z.boolean({ error: 'must be true or false' }).optional(),
        'dynamodb-table': text.optional(),
      },
      { error: 'must be a mapping of keys to values' },
    )
    .optional(),
  timeout: duration.optional(),
  'allowed-hosts': hosts.optional(),
});

type WrittenAws = NonNullable<z.infer<typeof mapping>['aws']>;

/**
 * The peers of a mapping from name to endpoint or to a mapping. Peers that cannot be read are reported and left out.
 * @param from how messages name the mapping, and which layer it belongs to
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
  const fields = value.kind === 'scalar' ? null : asMapping(value);
  if (fields !== null) checkKeys(fields, { keys: PEER_KEYS, prefix: `${label}.` }, problems);
  const aws = fields?.fields.get('aws')?.value;
  if (aws?.kind === 'mapping') checkKeys(aws, { keys: AWS_KEYS, prefix: `${label}.aws.` }, problems);
  const written = fields === null ? { endpoint: plain(value) } : plain(fields);
  const place = (...path: readonly PropertyKey[]) => (fields === null ? value.at : locate(value, path));
  const subject = { name: label, locate: (path: readonly PropertyKey[]) => place(...path) };
  const read = check(mapping, written, { subject, problems });
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
    ref: read.ref ?? null,
    user: read.user ?? null,
    live: read.live ?? null,
    aws: read.aws === undefined ? null : awsSettings(read.aws),
    timeout: read.timeout ?? null,
    allowedHosts: [...new Set(read['allowed-hosts'])],
    keyAt,
    place,
  };
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
