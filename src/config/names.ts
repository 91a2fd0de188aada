import { HASH } from '../contract/hash.ts';
import { Failure } from '../core/failure.ts';
import { shownValue } from '../core/text.ts';
import { looksLikeToken, quoteEndpoint } from './endpoint/text.ts';

/**
 * Validates the name of a branch.
 * @throws Failure `config-invalid`.
 */
export function parseBranchName(written: string): string {
  return parsedBranch(written, 'Use the name of a branch as `dolt branch` prints it.');
}

/**
 * Validates the name of the branch that a run federates, also if the database chose it.
 * @throws Failure `config-invalid`.
 */
export function requireBranchName(branch: string): string {
  return parsedBranch(branch, 'Rename the branch with `dolt branch -m`, or name another branch with `--branch`.');
}

function parsedBranch(written: string, hint: string): string {
  const why = refusedName(written);
  if (why === null) return written;
  throw new Failure('config-invalid', `the branch name ${shownValue(written)} ${why}`, { hint });
}

/** Why a branch or tag of a database cannot have a name, as the end of a sentence; null if it can. */
export function refusedName(name: string): string | null {
  const why = refusedRef(name);
  if (why !== null) return why;
  // Dolt (2.3.0, measured) refuses some of these after a push only, cannot clone a branch with a quote, and panics at a
  // branch `refs/tags/x`. It looks for a name below `refs/` first: a push of the branch `heads/main` or
  // `refs/heads/heads/main` sends `main`.
  if (/[^!-~]/.test(name)) return 'contains a character outside of ASCII';
  if (name.includes('"')) return "contains '\"'";
  if (name.toLowerCase() === 'head') return 'is reserved';
  if (HASH.test(name.toLowerCase())) return 'has the form of the hash of a commit';
  if (name.toLowerCase() === 'internal/create') return 'is reserved';
  const root = /^(?:refs|heads|tags|remotes|stashes)\//i.exec(name)?.[0];
  return root === undefined ? null : `starts with "${root}"`;
}

/**
 * Why no ref can have a name. The rules are git's (git-check-ref-format), and stricter where SQL procedures would parse a
 * name as an option (`-`) or a refspec (`:`, `+`, `*`): bound parameters do not prevent that.
 */
function refusedRef(name: string): string | null {
  if (name === '') return 'is empty';
  if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(name)) return 'contains a control character';
  if (/[\s\p{Z}]/u.test(name)) return 'contains whitespace';
  const forbidden = /[:*?[\\~^]/.exec(name)?.[0];
  if (forbidden !== undefined) return `contains "${forbidden}"`;
  if (name.includes('..') || name.includes('@{')) return 'contains ".." or "@{"';
  if (name.startsWith('+')) return 'starts with "+"';
  if (name === '@') return 'is reserved';
  const parts = name.split('/');
  if (parts.includes('')) return 'has an empty part';
  if (parts.some((part) => part.startsWith('-') || part.startsWith('.')))
    return 'has a part that starts with "-" or "."';
  if (parts.some((part) => part.endsWith('.lock') || part.endsWith('.')))
    return 'has a part that ends with ".lock" or "."';
  return null;
}

/**
 * Validates the full name of a git ref. Dolt passes it to git unchanged, and git may resolve a short name differently.
 * @throws Failure `config-invalid`
 */
export function parseRefName(written: string): string {
  const isFull = /^refs\/[^/]+\/./.test(written);
  const why = refusedRef(written) ?? (isFull ? null : 'is not a full name');
  if (why === null) return written;
  throw new Failure('config-invalid', `the ref ${shownValue(written)} ${why}`, {
    hint: 'Write the full name, such as refs/heads/dolt-data. The default is refs/dolt/data.',
  });
}

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
const MAX_LENGTH = 64;
const RESERVED = new Set(['origin', 'main', 'master', 'head']);

/**
 * Validates a peer's name. Reserved names would be mistaken for the primary or for a branch.
 * @throws Failure `invalid-peer-name`.
 */
export function parsePeerName(written: string): string {
  const why = refusal(written);
  if (why === null) return written;
  // The arguments were probably swapped if this is an endpoint.
  const shown = quoteEndpoint(written);
  const isOrigin = written.toLowerCase() === 'origin';
  const hint = isOrigin
    ? 'Set the peer `origin` with `dolt-federation config set federation.remote <endpoint>`.'
    : /[:/]/.test(written)
      ? 'Write the name before the endpoint: dolt-federation add-peer <name> <endpoint>'
      : undefined;
  throw new Failure('invalid-peer-name', `invalid peer name ${shown}: ${why}`, { hint });
}

function refusal(name: string): string | null {
  if (name === '') return 'it is empty';
  if (name.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  if (!NAME.test(name)) return 'it must start with a letter and contain only letters, digits, "-" and "_"';
  if (RESERVED.has(name.toLowerCase())) return 'it is reserved';
  return null;
}

/** Account names of SQL servers and DoltHub, including mail addresses. */
const USER = /^[A-Za-z0-9._@+][A-Za-z0-9._@+-]*$/;

/**
 * Validates the user of a peer. It becomes the value of `--user` in a procedure call, where a leading `-` would be an
 * option, even as a bound parameter.
 * @throws Failure `config-invalid`; `secret-in-config` for an access token, which is not shown
 */
export function parsePeerUser(written: string): string {
  if (looksLikeToken(written)) throw new Failure('secret-in-config', 'the user is an access token');
  if (USER.test(written)) return written;
  throw new Failure('config-invalid', 'the user is malformed', {
    hint: 'Use letters, digits, ".", "_", "@", "+" and "-", and do not start with "-".',
  });
}
