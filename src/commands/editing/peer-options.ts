import type { ConfigSource } from '../../config/build.ts';
import type { Configuration, Origin, Peer, Sourced } from '../../config/configuration.ts';
import { readSections } from '../../config/known-keys.ts';
import { Problems } from '../../config/problems.ts';
import { SERVER_KEYS } from '../../config/server.ts';
import { parseYaml } from '../../config/yaml/parse.ts';
import { type ConfigField, field, plain } from '../../config/yaml/tree.ts';
import { durationText } from '../../contract/duration.ts';
import type { ConfigEntry } from '../../contract/result.ts';
import type { Location } from '../../core/failure.ts';

/** Every option of every peer of the file and of the server, with the value that is in effect. */
export function optionEntries(configuration: Configuration, { file, text }: ConfigSource): readonly ConfigEntry[] {
  const tree = readSections(parseYaml(text ?? '', file ?? ''), new Problems());
  const federation = field(tree, 'federation')?.value;
  const peers = field(federation, 'peers')?.value;
  const ofPeers = configuration.peers.flatMap((peer) => {
    const written = field(peers, peer.name);
    return written === undefined ? [] : optionsOf(peer, written, configuration);
  });
  return [...ofPeers, ...optionsOfServer(configuration, field(federation, 'server'))];
}

function optionsOfServer({ server }: Configuration, written: ConfigField | undefined): readonly ConfigEntry[] {
  return SERVER_KEYS.map((option) => {
    const own = field(written?.value, option);
    const origin: Origin = own === undefined ? { layer: 'default' } : fileOrigin(own.keyAt);
    return entry(`federation.server.${option}`, { value: String(server.value?.[option] ?? ''), origin });
  });
}

function optionsOf(peer: Peer, written: ConfigField, configuration: Configuration): readonly ConfigEntry[] {
  const at = (path: readonly string[]) =>
    path.reduce<ConfigField | undefined>((found, key) => field(found?.value, key), written);
  return Object.entries(valuesOf(peer))
    .map(([option, value]) => {
      const path = option.split('.');
      const own = written.value.kind === 'scalar' && option === 'endpoint' ? written : at(path);
      const origin = own === undefined ? inherited(option, configuration) : fileOrigin(own.keyAt);
      return entry(`federation.peers.${peer.name}.${option}`, { value: value ?? '', origin });
    })
    .concat(entry(`federation.peers.${peer.name}.lower-tier`, lowerTier(at(['lower-tier']))));
}

function valuesOf(peer: Peer): Readonly<Record<string, string | null>> {
  const { endpoint, role, tier, branch, strategy, accept, trust, user, ref, timeout, live, allowedHosts, aws } = peer;
  return {
    endpoint: endpoint.written,
    role,
    tier,
    branch,
    conflict: strategy,
    accept: accept.join(', '),
    trust: trust?.join(', ') ?? null,
    user,
    ref,
    timeout: timeout === null ? null : durationText(timeout),
    live: live === null ? null : String(live),
    'allowed-hosts': allowedHosts.join(', '),
    'aws.region': aws?.region ?? null,
    'aws.profile': aws?.profile ?? null,
    'aws.endpoint': aws?.endpoint ?? null,
    'aws.path-style': aws?.pathStyle == null ? null : String(aws.pathStyle),
    'aws.dynamodb-table': aws?.dynamodbTable ?? null,
  };
}

function lowerTier(own: ConfigField | undefined): Sourced<string> {
  if (own === undefined) return { value: 'false', origin: { layer: 'default' } };
  return { value: String(plain(own.value)), origin: fileOrigin(own.keyAt) };
}

/** Options that a peer does not set follow the configuration as a whole. */
function inherited(option: string, { sovereignty, strategy }: Configuration): Origin {
  if (option === 'tier') return sovereignty.origin;
  return option === 'conflict' ? strategy.origin : { layer: 'default' };
}

function fileOrigin(location: Location): Origin {
  return { layer: 'file', location };
}

/** A key with its value and where it came from. */
export function entry(key: string, { value, origin }: Sourced<string>): ConfigEntry {
  return { key, value, origin: originText(origin) };
}

/** An origin in one word, as `git config --show-origin` does. */
function originText(origin: Origin): string {
  switch (origin.layer) {
    case 'default':
      return 'default';
    case 'file':
      return `file:${place(origin.location)}`;
    case 'environment':
      return `environment:${origin.variable}`;
    case 'input':
      return `input:${origin.name}`;
  }
}

function place({ file, line, column }: Location): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}
