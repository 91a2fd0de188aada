import { ERRORS, type ErrorCode } from '../contract/error-codes.ts';
import { errorMessage, Failure } from '../core/failure.ts';
import { classify } from './failure-text.ts';

/** What a statement threw, with the class of Dolt's text as its code; `unknown` where the text is not known. */
export function sqlFailure(thrown: unknown): Failure {
  const text = errorMessage(thrown);
  const means = classify(text);
  return new Failure(isErrorCode(means) ? means : 'unknown', text, { cause: thrown });
}

function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERRORS, value);
}
