/** One host that an engine may connect to. */
export interface HostRule {
  /** Lower case, an IPv6 address without brackets; or the form of the names that a provider alone gives out. */
  readonly host: string | RegExp;
  /** null: every port. */
  readonly port: number | null;
  /** Whether it may be spoken to without TLS. */
  readonly plain: boolean;
  /** Whether the configuration or the job names this very host, so that it may have an address of a private network. */
  readonly named: boolean;
}

/** The hosts that an engine may connect to on behalf of one peer. */
export type Reach = readonly HostRule[];

/** Of everything that is done on this machine alone. */
export const NOWHERE: Reach = [];

/** A host and a port that an engine wants to connect to. */
export interface Target {
  /** As in a rule. */
  readonly host: string;
  readonly port: number;
}

/** What the rules say about one target, all of them together. */
export interface Permission {
  readonly plain: boolean;
  readonly named: boolean;
}

/** @returns null where no rule is about that host and port */
export function permissionFor({ host, port }: Target, reach: Reach): Permission | null {
  const rules = reach.filter((rule) => isHost(rule.host, host) && (rule.port === null || rule.port === port));
  if (rules.length === 0) return null;
  return { plain: rules.some(({ plain }) => plain), named: rules.some(({ named }) => named) };
}

/** Whether any rule is about that host, whatever the port. */
export function namesHost({ host }: Target, reach: Reach): boolean {
  return reach.some((rule) => isHost(rule.host, host));
}

function isHost(rule: string | RegExp, host: string): boolean {
  return typeof rule === 'string' ? rule === host : rule.test(host);
}

/**
 * Reads `host:port`, as CONNECT has it, with an IPv6 address in brackets.
 * @param defaultPort what a missing port means; null: it may not be missing
 * @returns null for anything else
 */
export function parseTarget(text: string, defaultPort: number | null): Target | null {
  const [, bracketed, name, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]/@\s]+))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const host = canonicalHost(bracketed ?? name ?? '');
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === '' || port === null || port < 1 || port > 65_535) return null;
  return { host, port };
}

/** One spelling for a host: lower case, without brackets and without the dot at the end of a full name. */
export function canonicalHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

/** A target as messages show it. */
export function targetText({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A rule for one host that the configuration or the job names, from its URL. */
export function ruleForUrl(url: string): HostRule {
  const { protocol, hostname, port } = new URL(url);
  const plain = protocol === 'http:';
  return { host: canonicalHost(hostname), port: port === '' ? (plain ? 80 : 443) : Number(port), plain, named: true };
}
