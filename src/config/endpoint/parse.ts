import type { Endpoint } from '../configuration.ts';
import { type Authority, checkHost, isLoopback, isWebHost, parseAuthority, parseUser } from './authority.ts';
import { ENDPOINT_KINDS, type EndpointKind, SCHEMES, type Scheme } from './kinds.ts';
import { checkServiceQuery, refuseSecretQuery } from './query.ts';
import { decodePath, inAscii, invalidEndpoint, refuseUnsafeText, secretInEndpoint } from './text.ts';

/** Characters of paths that ssh passes to a remote shell. */
const SSH_PATH = /^[A-Za-z0-9._~/+@=-]+$/;

export interface EndpointOptions {
  /** Host, with an optional port, that serves `dolthub://` endpoints. */
  readonly dolthubHost: string;
  /** Plain http to other machines. */
  readonly allowInsecure: boolean;
}

type KnownScheme = Scheme & { readonly kind: EndpointKind };

interface Parts {
  readonly scheme: string;
  readonly authority: Authority | null;
  readonly segments: readonly string[];
  /** With its `?`; empty if there is none. */
  readonly query: string;
}

/**
 * Parses an endpoint as written in a configuration, without disk or network access. Others check whether the folder of
 * a `file://` endpoint can exist and whether this Dolt supports `s3://`.
 * @throws Failure `invalid-endpoint`; `secret-in-config` if it contains a password, a token or a key.
 */
