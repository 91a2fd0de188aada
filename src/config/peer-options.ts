import { Failure } from '../core/failure.ts';
import { checkAws, mergeAws } from './aws-settings.ts';
import type { Endpoint, Peer } from './configuration.ts';
import type { EndpointOptions } from './endpoint.ts';
import type { PeerEntry } from './peer-entry.ts';
import { parsePeerUser } from './peer-user.ts';
import { type Problems, placed } from './problems.ts';
import { parseRefName } from './ref-name.ts';

interface Rules {
  readonly endpoint: Endpoint;
  readonly options: EndpointOptions;
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
} as const satisfies Record<string, { readonly kinds: readonly Endpoint['kind'][]; readonly hint: string }>;

/** What a peer says about how its remote is reached, checked; what is wrong is reported, each with its place. */
export function peerOptions(entry: PeerEntry, rules: Rules): Pick<Peer, 'ref' | 'user' | 'aws'> {
  const { ref, user, aws } = entry;
  const { endpoint, options, problems } = rules;
  const at = <T>(path: readonly string[], work: () => T): T | undefined =>
    problems.attempt(() => placed(`peer ${entry.name}`, entry.place(...path), work));
  for (const name of ['ref', 'user', 'aws'] as const) {
    if (entry[name] !== null) at([name], () => requireMeant(name, endpoint));
  }
  if (ref !== null) at(['ref'], () => parseRefName(ref));
  if (user !== null) at(['user'], () => parsePeerUser(user));
  if (aws !== null) checkAws(aws, { endpoint, options, at: (key, work) => at(['aws', key], work) });
  return { ref, user, aws: at(['aws'], () => mergeAws(aws, endpoint)) ?? null };
}

function requireMeant(name: keyof typeof MEANT_FOR, { kind }: Endpoint): void {
  const { kinds, hint } = MEANT_FOR[name];
  if (kinds.some((one) => one === kind)) return;
  throw new Failure('config-invalid', `\`${name}\` has no meaning for ${kind} remotes`, { hint });
}
