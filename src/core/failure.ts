import { types } from 'node:util';
import { ERRORS, type ErrorCode } from '../contract/error-codes.ts';
import { hintFor } from './text.ts';

/** A position in a text, 1-based, for editors and annotations. */
export interface Location {
  /** Absolute path of a file, or the name of another text in messages, such as `input peers`. */
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** A position in a message: `file:line:column` as far as known, or the empty text. */
export function placeOf(place: { readonly [part in keyof Location]?: Location[part] | null | undefined }): string {
  return [place.file, place.line, place.column].filter((part) => part != null).join(':');
}

interface FailureDetails {
  /** The fix, if the code's general hint is not specific enough. */
  readonly hint?: string | undefined;
  readonly location?: Location | undefined;
  /** All problems, if there are several; the first one provides code and message. */
  readonly problems?: readonly Failure[] | undefined;
  readonly cause?: unknown;
  /** The words of a tool, if the message only repeats them. */
  readonly toolText?: string | undefined;
  /** Absent: the message contains no value of a row but those of the cause's message. */
  readonly values?: ValuesInMessage | undefined;
}

/** A message that contains values of rows, which not every reader may see. */
interface ValuesInMessage {
  /** The `report-values` from which on the message may be shown. */
  readonly least: 'keys' | 'full';
  /** The message without the values. */
  readonly without: string;
}

/**
 * The only error type of the project. `message` says what failed and why, `hint` what to do, and `code` is stable
 * (docs/troubleshooting.md lists them all). Branch on `code`, never on the message.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly location: Location | null;
  /** The words of a tool, if the message only repeats them; then people get the title of the code before them. */
  readonly toolText: string | null;
  readonly values: ValuesInMessage | null;
  readonly #problems: readonly Failure[] | undefined;

  constructor(code: ErrorCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint ?? ERRORS[code].hint;
    this.location = details.location ?? null;
    this.toolText = details.toolText ?? null;
    this.values = details.values ?? repeatedValues(message, details.cause);
    this.#problems = details.problems;
  }

  /** All problems; itself if there is only one. */
  get problems(): readonly Failure[] {
    return this.#problems ?? [this];
  }

  /** The message without values of rows, for readers who may not see them. */
  get withoutValues(): string {
    return this.values?.without ?? this.message;
  }

  /** Whether the same operation may succeed when retried. */
  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** A message that repeats that of its cause repeats its values. */
function repeatedValues(message: string, cause: unknown): ValuesInMessage | null {
  if (!(cause instanceof Failure) || cause.values === null || !message.includes(cause.message)) return null;
  const { least, without } = cause.values;
  return { least, without: message.replaceAll(cause.message, () => without) };
}

/** System errors for a full disk or an exceeded quota. */
const DISK_FULL: readonly (string | null)[] = ['ENOSPC', 'EDQUOT'];
/** System errors for a file of another user, an immutable one and a read-only disk. */
const REFUSED: readonly (string | null)[] = ['EACCES', 'EPERM', 'EROFS'];

/**
 * Converts any thrown value to a Failure: a Failure unchanged, a full disk as `disk-full`, a path that the system refused
 * as `file-refused`, everything else as `unknown` with its text.
 */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const system = systemCode(thrown);
  // A connection that is refused has no path.
  const isPath = types.isNativeError(thrown) && 'path' in thrown;
  const ofPath = isPath && REFUSED.includes(system) ? 'file-refused' : 'unknown';
  return new Failure(DISK_FULL.includes(system) ? 'disk-full' : ofPath, errorMessage(thrown), { cause: thrown });
}

/**
 * Converts a system error to a Failure with this code and sentence. `disk-full` keeps its code; a known Failure is
 * returned unchanged.
 */
export function explained(thrown: unknown, code: ErrorCode, what: string, hint?: string): Failure {
  const failure = toFailure(thrown);
  if (thrown instanceof Failure && failure.code !== 'unknown') return failure;
  const details = failure.code === 'disk-full' ? { cause: thrown } : { hint, cause: thrown };
  return new Failure(failure.code === 'disk-full' ? failure.code : code, `${what}: ${errorMessage(thrown)}`, details);
}

/** A failure of one peer that ends the whole command: nothing else names the peer, so its hint does. */
export function failureOf(peer: string, failure: Failure): Failure {
  const { code, message, hint, toolText, location } = failure;
  return new Failure(code, message, {
    hint: hintFor(peer, hint),
    toolText: toolText ?? undefined,
    location: location ?? undefined,
    cause: failure,
  });
}

/** The text of any thrown value, including an Error of another realm (a `vm` context). */
export function errorMessage(thrown: unknown): string {
  if (thrown instanceof Error || types.isNativeError(thrown))
    return thrown.message === '' ? thrown.name : thrown.message;
  return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown));
}

/** The code of an error of Node or the system, such as `ENOENT`; null for anything else. */
export function systemCode(thrown: unknown): string | null {
  return types.isNativeError(thrown) && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
}
