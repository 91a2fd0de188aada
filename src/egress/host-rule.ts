/** One host that an engine may connect to. */
export interface HostRule {
  /** Lower case, an IPv6 address without brackets; or a pattern of names that only a provider assigns. */
  readonly host: string | RegExp;
  /** null: every port. */
  readonly port: number | null;
  /** Whether connections without TLS are allowed. */
  readonly plain: boolean;
  /** Whether the configuration or the job names exactly this host; it may then have a private address. */
  readonly named: boolean;
  /** Whether it may not be at an address of this machine or its link, although it is named; absent: it may. */
  readonly remoteOnly?: boolean;
}

/** The hosts that an engine may connect to on behalf of one peer. */
export type Reach = readonly HostRule[];

/** For work on this machine only. */
export const NOWHERE: Reach = [];

/** A host and a port that an engine wants to connect to. */
export interface Target {
  /** As in a rule. */
  readonly host: string;
  readonly port: number;
}

/** The combined rules for one target. */
export interface Permission {
  readonly plain: boolean;
  readonly named: boolean;
  readonly remoteOnly?: boolean;
}

/** @returns null if no rule matches the host and port */
export function permissionFor({ host, port }: Target, reach: Reach): Permission | null {
  const rules = reach.filter((rule) => isHost(rule.host, host) && (rule.port === null || rule.port === port));
  if (rules.length === 0) return null;
  return {
    plain: rules.some(({ plain }) => plain),
    named: rules.some(({ named }) => named),
    ...(rules.some(({ remoteOnly }) => remoteOnly === true) ? { remoteOnly: true } : {}),
  };
}

/** The same hosts, but none of them at an address of this machine or its link. */
export function remoteOnly(reach: Reach): Reach {
  return reach.map((rule) => ({ ...rule, remoteOnly: true }));
}

function isHost(rule: string | RegExp, host: string): boolean {
  return typeof rule === 'string' ? rule === host : rule.test(host);
}

/**
 * Parses `host:port`, as CONNECT has it, with an IPv6 address in brackets.
 * @param defaultPort the default for a missing port; null: required
 * @returns null for anything else
 */
export function parseTarget(text: string, defaultPort: number | null): Target | null {
  const [, bracketed, name, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]/@\s]+))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const host = canonicalHost(bracketed ?? name ?? '');
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === '' || port === null || port < 1 || port > 65_535) return null;
  return { host, port };
}

/** Canonical host: lower case, without brackets and trailing dot. */
export function canonicalHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

/** A target in messages. */
export function targetText({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A rule for one host that the configuration or the job names, from its URL. */
export function ruleForUrl(url: string): HostRule {
  const { protocol, hostname, port } = new URL(url);
  const plain = protocol === 'http:';
  return { host: canonicalHost(hostname), port: port === '' ? (plain ? 80 : 443) : Number(port), plain, named: true };
}
