import type { ReportValues } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import { messageOf } from './tool-output.ts';

/** A text without the secrets of this run. */
export type Hide = (text: string) => string;

/**
 * Properties of results whose values no peer can write: words of the contract, names and paths that the user chose,
 * hashes and times. A secret of the same spelling must not change what a workflow reads.
 */
export const OWN_PROPERTIES: ReadonlySet<string> = new Set([
  ...['command', 'status', 'state', 'code', 'severity', 'role', 'tier', 'kind', 'check', 'side', 'memory', 'because'],
  ...['name', 'peer', 'between', 'endpoint', 'branch', 'database', 'folder', 'conflictsPath', 'locations'],
  ...['file', 'source'],
  ...['head', 'heads', 'remoteHead', 'last', 'commit', 'replaced', 'adopted'],
  ...['pull', 'push', 'change', 'setting', 'settings', 'reason', 'foundIn', 'tag', 'databaseHash', 'proof', 'drill'],
  ...['lastVerifiedAt', 'lastProvenAt', 'oldestUnsyncedAt', 'since'],
  ...['version', 'doltVersion', 'doltPath', 'doltSource'],
  ...['node', 'shell', 'script'],
  ...['shard', 'selection', 'matrix', 'html', 'wouldTag'],
]);

/** Properties that hold cells by column; a peer chose the names as well. */
const CELLS: ReadonlySet<string> = new Set(['key', 'base', 'ours', 'theirs', 'otherKey']);

/** The outcome of a command without its secrets: a peer may send back a secret that it received. */
export function hideSecrets<T>(value: T, hide: Hide): T;
export function hideSecrets(value: unknown, hide: Hide): unknown {
  return hideIn(value, hide, OWN_PROPERTIES);
}

/** @param own the properties that stay */
function hideIn(value: unknown, hide: Hide, own: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return hide(value);
  if (Array.isArray(value)) return value.map((one: unknown) => hideIn(one, hide, own));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      if (name === 'drill' && isObject(one)) return [name, hideInDrill(one, hide)];
      if (own.has(name)) return [name, one];
      return [name, CELLS.has(name) && isObject(one) ? hideInCells(one, hide) : hideIn(one, hide, own)];
    }),
  );
}

const NONE: ReadonlySet<string> = new Set();

/** In a drill only `tables` has texts of others: a peer may have chosen the `name` of a table. */
function hideInDrill(drill: object, hide: Hide): object {
  const entries = Object.entries(drill).map(([name, one]) => [name, name === 'tables' ? hideIn(one, hide, NONE) : one]);
  return Object.fromEntries(entries);
}

function hideInCells(cells: object, hide: Hide): object {
  return Object.fromEntries(Object.entries(cells).map(([column, value]) => [hide(column), hideSecrets(value, hide)]));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * The failure of a command, without the secrets of its run.
 * @param reportValues what may be shown of rows; absent: all
 */
export function hideInFailure(failure: Failure, hide: Hide, reportValues?: ReportValues): Failure {
  const problems = failure.problems;
  return new Failure(failure.code, hide(messageOf(failure, { reportValues })), {
    hint: hide(failure.hint),
    location: failure.location ?? undefined,
    problems:
      problems[0] === failure ? undefined : problems.map((problem) => hideInFailure(problem, hide, reportValues)),
    cause: failure.cause,
  });
}
