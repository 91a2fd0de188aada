import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distance } from 'fastest-levenshtein';
import { Failure } from '../../core/failure.ts';
import type { Endpoint } from '../configuration.ts';
import { SCHEMES } from './kinds.ts';
import { type EndpointOptions, parseEndpoint } from './parse.ts';
import { hiddenEndpoint, hideUserinfo, invalidEndpoint } from './text.ts';

const DOLTHUB_PAGE = /^(?:https?:\/\/)?(?:www\.)?dolthub\.com\/(?:repositories\/)?([^/?#]+)\/([^/?#]+)/i;
const GIT_PAGE =
  /^(?:https?:\/\/)?(?:www\.)?((?:github|gitlab)\.com|bitbucket\.org|codeberg\.org)\/([^/?#]+\/[^/?#]+)/i;
const PATH = /^(?:\/|\.\.?(?:\/|$)|~\/)/;
const HALF_FILE_URL = /^file:(?:\/\/)?(?!\/\/)(.+)$/i;
/** A path of Windows, alone or after a `file:` with any number of slashes. */
const DRIVE_PATH = /^(?:file:\/*)?([A-Za-z]:[\\/].*)$/is;
const REPOSITORY = /^[A-Za-z][\w-]*\/[\w.-]+$/;
const HOST_AND_PATH = /^[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?::\d+)?\/.+/i;
const SCHEME = /^([a-z0-9+]+):\/\/(.*)$/is;

/** Folder of relative paths, and the folder of `~`. */
export interface SuggestionBase {
  readonly cwd: string;
  readonly home: string | undefined;
}

/**
 * Parses an endpoint, and adds the one that was probably meant to its refusal.
 * @throws Failure as `parseEndpoint`, and `invalid-endpoint` for the page of a repository
 */
export function parseOrSuggest(written: string, base: SuggestionBase, options: EndpointOptions): Endpoint {
  try {
    const endpoint = parseEndpoint(written, options);
    refuseWebPage(endpoint);
    return endpoint;
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'invalid-endpoint') throw thrown;
    const meant = suggestEndpoint(written, base, options);
    if (meant === null) throw thrown;
    const { code, message, cause } = thrown;
    const hint = `Did you mean \`${meant}\`? \`dolt-federation help endpoints\` lists the other forms.`;
    throw new Failure(code, message, { hint, cause });
  }
}

/** The endpoint that was probably meant; null if nothing is near, or if it would repeat a password. */
export function suggestEndpoint(written: string, base: SuggestionBase, options: EndpointOptions): string | null {
  if (hideUserinfo(written) !== written) return null;
  const candidate = pageOf(written) ?? pathOf(written, base) ?? schemeOf(written);
  if (candidate === null || hiddenEndpoint(candidate) !== candidate) return null;
  try {
    parseEndpoint(candidate, options);
    return candidate;
  } catch (thrown) {
    if (thrown instanceof Failure) return null;
    throw thrown;
  }
}

/**
 * Refuses the page of a repository: a browser shows it, and Dolt cannot fetch from it.
 * @throws Failure `invalid-endpoint`
 */
export function refuseWebPage({ written, kind }: Endpoint): void {
  const meant = kind === 'http' ? pageOf(written) : null;
  if (meant !== null) {
    throw invalidEndpoint(written, `it is the address of a web page; the remote is ${hiddenEndpoint(meant)}`);
  }
}

function pageOf(written: string): string | null {
  const [, owner, name] = DOLTHUB_PAGE.exec(written) ?? [];
  if (owner !== undefined && name !== undefined) return `dolthub://${owner}/${name}`;
  const [, host, repository] = GIT_PAGE.exec(written) ?? [];
  if (host === undefined || repository === undefined) return null;
  return `https://${host.toLowerCase()}/${repository.replace(/\.git$/, '')}.git`;
}

function pathOf(written: string, { cwd, home }: SuggestionBase): string | null {
  const [, onDrive] = DRIVE_PATH.exec(written) ?? [];
  if (onDrive !== undefined) return `file:///${onDrive.replaceAll('\\', '/').replace(/\/+$/, '')}`;
  const path = PATH.test(written) ? written : HALF_FILE_URL.exec(written)?.[1];
  if (path === undefined) return null;
  if (path.startsWith('~/')) return home === undefined ? null : pathToFileURL(resolve(home, path.slice(2))).href;
  return pathToFileURL(resolve(cwd, path)).href;
}

function schemeOf(written: string): string | null {
  if (REPOSITORY.test(written)) return `dolthub://${written}`;
  if (HOST_AND_PATH.test(written)) return `https://${written}`;
  const [, scheme, rest] = SCHEME.exec(written) ?? [];
  if (scheme === undefined || rest === undefined || SCHEMES.has(scheme.toLowerCase())) return null;
  const near = [...SCHEMES.keys()].find((one) => distance(one, scheme.toLowerCase()) <= Math.min(2, scheme.length / 3));
  return near === undefined ? null : `${near}://${rest}`;
}
