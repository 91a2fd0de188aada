import { types } from 'node:util';
import { ERRORS, type ErrorCode } from '../contract/error-codes.ts';

/** A place in a text, 1-based; what an editor or an annotation needs. */
export interface Location {
  /** Absolute path of a file; anything else is what messages call a text that stands in none, such as `input peers`. */
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** A place as messages show it: `file:line:column`, as far as it is known; the empty text where nothing is. */
export function placeOf(place: { readonly [part in keyof Location]?: Location[part] | null | undefined }): string {
  return [place.file, place.line, place.column].filter((part) => part != null).join(':');
}

interface FailureDetails {
  /** The cure, where the code's general one is not exact enough. */
  readonly hint?: string | undefined;
  readonly location?: Location | undefined;
  /** Every problem that it stands for, where there are several; the first of them gives code and message. */
  readonly problems?: readonly Failure[] | undefined;
  readonly cause?: unknown;
}

/**
 * The one error type of the project. `message` says what failed and why, `hint` what to do next, `code` is stable
 * (docs/troubleshooting.md lists them all). Branch on `code`, never on the message.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly location: Location | null;
  readonly #problems: readonly Failure[] | undefined;

  constructor(code: ErrorCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint ?? ERRORS[code].hint;
    this.location = details.location ?? null;
    this.#problems = details.problems;
  }

  /** Every problem that it stands for; itself where there is one. */
  get problems(): readonly Failure[] {
    return this.#problems ?? [this];
  }

  /** Whether the same operation may pass when it is tried again. */
  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** What the system says when a disk, or a user's share of it, is full. */
const DISK_FULL: readonly (string | null)[] = ['ENOSPC', 'EDQUOT'];

/** Any thrown value as a Failure: ours as it is, a full disk as `disk-full`, everything else as `unknown`; texts are kept. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = DISK_FULL.includes(systemCode(thrown)) ? 'disk-full' : 'unknown';
  return new Failure(code, errorMessage(thrown), { cause: thrown });
}

/** The text of any thrown value; an Error of another realm (a `vm` context) is one, too. */
export function errorMessage(thrown: unknown): string {
  if (thrown instanceof Error || types.isNativeError(thrown))
    return thrown.message === '' ? thrown.name : thrown.message;
  return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown));
}

/** The code of an error of Node or the system, such as `ENOENT`; null for anything else. */
export function systemCode(thrown: unknown): string | null {
  return types.isNativeError(thrown) && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
}
