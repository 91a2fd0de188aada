import { types } from 'node:util';
import { ERRORS, type ErrorCode } from '../../contract/error-codes.ts';
import { errorMessage, Failure } from '../../core/failure.ts';
import { isInside } from '../../core/files.ts';
import type { Redactor } from '../../core/secrets.ts';
import { shorten } from '../../core/text.ts';
import {
  classify,
  classifyOfRows,
  isNoProtocol,
  isOfHost,
  namesLockOfGit,
  namesOtherRegion,
  namesRedirect,
  refusedPath,
  type TextClass,
  withoutRowValues,
} from '../failure-text.ts';

/**
 * An error of a statement that may read rows, with the class of Dolt's text as its code; `unknown` if the text is not
 * known. Words in quotes or brackets may be a value of a row: they decide no class, and not every reader may see them. The
 * server always sends an SQL state; an error without one means that the server is gone: `engine-lost`.
 */
export function sqlFailure(thrown: unknown, secrets: Redactor): Failure {
  const text = secrets.redact(errorMessage(thrown));
  const values = { least: 'full', without: withoutMiddle(withoutRowValues(text)) } as const;
  const shown = withoutMiddle(text);
  return lostEngine(thrown, text) ?? new Failure(codeOfRows(text), shown, { cause: thrown, toolText: shown, values });
}

/** A statement that works on no remote is refused files of the database only. */
function codeOfRows(text: string): ErrorCode {
  return refusedPath(withoutRowValues(text)) === null ? codeOf(classifyOfRows(text)) : 'database-read-only';
}

/** The words of Dolt before and after a long value. */
const MAX_WORDS = 500;

/** Dolt repeats values of rows whole, which can have megabytes. */
function withoutMiddle(text: string): string {
  if (text.length <= 2 * MAX_WORDS) return text;
  return `${shorten(text, MAX_WORDS)}${text.slice(-MAX_WORDS).replace(/^[\udc00-\udfff]/, '')}`;
}

/** The same for a statement that reads no rows: one that works on a remote, or a login. */
export function remoteFailure(thrown: unknown, secrets: Redactor): Failure {
  const text = secrets.redact(errorMessage(thrown));
  return lostEngine(thrown, text) ?? textFailure(text, thrown);
}

/**
 * The same failure if there was no panic. The text of one may contain a value of a row.
 * @param panicText the text of the panic that ended the server, or a connection since then; null: none
 * @param begunMs when the work began, as in `monotonicMs`
 */
export async function withPanic(
  failure: Failure,
  panicText: ((sinceMs: number) => Promise<string | null>) | undefined,
  begunMs: number,
): Promise<Failure> {
  const line = failure.code === 'engine-lost' ? await panicText?.(begunMs) : null;
  if (line == null) return failure;
  const without = 'the Dolt server stopped with a panic';
  const values = { least: 'full', without } as const;
  return new Failure('engine-lost', `${without}: ${line}`, { hint: AFTER_PANIC, cause: failure.cause, values });
}

const AFTER_PANIC =
  'Dolt panicked while it read an answer of the peer, its data or the database. Run again: the next run completes or reverts what this one began. If it happens again, check what the endpoint serves, or try another version of Dolt.';

function lostEngine(thrown: unknown, text: string): Failure | null {
  if (!types.isNativeError(thrown) || 'sqlState' in thrown) return null;
  return new Failure('engine-lost', `the Dolt server ended during the run: ${text}`, { cause: thrown });
}

/** Names no file: a peer or its host can write any path. */
const LEFT_LOCK =
  'Run again. If it fails again, a git that was killed may have left its lock file in the repository of the peer. Remove it there when no git works in that repository.';

const OTHER_REGION =
  'Check the region of the bucket: set `federation.peers.<peer>.aws.region`, or AWS_REGION. With a service of your own, check its endpoint, too.';

const MOVED =
  'The host redirects to another address, and git follows no redirect in a run. Set the endpoint to the address that the repository has now.';

export const SILENT_LOGIN =
  'Over ssh, a login for a command must print nothing on standard output: move a greeting out of `.bashrc` and similar files of the host, or print it only in a terminal.';

const WORDS_OF_HOST =
  'The host ended the connection itself. Log in to it with ssh and do what it asks: the account must run `dolt` or `git` there without a terminal.';

/** A text of Dolt, git or ssh with its class as the code; `unknown` if the text is not known. */
export function textFailure(text: string, cause?: unknown): Failure {
  return new Failure(codeOf(classify(text)), text, { cause, toolText: text, hint: hintOf(text) });
}

function hintOf(text: string): string | undefined {
  if (namesLockOfGit(text)) return LEFT_LOCK;
  if (namesOtherRegion(text)) return OTHER_REGION;
  if (namesRedirect(text)) return MOVED;
  if (isNoProtocol(text)) return `Check the endpoint. ${SILENT_LOGIN}`;
  return isOfHost(text) ? `${WORDS_OF_HOST} ${SILENT_LOGIN}` : undefined;
}

/** The same failure, as one of the database if the system refused a file in its folder and not one of a remote. */
export function refusedIn(folder: string, failure: Failure): Failure {
  const path = refusedPath(failure.toolText ?? failure.message);
  if (path === null || !isInside(folder, path)) return failure;
  const { message, toolText } = failure;
  return new Failure('database-read-only', message, { toolText: toolText ?? undefined, cause: failure });
}

/** A failure that this Dolt has with the data of a head. */
export function doltDefect(lead: string, cause: Failure, hint: string): Failure {
  return new Failure('dolt-defect', `${lead}: ${cause.message}`, { hint, cause });
}

function codeOf(means: TextClass): ErrorCode {
  return isErrorCode(means) ? means : 'unknown';
}

function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERRORS, value);
}
