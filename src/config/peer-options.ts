import { Failure } from '../core/failure.ts';
import { refuseUnmatched } from './allowed-endpoint.ts';
import { checkAws, mergeAws } from './aws-settings.ts';
import type { Endpoint, Peer } from './configuration.ts';
import type { EndpointOptions } from './endpoint.ts';
import type { PeerEntry } from './peer-entry.ts';
import { parsePeerUser } from './peer-user.ts';
import { type Problems, placed } from './problems.ts';
import { parseRefName } from './ref-name.ts';
import { canonicalService } from './service-endpoint.ts';

interface Rules {
  readonly endpoint: Endpoint;
  readonly options: EndpointOptions;
  readonly patterns: readonly string[];
  readonly problems: Problems;
}

/** Which remotes each option is for: an option without effect is a mistake, and none of it is passed over. */
const MEANT_FOR = {
  ref: { kinds: ['git'], hint: 'Only git remotes have a `ref`; their path ends in `.git`.' },
  user: {
    kinds: ['http', 'dolthub'],
    hint: 'Only remotes over https have a `user`; for ssh and git it stands in the endpoint, as in ssh://user@host/path.',
  },
  aws: { kinds: ['s3', 'aws'], hint: 'Only s3 and aws remotes have `aws` settings.' },
  'allowed-hosts': {
    kinds: ['http', 'dolthub', 'git', 's3', 'aws', 'gs', 'az', 'oci'],
    hint: 'Only the servers of remotes over http can name other hosts.',
  },
} as const satisfies Record<string, { readonly kinds: readonly Endpoint['kind'][]; readonly hint: string }>;

/** What a peer says about how its remote is reached, checked; what is wrong is reported, each with its place. */
export function peerOptions(entry: PeerEntry, rules: Rules): Pick<Peer, 'ref' | 'user' | 'aws' | 'allowedHosts'> {
  const { ref, user, aws, allowedHosts } = entry;
  const { endpoint, options, problems, patterns } = rules;
  const at = <T>(path: readonly PropertyKey[], work: () => T): T | undefined =>
    problems.attempt(() => placed(`peer ${entry.name}`, entry.place(...path), work));
  for (const name of ['ref', 'user', 'aws'] as const) {
    if (entry[name] !== null) at([name], () => requireMeant(name, endpoint));
  }
  if (allowedHosts.length > 0) at(['allowed-hosts'], () => requireMeant('allowed-hosts', endpoint));
  for (const [index, host] of allowedHosts.entries()) {
    at(['allowed-hosts', index], () => refuseUnmatched(canonicalService(`https://${host}`), patterns));
  }
  if (ref !== null) at(['ref'], () => parseRefName(ref));
  if (user !== null) at(['user'], () => parsePeerUser(user));
  if (aws !== null) checkAws(aws, { endpoint, options, at: (key, work) => at(['aws', key], work) });
  return { ref, user, aws: at(['aws'], () => mergeAws(aws, endpoint)) ?? null, allowedHosts };
}

function requireMeant(name: keyof typeof MEANT_FOR, { kind, dolt }: Endpoint): void {
  const { kinds, hint } = MEANT_FOR[name];
  const isWithoutHttp = name === 'allowed-hosts' && kind === 'git' && !/^(git\+)?https?:/i.test(dolt);
  if (kinds.some((one) => one === kind) && !isWithoutHttp) return;
  const remotes = isWithoutHttp ? 'git remotes without http' : `${kind} remotes`;
  throw new Failure('config-invalid', `\`${name}\` has no meaning for ${remotes}`, { hint });
}
