import type { ConfigOverrides } from '../../config/configuration.ts';
import { parseBranchName } from '../../config/names.ts';
import { SETTING_NAMES, SETTINGS } from '../../config/settings.ts';
import type { ReadOption } from '../../contract/option-value.ts';
import { ROLES, type Role } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import { splitList } from '../../core/lists.ts';
import type { Credentials } from '../../credentials/credential.ts';
import { type GivenCredentials, loadCredentials } from '../../credentials/load.ts';
import { SHA256 } from '../../install/digests.ts';
import type { DoltRequest } from '../../install/dolt-request.ts';
import { parseMirror } from '../../install/release-urls.ts';
import { parseAskedVersion } from '../../install/version.ts';
import type { RawRequest } from '../command.ts';
import type { Context } from '../context.ts';
import type { JsonlCommit, JsonlRequest } from '../request.ts';

/**
 * The branch that the user named; it becomes an argument of procedures and clones.
 * @throws Failure `config-invalid` if no branch can have the name, such as an option or a refspec
 */
export function requestedBranch(text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseBranchName(text);
}

/** Settings that the user gave in the frontend; they override file and environment. */
export function requestedConfig(read: ReadOption): ConfigOverrides {
  const settings = SETTING_NAMES.flatMap((name) => {
    const { option } = SETTINGS[name];
    return option === undefined ? [] : [[name, read(option)] as const];
  });
  return {
    ...Object.fromEntries(settings),
    config: read('config'),
    peers: read('peers'),
    allowInsecure: read('allow-insecure'),
    dolthubHost: read('dolthub-host'),
  };
}

interface AskedCredentials {
  readonly credentials?: GivenCredentials | undefined;
  readonly untrusted: boolean;
}

/**
 * The credentials of a run. None are read on an event that may not write: it contacts no host, and a fork's workflow
 * does not get the secrets that an entry may name.
 * @throws Failure as `loadCredentials`
 */
export async function requestedCredentials(asked: AskedCredentials, context: Context): Promise<Credentials> {
  return asked.untrusted ? new Map() : await loadCredentials(asked.credentials, context);
}

/**
 * Which Dolt the user asked for. Without a version, an executable may have any version.
 * @throws Failure `bad-usage` if a version, digest or mirror is malformed, or if a digest cannot be compared with
 * anything
 */
export function requestedDolt({ read, written }: Pick<RawRequest, 'read' | 'written'>): DoltRequest {
  const [path, source] = [read('dolt-path'), read('dolt-source')];
  const version = path === undefined || written('dolt-version') !== undefined ? read('dolt-version') : undefined;
  const sha256 = requestedDigest(read('dolt-sha256'));
  if (sha256 !== undefined && path !== undefined) throw withoutEffect('--dolt-path', 'names');
  if (sha256 !== undefined && source === 'build') throw withoutEffect('--dolt-source build', 'makes');
  const mirror = read('dolt-mirror');
  return {
    version: version === undefined ? undefined : parseAskedVersion(version),
    source,
    path,
    sha256,
    mirror: mirror === undefined ? undefined : parseMirror(mirror),
    githubToken: read('github-token'),
  };
}

function requestedDigest(text: string | undefined): string | undefined {
  const digest = text
    ?.trim()
    .toLowerCase()
    .replace(/^sha256:/, '');
  if (digest === undefined || SHA256.test(digest)) return digest;
  throw new Failure('bad-usage', `dolt-sha256 is ${JSON.stringify(text)}, which is not a SHA-256`, {
    hint: 'Write the SHA-256 of the release asset as 64 hexadecimal digits, or remove `--dolt-sha256`.',
  });
}

/** An unused digest would give a false sense of security. */
function withoutEffect(option: string, does: string): Failure {
  return new Failure(
    'bad-usage',
    `dolt-sha256 is the digest of a release, so it cannot verify the executable that \`${option}\` ${does}`,
    { hint: `Remove \`--dolt-sha256\` or \`${option}\`.` },
  );
}

/**
 * The names of peers on a command line, where `a,b` is the same as `a b` as in the input `only`; empty: all peers.
 * @throws Failure `bad-usage` for an empty word, which must not select all peers
 */
export function requestedPeers(operands: readonly string[]): readonly string[] {
  if (operands.some((word) => splitList(word).length === 0)) {
    throw new Failure('bad-usage', 'the name of a peer is empty', {
      hint: 'Name a peer, or remove the empty word to use all peers. An unset variable of a script may be the cause.',
    });
  }
  return splitList(operands.join(','));
}

/**
 * The roles in `only-role`, in any case; empty if it is absent.
 * @throws Failure `bad-usage` for an unknown role, and for a text without any role
 */
export function requestedRoles(text: string | undefined): readonly Role[] {
  if (text === undefined) return [];
  const words = splitList(text);
  if (words.length === 0) throw refusal(text);
  return words.map((word) => {
    const role = ROLES.find((one) => one === word.toLowerCase());
    if (role === undefined) throw refusal(word);
    return role;
  });
}

function refusal(text: string): Failure {
  return new Failure(
    'bad-usage',
    `only-role contains ${JSON.stringify(text)}, which is not one of the roles ${ROLES.join(', ')}`,
    { hint: 'Write for example `backup,archive`.' },
  );
}

/**
 * The options for the JSONL file.
 * @throws Failure `bad-usage` for an author without a name or an address
 */
export function requestedJsonl({ read, gitBranch }: Pick<RawRequest, 'read' | 'gitBranch'>): JsonlRequest {
  const jsonl = { path: read('jsonl-path'), allowFewer: read('allow-fewer') };
  const mode = read('jsonl-commit');
  switch (mode) {
    case 'off':
      return jsonl;
    case 'commit':
    case 'push':
    case 'pull-request': {
      const author = requestedAuthor(read('author'));
      return { ...jsonl, commit: { mode, branch: gitBranch, author, message: read('commit-message') } };
    }
  }
}

function requestedAuthor(text: string): JsonlCommit['author'] {
  const { name, email } =
    /^\s*(?<name>[^<>\p{Cc}]*[^<>\s\p{Cc}])\s*<(?<email>[^<>\s\p{Cc}]+)>\s*$/u.exec(text)?.groups ?? {};
  if (name !== undefined && email !== undefined) return { name, email };
  throw new Failure('bad-usage', `author is ${JSON.stringify(text)}, but must be \`Name <email>\``, {
    hint: 'Write for example `Ann Example <ann@example.org>`.',
  });
}
