import type { ReadOption } from '../contract/option-value.ts';
import { Failure } from '../core/failure.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { SHA256 } from '../install/file-digest.ts';
import { parseMirror } from '../install/release-urls.ts';
import { parseAskedVersion } from '../install/wanted-version.ts';

/**
 * Which Dolt the user asked for, whichever face was asked. Whoever names an executable but no version takes it as it
 * is.
 * @throws Failure `bad-usage` where a version, a digest or a mirror is malformed, and for a digest beside what could not be
 *   compared with it
 */
export function requestedDolt(read: ReadOption, { versionIsGiven }: { readonly versionIsGiven: boolean }): DoltRequest {
  const [path, source] = [read('dolt-path'), read('dolt-source')];
  const version = path === undefined || versionIsGiven ? read('dolt-version') : undefined;
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
