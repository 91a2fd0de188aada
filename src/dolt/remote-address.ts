import { realpath } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { https: '443', http: '80', ssh: '22' };

/**
 * One form for all spellings of a remote's URL. Dolt 2.3.0 stores a URL that ends in `.git` with the prefix `git+`,
 * file URLs percent-decoded, and trailing slashes as written (measured).
 */
export function canonicalAddress(url: string): string {
  const [, scheme = '', rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(url) ?? [];
  const transport = scheme.toLowerCase().replace(/^git\+/, '');
  const wasGit = transport !== scheme.toLowerCase();
  if (transport === 'file') {
    const path = posix.normalize(decoded(rest.replace(/^\/\/(localhost(?=\/))?/i, ''))).replace(/(?<=.)\/+$/, '');
    return `${wasGit || path.endsWith('.git') ? 'git+' : ''}file://${path}`;
  }
  const [, authority = '', path = '', query = ''] = /^\/\/([^/?]*)([^?]*)(.*)$/s.exec(rest) ?? [];
  if (authority === '') return url;
  const plainPath = decoded(path).replace(/(?<!\/)\/+$/, '');
  const git = wasGit || (transport in DEFAULT_PORTS && plainPath.endsWith('.git')) ? 'git+' : '';
  return `${git}${transport}://${canonicalAuthority(authority, transport)}${plainPath}${query}`;
}

/** Names of buckets and tables are case-sensitive. */
function canonicalAuthority(authority: string, transport: string): string {
  if (!(transport in DEFAULT_PORTS)) return authority;
  const [, user = '', host = ''] = /^(.*@)?(.*)$/s.exec(authority) ?? [];
  const port = `:${DEFAULT_PORTS[transport]}`;
  const lower = host.toLowerCase();
  return `${user}${lower.endsWith(port) ? lower.slice(0, -port.length) : lower}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The canonical address, with links in local paths resolved. */
export async function remoteAddress(url: string): Promise<string> {
  const address = canonicalAddress(url);
  const [, scheme, folder] = /^((?:git\+)?file:\/\/)(\/.*)$/s.exec(address) ?? [];
  if (scheme === undefined || folder === undefined) return address;
  return `${scheme}${await realFolder(folder)}`;
}

/** A folder that does not exist yet is named below the real path of its parent. */
async function realFolder(folder: string): Promise<string> {
  const real = await realpath(folder).catch(() => null);
  if (real !== null) return real;
  return await realpath(dirname(folder)).then(
    (parent) => join(parent, basename(folder)),
    () => folder,
  );
}
