import { counted, plain, shorten } from '../../core/text.ts';
import { code, literal } from '../markdown.ts';
import type { AlarmSubject } from './alarms.ts';

/** The run that reports a failure. */
export interface AlarmRun {
  readonly command: string;
  /** Name of the workflow; null: outside of one. */
  readonly workflow: string | null;
  /** null: outside of a workflow. */
  readonly page: { readonly id: string; readonly url: string } | null;
}

/** GitHub allows 256 characters. */
const MAX_TITLE = 200;

/** The title of the issue about a failure: plain text. */
export function alarmTitle({ peer, code: error, needsDecision }: AlarmSubject, run: AlarmRun): string {
  const what = peer ?? [run.command, ...(run.workflow === null ? [] : [run.workflow])].join(' in ');
  const why = error === null ? '' : ` (${error})`;
  return shorten(plain(`Federation: ${what} ${needsDecision ? 'needs a decision' : 'failed'}${why}`), MAX_TITLE);
}

/** The text of the issue about a failure, without the lines that are not shown. */
export function alarmText(subject: AlarmSubject, run: AlarmRun): string {
  return [failed(subject, run), subject.details().trimEnd(), `---\n\n${nextStepText(subject)}`, ''].join('\n\n');
}

/** The comment on a failure that lasts, or on more rows that need a decision. @param comments how many were written before */
export function lastingText(subject: AlarmSubject, run: AlarmRun, comments: number): string {
  const count = `This is comment ${comments + 1} on this failure.`;
  const next = subject.needsDecision ? [`---\n\n${nextStepText(subject)}`] : [];
  return [`${failed(subject, run)} ${count}`, subject.details().trimEnd(), ...next, ''].join('\n\n');
}

/** The comment with which the issue is closed. */
export function closingText(peer: string | null, verdict: 'ok' | 'gone', run: AlarmRun): string {
  const end = verdict === 'ok' ? `succeeded in ${place(run)}` : 'is no longer part of the run';
  return `${subjectText(peer, run)} ${end}.\n`;
}

function failed({ peer, code: error }: AlarmSubject, run: AlarmRun): string {
  return `${subjectText(peer, run)} failed${error === null ? '' : ` with ${code(error)}`} in ${place(run)}.`;
}

function subjectText(peer: string | null, { command }: AlarmRun): string {
  return peer === null ? `The command ${code(command)}` : `The peer ${code(peer)}`;
}

function place({ workflow, page }: AlarmRun): string {
  const of = `the workflow ${literal(workflow ?? '')}`;
  return page === null ? of : `[run ${page.id}](${page.url}) of ${of}`;
}

function nextStepText({ needsDecision }: AlarmSubject): string {
  if (needsDecision)
    return 'Rows need a decision. Later runs do not report them again, so close this issue when they are resolved.';
  return 'While the failure lasts, comments follow after 1, 2, 4, 8 and 16 days, then every 32 days. The first run without it closes this issue.';
}

const MAX_NAMES = 10;

/** Chat services call people (`<!channel>`, `@everyone`) and make links. A forged result can have any name of a peer. */
const MARKUP = /[^\w./-]/gu;

/** One line about those that failed, for the message of a webhook. */
export function alarmLine(failing: readonly AlarmSubject[], run: AlarmRun, status: string): string {
  const named = failing.slice(0, MAX_NAMES).map(({ peer, code: error }) => {
    const why = error ?? 'failed';
    return peer === null ? why : `${peer.replaceAll(MARKUP, '?')} (${why})`;
  });
  const more = failing.length - named.length;
  const rest = more > 0 ? [`and ${counted(more, 'more peer')}`] : [];
  return plain([`dolt-federation ${run.command}: ${status}`, ...named, ...rest].join(', '));
}
