import { ERRORS, type ErrorCode } from '../../contract/error-codes.ts';
import type { Conflict, PeerResult, Problem } from '../../contract/result.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';
import { groupBy } from '../../core/lists.ts';
import { counted } from '../../core/text.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import { peerStatus } from './run-status.ts';

/** One peer's run, as the JSON shows it. */
export function peerResult(run: PeerProgress): PeerResult {
  return {
    name: run.peer.name,
    endpoint: run.peer.endpoint.written,
    role: run.peer.role,
    tier: run.peer.tier,
    state: run.state,
    status: peerStatus(run),
    ahead: run.ahead,
    behind: run.behind,
    pulledCommits: run.pulledCommits,
    pushedCommits: run.pushedCommits,
    remoteHead: run.head,
    verified: run.verified,
    lastVerifiedAt: run.lastVerifiedAt,
    oldestUnsyncedAt: run.oldestUnsyncedAt,
    conflicts: [...run.conflicts],
    ...(run.held.length === 0 ? {} : { held: [...run.held] }),
    error: errorOf(run.failure ?? collision(run)),
    attempts: run.attempts,
    durationMs: run.durationMs,
    ...(run.plan === null ? {} : { plan: run.plan }),
    ...(run.replaced === null ? {} : { replaced: run.replaced }),
    ...(run.adopted === null ? {} : { adopted: run.adopted }),
    ...(run.rewritten === null ? {} : { rewritten: run.rewritten }),
    ...(run.actions === null || run.remembered !== null || run.inbox !== null ? {} : { memory: 'none' as const }),
  };
}

const KIND_CODES = {
  'id-collision': 'id-collision',
  dependant: 'id-collision',
  reference: 'id-collision',
  duplicate: 'unique-conflict',
  'unique-conflict': 'unique-conflict',
  renamed: 'renamed-row',
  changed: 'conflict',
  deleted: 'conflict',
  restored: 'conflict',
  keyless: 'conflict',
} as const satisfies Record<Conflict['kind'], ErrorCode>;

/** What happened to rows of each kind; the text follows their number. */
const KIND_TEXTS: Readonly<Partial<Record<Conflict['kind'], string>>> = {
  'id-collision': 'added on both sides with the same key; one row was kept',
  dependant: 'removed with the row that they depend on',
  reference: 'refer to another row that has the key now',
  duplicate: 'removed because another row has their unique value',
  'unique-conflict': 'have their old unique value again because another row has the new one',
  renamed: 'were changed on one side and given another key on the other; both rows were kept',
};

/** A warning about rows of a completed merge that a person should check; null if there are none. */
function collision({ peer, conflicts }: PeerProgress): Failure | null {
  const left = conflicts.filter((conflict) => conflict.left);
  const [first] = left;
  if (first === undefined) return null;
  const text = [...groupBy(left, ({ kind }) => kind)].map(([kind, rows]) => {
    const tables = [...new Set(rows.map(({ table }) => table))].join(', ');
    return `${counted(rows.length, 'row')} of ${tables} ${KIND_TEXTS[kind] ?? 'are in conflict'}`;
  });
  const where = left.some(({ elsewhere }) => elsewhere !== true)
    ? `The rest was merged with ${peer.name}.`
    : `Another database made the merge, and it was received from ${peer.name}.`;
  return new Failure(KIND_CODES[first.kind], `${text.join('; ')}. ${where}`);
}

function errorOf(failure: Failure | null): PeerResult['error'] {
  if (failure === null) return null;
  return { code: failure.code, message: failure.message, hint: failure.hint, retryable: failure.retryable };
}

/** Notices about what a peer brings. */
export function noticesOf({ notices, otherMakers, manyTags, peer }: PeerProgress): Diagnostic[] {
  const all = [...notices, otherMakers, manyTags].filter((notice) => notice !== null);
  return all.map((notice) => ({ ...notice, peer: peer.name }));
}

/** A diagnostic as the JSON shows it. */
export function toProblem({ severity, code, message, hint, peer, location }: Diagnostic): Problem {
  return {
    severity,
    code,
    message,
    hint: hint ?? ERRORS[code].hint,
    peer: peer ?? null,
    file: location?.file ?? null,
    line: location?.line ?? null,
    column: location?.column ?? null,
  };
}
