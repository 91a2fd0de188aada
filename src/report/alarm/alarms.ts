import type { ErrorCode } from '../../contract/error-codes.ts';
import type { ErrorResult, PeerResult, RunResult } from '../../contract/result.ts';
import { INBOX_BRANCH } from '../../contract/vocabulary.ts';
import { groupBy } from '../../core/lists.ts';
import { failureSummary } from '../error-result.ts';
import { summary } from '../summary.ts';
import { needsDecision } from '../unresolved.ts';

/** How a run ended for one peer, or as a whole, for those who are alerted. */
export interface AlarmSubject {
  /** null: the run itself. */
  readonly peer: string | null;
  /**
   * `waiting`: it failed, and `stale-after` has not passed · `unknown`: it took no part, or its backup is not proven.
   */
  readonly verdict: 'ok' | 'failing' | 'waiting' | 'unknown';
  /** Of its error; null if it has none. */
  readonly code: ErrorCode | null;
  /** Whether rows were merged that a person must decide about, which later runs do not see. */
  readonly needsDecision: boolean;
  /** Only of a peer in a report: the name of its issue, which ends with that of its run. */
  readonly issue?: { readonly name: string; readonly run: string };
  /** Whether its run left out peers because of `only`, `only-role` or `shard`. */
  readonly filtered: boolean;
  /** The details, as markdown that fits into an issue. */
  readonly details: () => string;
}

/** GitHub refuses an issue of more than 65,536 characters; the rest is for the text around the details. */
export const DETAILS_BUDGET_BYTES = 60_000;

/**
 * The run itself and each peer of it. The result must already be reduced to what may be shown (`withValues`). A user of our
 * server can make any number of deliveries, so those of one configured sender are one subject, and those of all others.
 * @param isWaiting whether the failure of a peer does not count yet
 */
export function runAlarms(result: RunResult, isWaiting: (peer: PeerResult) => boolean): AlarmSubject[] {
  const configured = new Set(result.peers.map(({ name }) => name));
  const groups = groupBy(result.peers, ({ name }) => {
    const sender = INBOX_BRANCH.exec(name)?.[1];
    return sender === undefined ? name : `inbox/${configured.has(sender) ? sender : '*'}`;
  });
  return [ofRun(result), ...[...groups].map(([name, peers]) => ofPeers(result, { name, peers }, isWaiting))];
}

function ofRun(result: RunResult): AlarmSubject {
  const first = result.problems.find(({ peer, severity }) => peer === null && severity === 'error');
  const isFailing = first !== undefined || (result.unsaved ?? 0) > 0;
  return {
    peer: null,
    verdict: result.status === 'skipped' ? 'unknown' : isFailing ? 'failing' : 'ok',
    code: first?.code ?? null,
    needsDecision: false,
    filtered: isFiltered(result),
    details: () => summary(result, DETAILS_BUDGET_BYTES),
  };
}

function ofPeers(
  result: RunResult,
  { name, peers }: { readonly name: string; readonly peers: readonly PeerResult[] },
  isWaiting: (peer: PeerResult) => boolean,
): AlarmSubject {
  const verdicts = peers.map((peer) => verdictOf(result, peer, isWaiting(peer)));
  const verdict = WORST_FIRST.find((one) => verdicts.includes(one)) ?? 'unknown';
  const shown = peers.filter((_, index) => verdicts[index] === verdict);
  const problems = result.problems.filter(({ peer }) => shown.some((one) => one.name === peer));
  // Chance decides which deliveries take part, and another one may fail.
  const isDrawn = name.startsWith('inbox/') && result.problems.some(isInboxLeft);
  return {
    peer: name,
    verdict: verdict === 'ok' && isDrawn ? 'unknown' : verdict,
    code: shown[0]?.error?.code ?? null,
    needsDecision: peers.some((peer) => needsDecision(peer, result)),
    filtered: isFiltered(result),
    details: () => summary({ ...result, peers: shown, problems }, DETAILS_BUDGET_BYTES),
  };
}

function isFiltered({ filtered, shard }: RunResult): boolean {
  return filtered === true || shard !== undefined;
}

const WORST_FIRST = ['failing', 'waiting', 'unknown', 'ok'] as const satisfies readonly AlarmSubject['verdict'][];

/** Deliveries that the configuration excludes are notices. */
function isInboxLeft({ code, severity }: RunResult['problems'][number]): boolean {
  return code === 'inbox-unread' && severity === 'warning';
}

function verdictOf({ backup }: RunResult, { status, drill }: PeerResult, isWaiting: boolean): AlarmSubject['verdict'] {
  // In a run that drills, only a proof shows that a damaged backup is intact again.
  const isUnproven = backup !== undefined && backup.drill !== 'off' && drill?.kind !== 'proven';
  switch (status) {
    case 'unchanged':
    case 'pulled':
    case 'pushed':
    case 'synced':
      return isUnproven ? 'unknown' : 'ok';
    case 'failed':
      return isWaiting ? 'waiting' : 'failing';
    case 'conflict':
      return 'failing';
    case 'skipped':
      return 'unknown';
  }
}

/** A command that could not run. */
export function failureAlarm(result: ErrorResult): AlarmSubject {
  const details = () => failureSummary(result, DETAILS_BUDGET_BYTES);
  return { peer: null, verdict: 'failing', code: result.error.code, needsDecision: false, filtered: false, details };
}

/** A command without peers that ended. @param details undefined: it succeeded */
export function endAlarm(details: (() => string) | undefined): AlarmSubject {
  const verdict = details === undefined ? 'ok' : 'failing';
  return { peer: null, verdict, code: null, needsDecision: false, filtered: false, details: details ?? (() => '') };
}
