import type { ErrorCode } from '../contract/error-codes.ts';
import { Failure } from '../core/failure.ts';

/** The credentials of the peer may not read it. */
const REFUSED: readonly ErrorCode[] = ['auth', 'branch-permission'];

/**
 * The peer was not read. The same run pushed and read there with the same programs, so it fails: the words of a server
 * give the class, and it can also speak of a full disk or an old Dolt.
 */
const UNREAD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'client-too-old',
  'config-invalid',
  'connect-timeout',
  'contention',
  // A file in the folder of the drill.
  'database-read-only',
  'disk-full',
  'endpoint-not-allowed',
  'engine-start',
  'file-owner',
  'file-refused',
  'folder-missing',
  'git-ownership',
  'host-not-allowed',
  'locked',
  'locks-unsupported',
  'network',
  'not-found',
  'program-missing',
  'ssh-unusable',
  'timeout',
  'too-large',
  'unsupported-endpoint',
  'untrusted-host',
]);

/**
 * The fetch or the push shows that the data at the peer is damaged, or is not what was backed up there: its branch or its
 * tag is at another commit, for example.
 */
const DAMAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'corrupt',
  'database-format',
  'history-rewritten',
  'missing-table-file',
  'non-fast-forward',
  'tag-conflict',
  'unrelated',
  'unverified',
]);

/** The read after a push shows that the peer has not kept it. */
const LOST: readonly ErrorCode[] = ['remote-empty', 'branch-missing'];

/**
 * Whether the failure of a fetch or push proves that a backup is damaged or has other data.
 * @param failedPush whether it is of a push
 */
export function isDamage({ code, cause }: Failure, failedPush: boolean): boolean {
  // A push also reads our own database, which may be the damaged one.
  if (code === 'corrupt' && failedPush) return false;
  // A push that is refused says only that the branch moved; a read shows whether it has other commits.
  if (code === 'non-fast-forward' && failedPush) return false;
  // The read after the push failed, so the error of that read decides.
  if (code === 'unverified' && cause instanceof Failure) return LOST.includes(cause.code) || isDamage(cause, false);
  return DAMAGE.has(code);
}

/** Whether a backup may be intact although a drill ended with this error; an unknown error counts against it. */
export function mayBeIntact(code: ErrorCode): boolean {
  return REFUSED.includes(code) || UNREAD.has(code);
}

/** Whether a backup that was verified in the same run fails because a drill ended with this error. */
export function isUnserved(code: ErrorCode): boolean {
  return UNREAD.has(code);
}
