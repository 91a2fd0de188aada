import { parseBranchName } from '../../config/names.ts';
import type { ReadOption } from '../../contract/option-value.ts';
import { ROLES, type Role } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import type { Credentials } from '../../credentials/credential.ts';
import { type GivenCredentials, loadCredentials } from '../../credentials/load.ts';
import { SHA256 } from '../../install/digests.ts';
import type { DoltRequest } from '../../install/dolt-request.ts';
import { parseMirror } from '../../install/release-urls.ts';
import { parseAskedVersion } from '../../install/version.ts';
import type { Asked } from '../command.ts';
import type { Context } from '../context.ts';
import type { ConfigOverrides } from '../request.ts';

/**
 * The branch that the user named, which becomes an argument of procedures and of clones.
 * @throws Failure `config-invalid` for what no branch may be called, be it an option or a refspec
 */
export function requestedBranch(text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseBranchName(text);
}

/** What the user set above file and environment, whichever face was asked. */
export function requestedConfig(read: ReadOption): ConfigOverrides {
  return {
    config: read('config'),
    peers: read('peers'),
    syncMode: read('sync-mode'),
    remote: read('remote'),
    sovereignty: read('sovereignty'),
    conflictStrategy: read('conflict-strategy'),
    dirty: read('dirty'),
    allowInsecure: read('allow-insecure'),
    dolthubHost: read('dolthub-host'),
  };
}

interface AskedCredentials {
  readonly credentials?: GivenCredentials | undefined;
  readonly untrusted: boolean;
}

/**
 * The credentials of a run. An event that may not write contacts nobody, and a fork's workflow is not given the secrets
 * that an entry may name, so none are read there.
 * @throws Failure as `loadCredentials`
 */
export async function requestedCredentials(asked: AskedCredentials, context: Context): Promise<Credentials> {
  return asked.untrusted ? new Map() : await loadCredentials(asked.credentials, context);
}

/**
 * Which Dolt the user asked for, whichever face was asked. Whoever names an executable but no version takes it as it
 * is.
 * @throws Failure `bad-usage` where a version, a digest or a mirror is malformed, and for a digest beside what could not be
 *   compared with it
 */
export function requestedDolt({ read, written }: Pick<Asked, 'read' | 'written'>): DoltRequest {
  const [path, source] = [read('dolt-path'), read('dolt-source')];
  const version = path === undefined || written('dolt-version') !== undefined ? read('dolt-version') : undefined;
  const sha256 = requestedDigest(read('dolt-sha256'));
  if (sha256 !== undefined && path !== undefined) throw useless('dolt-path', 'names');
  if (sha256 !== undefined && source === 'build') throw useless('dolt-source: build', 'makes');
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
  throw new Failure('bad-usage', `dolt-sha256 is ${JSON.stringify(text)}, which is no SHA-256`, {
    hint: 'Write the SHA-256 of the release asset in 64 hexadecimal digits, or leave it out.',
  });
}

/** A digest that nothing is compared with would only look like a proof. */
function useless(option: string, does: string): Failure {
  return new Failure(
    'bad-usage',
    `dolt-sha256 is the digest of a release: the executable that \`${option}\` ${does} could not be compared with it`,
    { hint: `Leave out \`dolt-sha256\` or \`${option}\`.` },
  );
}

/**
 * The roles that `only-role` names, in any case; none where it is absent.
 * @throws Failure `bad-usage` for a word that is no role, and for a text that holds no word
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
    `only-role holds ${JSON.stringify(text)}, which is none of the roles ${ROLES.join(', ')}`,
    { hint: 'Write for example `backup,archive`.' },
  );
}

/** The words of a text that are separated by commas or line breaks, in order; blanks around them do not count. */
export function splitList(text: string | undefined): string[] {
  return (text ?? '').split(/[,\r\n]/).flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}
