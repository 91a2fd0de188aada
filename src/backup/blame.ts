import type { ErrorCode } from '../contract/error-codes.ts';

/** Errors that say nothing about the data at the peer: it was not reached, may not be read, or this machine failed. */
const SAYS_NOTHING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'auth',
  'branch-permission',
  'client-too-old',
  'config-invalid',
  'connect-timeout',
  'contention',
  'disk-full',
  'endpoint-not-allowed',
  'engine-start',
  'file-owner',
  'folder-missing',
  'git-ownership',
  'host-not-allowed',
  'locked',
  'locks-unsupported',
  'network',
  'not-found',
  'program-missing',
  'timeout',
  'too-large',
  'unsupported-endpoint',
  'untrusted-host',
]);

/** Whether a backup may be intact although a drill ended with this error; an unknown error counts against it. */
export function mayBeIntact(code: ErrorCode): boolean {
  return SAYS_NOTHING.has(code);
}