export function parseEndpoint(written: string, options: EndpointOptions): Endpoint {
  refuseUnsafeText(written, written);
  const [, writtenScheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(written) ?? [];
  if (writtenScheme === undefined) return parseScpEndpoint(written);
  const scheme = writtenScheme.toLowerCase();
  if (/^[^/?#]*:[^/?#]*@/.test(inAscii(rest))) throw secretInEndpoint(written, 'a password');
  const { address, query } = splitQuery(written, scheme, rest);
  if (scheme === 'aws') return parseAwsEndpoint(written, address);
  const form = SCHEMES.get(scheme);
  if (form === undefined) throw invalidEndpoint(written, `"${scheme}://" is not supported`);
  const slash = address.indexOf('/');
  if (slash === -1) throw invalidEndpoint(written, 'it has no path');
  const authority = readAuthority(written, form, address.slice(0, slash));
  const segments = decodePath(written, address.slice(slash + 1));
  checkForm(written, { scheme, authority, segments, query }, options);
  if (query !== '')
    checkServiceQuery(written, query, { names: ENDPOINT_KINDS[form.kind].query, allowInsecure: options.allowInsecure });
  return assemble(written, { scheme, authority, segments, query }, { form, dolthubHost: options.dolthubHost });
}

function splitQuery(written: string, scheme: string, rest: string) {
  if (rest.includes('#')) throw invalidEndpoint(written, 'it has a fragment');
  const mark = rest.indexOf('?');
  if (mark === -1) return { address: rest, query: '' };
  const query = rest.slice(mark);
  refuseSecretQuery(written, query);
  const kind = SCHEMES.get(scheme)?.kind;
  if (kind === undefined || ENDPOINT_KINDS[kind].query.length === 0)
    throw invalidEndpoint(written, 'only s3 endpoints may have a query');
  return { address: rest.slice(0, mark), query };
}

function readAuthority(written: string, form: Scheme, text: string): Authority | null {
  if (form.authority === 'none') {
    if (text !== '') throw invalidEndpoint(written, 'a file path must be absolute, with three slashes');
    return null;
  }
  const authority = parseAuthority(written, text);
  if (authority.user !== null && !form.user) throw invalidEndpoint(written, 'it must not contain a user');
  if (form.authority === 'name' && (authority.port !== null || authority.host.startsWith('['))) {
    throw invalidEndpoint(written, 'a name, not a network address, must follow "://"');
  }
  if (form.authority === 'host' && !form.ssh && !isWebHost(authority.host))
    throw invalidEndpoint(written, 'its host is neither a name nor an IP address');
  return authority;
}

function checkForm(written: string, parts: Parts, options: EndpointOptions): void {
  const { scheme, authority, segments } = parts;
  if (SCHEMES.get(scheme)?.ssh === true) {
    if (authority?.host.startsWith('[')) throw invalidEndpoint(written, 'an ssh host must not be an IPv6 address');
    if (!SSH_PATH.test(segments.join('/'))) {
      throw invalidEndpoint(written, 'its path contains characters that a shell on the remote side would interpret');
    }
  }
  if (authority === null && /^[A-Z]\$/.test(segments[0] ?? '')) {
    // Dolt 2.3.0 makes `C:/…` of `/C$…` on every system (utils/earl): a path relative to the database.
    throw invalidEndpoint(written, 'its path looks like a network share');
  }
  if (scheme === 'dolthub' && segments.length !== 1)
    throw invalidEndpoint(written, 'a DoltHub endpoint has exactly org/repo');
  if (scheme === 'http' && !options.allowInsecure && !isLoopback(authority?.host ?? '')) {
    throw invalidEndpoint(written, 'http is only allowed for this machine (or with allow-insecure); use https');
  }
}

function assemble(written: string, parts: Parts, target: { form: KnownScheme; dolthubHost: string }): Endpoint {
  const { form, dolthubHost } = target;
  const path = parts.segments.join('/');
  const isGit = form.gitBySuffix && path.endsWith('.git');
  const kind = isGit ? 'git' : form.kind;
  const folder = parts.authority === null ? localFolder(written, parts.segments) : null;
  const received = `${parts.scheme}://${authorityText(parts.authority)}/${path}${parts.query}`;
  return {
    written,
    canonical: `${parts.scheme}://${canonicalAuthority(parts.authority, form)}/${path}`,
    dolt: kind === 'dolthub' ? `https://${dolthubHost}/${parts.authority?.host ?? ''}/${path}` : received,
    kind,
    folder: kind === 'file' ? folder : null,
  };
}

/**
 * The folder of a `file://` endpoint.
 * @throws Failure `invalid-endpoint` on Windows for a path without a drive, which depends on the working directory, and
 * for one that names a stream of a file
 */
export function localFolder(written: string, segments: readonly string[], platform: string = process.platform): string {
  if (platform !== 'win32') return `/${segments.join('/')}`;
  const [drive = '', ...below] = segments;
  if (!/^[A-Za-z]:$/.test(drive))
    throw invalidEndpoint(written, 'on Windows a path begins with a drive, as in file:///C:/path');
  if (below.some((part) => part.includes(':'))) throw invalidEndpoint(written, 'a part of the path contains ":"');
  return `${drive}\\${below.join('\\')}`;
}

function authorityText(authority: Authority | null): string {
  if (authority === null) return '';
  const user = authority.user === null ? '' : `${authority.user}@`;
  const port = authority.port === null ? '' : `:${authority.port}`;
  return `${user}${authority.host}${port}`;
}

function canonicalAuthority(authority: Authority | null, form: Scheme): string {
  if (authority === null) return '';
  const host = form.authority === 'host' ? authority.host.toLowerCase() : authority.host;
  return authority.port === null || authority.port === form.defaultPort ? host : `${host}:${authority.port}`;
}

/**
 * `aws://[table:bucket]/path`: blobs in S3, the manifest in DynamoDB (Dolt 2.3.0, dbfactory/aws.go).
 * @throws Failure `invalid-endpoint`.
 */
export function parseAwsEndpoint(written: string, rest: string): Endpoint {
  const match = /^\[([^\][:]*):([^\][:]*)\]\/(.*)$/s.exec(rest);
  if (match === null) throw invalidEndpoint(written, 'aws endpoints have the form aws://[table:bucket]/path');
  const [, table = '', bucket = '', path = ''] = match;
  const place = `[${checkHost(written, table)}:${checkHost(written, bucket)}]`;
  const address = `aws://${place}/${decodePath(written, path).join('/')}`;
  return { written, canonical: address, dolt: address, kind: 'aws', folder: null };
}

/**
 * `user@host:path`, git's short form. A relative path starts in the user's home, which Dolt writes as `/./path`
 * (Dolt 2.3.0, env/git_remote_url.go); it takes such a remote for git only if the path ends in `.git`.
 * @throws Failure `invalid-endpoint`, `secret-in-config`.
 */
function parseScpEndpoint(written: string): Endpoint {
  if (/^[^/@]*:[^/]*@/.test(inAscii(written))) throw secretInEndpoint(written, 'a password');
  const match = /^([^@:/]+)@([^@:/]+):(.+)$/s.exec(written);
  if (match === null) throw invalidEndpoint(written, 'it has none of the accepted forms');
  const [, userinfo = '', address = '', writtenPath = ''] = match;
  const user = parseUser(written, userinfo);
  const host = checkHost(written, address);
  if (!SSH_PATH.test(writtenPath))
    throw invalidEndpoint(written, 'its path contains characters that ssh does not pass safely');
  const path = decodePath(written, writtenPath.replace(/^\//, '')).join('/');
  const rooted = writtenPath.startsWith('/') ? `/${path}` : `/./${path}`;
  const repository = rooted.endsWith('.git') ? rooted : `${rooted}.git`;
  return {
    written,
    canonical: `git+ssh://${host.toLowerCase()}${repository}`,
    dolt: `git+ssh://${user}@${host}${repository}`,
    kind: 'git',
    folder: null,
  };
}
