import { types } from 'node:util';
import { ERRORS, type ErrorCode } from '../../contract/error-codes.ts';
import { errorMessage, Failure } from '../../core/failure.ts';
import type { Redactor } from '../../core/secrets.ts';
import { withoutQuoted } from '../../core/text.ts';
import { classify, lockOfGit } from '../failure-text.ts';

/**
 * An error of a statement, with the class of Dolt's text as its code; `unknown` if the text is not known. The server
 * always sends an SQL state; an error without one means that the server is gone: `engine-lost`.
 */
export function sqlFailure(thrown: unknown, secrets: Redactor): Failure {
  const text = secrets.redact(errorMessage(thrown));
  if (types.isNativeError(thrown) && !('sqlState' in thrown)) {
    return new Failure('engine-lost', `the Dolt server ended during the run: ${text}`, { cause: thrown });
  }
  return textFailure(text, thrown);
}

/** A text of Dolt, git or ssh with its class as the code; `unknown` if the text is not known. */
export function textFailure(text: string, cause?: unknown): Failure {
  const means = classify(text);
  const lock = lockOfGit(text);
  const hint =
    lock === null ? {} : { hint: `Run again. If it fails again, and no git works in that repository, remove ${lock}.` };
  return new Failure(isErrorCode(means) ? means : 'unknown', text, { cause, toolText: text, ...hint });
}

/** A failure that this Dolt has with the data of a head. Its text may contain values of rows. */
export function doltDefect(lead: string, cause: Failure, hint: string): Failure {
  return new Failure('dolt-defect', `${lead}: ${cause.message}`, {
    values: { least: 'full', without: `${lead}: ${withoutQuoted(cause.message)}` },
    hint,
    cause,
  });
}

function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERRORS, value);
}
