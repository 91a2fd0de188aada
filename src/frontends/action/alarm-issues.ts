import { counted } from '../../core/text.ts';
import { decideAlarm } from '../../github/alarm/decide.ts';
import {
  type AlarmIssue,
  closeIssue,
  commentOnce,
  openAlarms,
  openIssue,
  updateIssue,
} from '../../github/alarm/issues.ts';
import { type AlarmPlace, alarmMarker, stateLine, withState } from '../../github/alarm/marker.ts';
import type { Answer, Repository } from '../../github/client.ts';
import type { AlarmSubject } from '../../report/alarm/alarms.ts';
import { type AlarmRun, alarmText, alarmTitle, closingText, lastingText } from '../../report/alarm/issue-text.ts';

/** The issues of a place, and the run that writes them. */
export interface Keeping {
  readonly repository: Repository;
  readonly place: AlarmPlace;
  readonly run: AlarmRun;
  readonly now: number;
  /** Whether the subjects are all that the configuration has, so that any other peer is gone. */
  readonly complete: boolean;
}

/** The changes that a run made, and the calls that failed. */
export interface Kept {
  /** A line for each change. */
  readonly done: readonly string[];
  /** The reason of each failed call. */
  readonly reasons: readonly string[];
}

/** New issues of one run: if all peers of a large federation fail, the cause is one. */
const MAX_OPENED = 10;
/** After so many failed calls, the others are not tried. */
const MAX_FAILED = 3;
/** The clocks of the runner and of the server may differ. */
const SKEW_MS = 3_600_000;

/** Opens, comments and closes the issues of a place, as the outcome of the run requires. */
export async function keepIssues(subjects: readonly AlarmSubject[], keeping: Keeping): Promise<Kept> {
  const { repository, place, now, complete } = keeping;
  const calls = new Calls();
  const open = calls.record(await openAlarms(repository, place, now));
  if (open === null) return calls;
  const { issues, repeated } = open.value;
  for (const number of repeated) calls.record(await closeIssue(repository, number, 'not_planned'));
  let opened = 0;
  let postponed = 0;
  // A later run writes about a failure that lasts, but not about rows that this one left to a person.
  const urgentFirst = subjects.toSorted((a, b) => Number(b.needsDecision) - Number(a.needsDecision));
  for (const subject of urgentFirst) {
    const issue = issues.get(alarmMarker(place, nameOf(subject))) ?? null;
    const action = decideAlarm(issue?.state ?? null, subject.verdict, now, subject.needsDecision);
    if (action === 'wait' || action === 'nothing') continue;
    if (!calls.mayGoOn || (action === 'open' && opened === MAX_OPENED)) postponed += 1;
    else if (issue === null) {
      opened += 1;
      await openFor(subject, keeping, calls);
    } else if (action === 'comment') await commentOn(issue, subject, keeping, calls);
    else await close(issue, 'ok', keeping, calls);
  }
  const isGone = goneAfter(subjects);
  const gone = complete ? [...issues.values()].filter(({ state }) => isGone(state.peer)) : [];
  for (const issue of gone)
    if (calls.mayGoOn && decideAlarm(issue.state, 'gone', now) === 'close') await close(issue, 'gone', keeping, calls);
  if (postponed > 0) calls.done.push(`${counted(postponed, 'issue')} will be written by later runs.`);
  return calls;
}

function nameOf({ peer, issue }: AlarmSubject): string | null {
  return issue?.name ?? peer;
}

/** Decides whether the peer of an issue is no longer part of the run. A report shows nothing about the peers of other runs. */
function goneAfter(subjects: readonly AlarmSubject[]): (name: string | null) => boolean {
  const shown = new Set(subjects.map(nameOf));
  const runs = [...new Set(subjects.flatMap(({ issue }) => issue?.run ?? []))];
  return (name) =>
    name !== null && !shown.has(name) && (runs.length === 0 || runs.some((run) => name.endsWith(` (${run})`)));
}

/** The calls of one run to the API, in order. */
class Calls implements Kept {
  readonly done: string[] = [];
  readonly reasons: string[] = [];

  /** Whether more calls are worth a try. */
  get mayGoOn(): boolean {
    return this.reasons.length < MAX_FAILED;
  }

  /** @returns null if the call failed */
  record<T>(answer: Answer<T>): { readonly value: T } | null {
    if (answer.kind === 'ok') return answer;
    this.reasons.push(answer.reason);
    return null;
  }
}

async function openFor(subject: AlarmSubject, keeping: Keeping, calls: Calls): Promise<void> {
  const { needsDecision } = subject;
  const text = textOf(subject, { comments: 0, needsDecision }, keeping);
  const created = calls.record(await openIssue(keeping.repository, keeping.place, text));
  if (created === null) return;
  const { value: number } = created;
  calls.done.push(number === null ? 'Another run has opened the issue.' : `Issue ${number} was opened.`);
}

async function commentOn(issue: AlarmIssue, subject: AlarmSubject, keeping: Keeping, calls: Calls): Promise<void> {
  const { repository, run, now } = keeping;
  const { number, state, body } = issue;
  const written = await commentOnce(repository, number, {
    marker: `<!-- dolt-federation alarm comment ${state.comments} -->`,
    text: lastingText(subject, run, state.comments),
    since: new Date(Date.parse(state.last) - SKEW_MS).toISOString(),
  });
  if (calls.record(written) === null) return;
  const comments = state.comments + 1;
  const needsDecision = state.needsDecision || subject.needsDecision;
  // The text of an issue about a decision has rows that no other text has.
  const text = state.needsDecision
    ? { body: withState(body, { ...state, last: new Date(now).toISOString(), comments }) }
    : textOf(subject, { comments, needsDecision }, keeping);
  if (calls.record(await updateIssue(repository, number, text)) !== null)
    calls.done.push(`Issue ${number} got a comment.`);
}

async function close(issue: AlarmIssue, verdict: 'ok' | 'gone', keeping: Keeping, calls: Calls): Promise<void> {
  const { repository, run, now } = keeping;
  const { number, state } = issue;
  const written = await commentOnce(repository, number, {
    marker: `<!-- dolt-federation alarm closed ${state.comments} -->`,
    text: closingText(state.peer, verdict, run),
    since: new Date(now - SKEW_MS).toISOString(),
  });
  if (calls.record(written) === null) return;
  const closed = calls.record(await closeIssue(repository, number, 'completed'));
  if (closed !== null) calls.done.push(`Issue ${number} was closed.`);
}

/** The texts of an issue; its first two lines are not shown. */
function textOf(
  subject: AlarmSubject,
  state: { readonly comments: number; readonly needsDecision: boolean },
  { place, run, now }: Keeping,
) {
  const peer = nameOf(subject);
  const hidden = [alarmMarker(place, peer), stateLine({ peer, last: new Date(now).toISOString(), ...state })];
  return { title: alarmTitle(subject, run), body: [...hidden, alarmText(subject, run)].join('\n') };
}
