import type { ErrorCode } from '../contract/error-codes.ts';

/** The credentials of the peer may not read it, or this machine failed. */
const NOT_OF_THE_PEER: readonly ErrorCode[] = [
  'auth',
  'branch-permission',
  'client-too-old',
  'config-invalid',
  'disk-full',
  'endpoint-not-allowed',
  'engine-start',
  'file-owner',
  'git-ownership',
  'locks-unsupported',
  'program-missing',
  'unsupported-endpoint',
];

/** The peer does not serve the data that the same run pushed and read there. The peer alone decides that. */
const OF_THE_PEER: readonly ErrorCode[] = [
  'connect-timeout',
  'contention',
  'folder-missing',
  'host-not-allowed',
  'locked',
  'network',
  'not-found',
  'timeout',
  'too-large',
  'untrusted-host',
];

/** Errors that say nothing about the data at the peer. */
const SAYS_NOTHING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([...NOT_OF_THE_PEER, ...OF_THE_PEER]);
const UNSERVED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(OF_THE_PEER);

/** Whether a backup may be intact although a drill ended with this error; an unknown error counts against it. */
export function mayBeIntact(code: ErrorCode): boolean {
  return SAYS_NOTHING.has(code);
}

/** Whether a backup that was verified in the same run fails because a drill ended with this error. */
export function isUnserved(code: ErrorCode): boolean {
  return UNSERVED.has(code);
}
