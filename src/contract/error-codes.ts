import { ENGINE_ERRORS } from './errors/engine-errors.ts';
import { EXPORT_ERRORS } from './errors/export-errors.ts';
import { INCOMING_ERRORS, RESOLVE_ERRORS } from './errors/merge-errors.ts';
import { PEER_ERRORS } from './errors/peer-errors.ts';
import { USAGE_ERRORS } from './errors/usage-errors.ts';

/** Every stable error code, in the order of docs/troubleshooting.md. */
export const ERRORS = {
  ...USAGE_ERRORS,
  ...ENGINE_ERRORS,
  ...PEER_ERRORS,
  ...INCOMING_ERRORS,
  ...RESOLVE_ERRORS,
  ...EXPORT_ERRORS,
};

/** A stable code that callers may branch on. */
export type ErrorCode = keyof typeof ERRORS;

/** All codes, for schemas and for the documentation. */
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
