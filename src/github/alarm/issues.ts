import { z } from 'zod';
import { authorSchema, isOwn } from '../author.ts';
import { type Answer, call, callPages, type Repository } from '../client.ts';
import { bodySchema, type Comment, commentsWith, createComment, deleteComment } from '../issue-comments.ts';
import { isSameLabel } from '../labels.ts';
import { type AlarmPlace, type AlarmState, markerIn, stateIn } from './marker.ts';

/** Issues are found by their label in the list of issues: the index of the search is updated later. */
export const ALARM_LABEL = 'federation: alarm';

/** An open issue of ours. */
export interface AlarmIssue {
  readonly number: number;
  readonly state: AlarmState;
  /** Its whole text. */
  readonly body: string;
}

/** The texts of an issue. */
export interface IssueText {
  readonly title: string;
  /** Begins with the marker. */
  readonly body: string;
}

/** One issue for each peer of many workflows. */
const MAX_PAGES = 20;

const issueSchema = z.looseObject({
  number: z.int().positive(),
  body: bodySchema,
  created_at: z.iso.datetime(),
  user: authorSchema,
  /** Present if it is a pull request. */
  pull_request: z.unknown().optional(),
});
const createdSchema = issueSchema.extend({
  labels: z.array(z.union([z.string(), z.looseObject({ name: z.string().nullish() })])),
});

/** The open issues of a place, by marker, and the numbers of those that repeat an older one. */
export interface OpenAlarms {
  readonly issues: ReadonlyMap<string, AlarmIssue>;
  readonly repeated: readonly number[];
}

/** Reads the open issues of a place that the token itself has opened. */
export async function openAlarms(repository: Repository, place: AlarmPlace, now: number): Promise<Answer<OpenAlarms>> {
  const path = `/issues?state=open&labels=${encodeURIComponent(ALARM_LABEL)}&`;
  const found = await callPages(repository, { path, schema: issueSchema, maxPages: MAX_PAGES });
  if (found.kind !== 'ok') return found;
  const marked = found.value.flatMap((issue) => {
    const marker = issue.pull_request === undefined ? markerIn(place, issue.body) : null;
    return marker === null ? [] : [{ ...issue, marker }];
  });
  if (marked.length === 0) return { kind: 'ok', value: { issues: new Map(), repeated: [] } };
  const own = await isOwn(repository);
  if (own.kind !== 'ok') return own;
  const issues = new Map<string, AlarmIssue>();
  const repeated: number[] = [];
  const ours = marked.filter(({ user }) => own.value(user)).toSorted((a, b) => a.number - b.number);
  for (const { number, marker, body, created_at: createdAt } of ours) {
    if (issues.has(marker)) repeated.push(number);
    else issues.set(marker, { number, state: stateIn(body, createdAt, now), body });
  }
  return { kind: 'ok', value: { issues, repeated } };
}

/**
 * Opens an issue. Runs that do this at the same time leave one open: each reads the list again, and closes its own if
 * an older one is there.
 * @returns its number; null if that of another run is there
 */
export async function openIssue(
  repository: Repository,
  place: AlarmPlace,
  { title, body: text }: IssueText,
): Promise<Answer<number | null>> {
  const created = await call(repository, {
    method: 'POST',
    path: '/issues',
    body: { title, body: text, labels: [ALARM_LABEL] },
    schema: createdSchema,
  });
  if (created.kind !== 'ok') return created;
  const { number, labels } = created.value;
  const names = labels.map((label) => (typeof label === 'string' ? label : (label.name ?? '')));
  if (!names.some((name) => isSameLabel(name, ALARM_LABEL))) {
    // GitHub drops labels without a word where the token may not set them. Later runs could not find the issue.
    const closed = await closeIssue(repository, number, 'not_planned');
    const end = closed.kind === 'ok' ? 'was closed again' : `must be closed by hand (${closed.reason})`;
    return { kind: 'refused', reason: `issue ${number} ${end}, because it did not get its label` };
  }
  const again = await openAlarms(repository, place, Date.now());
  const first = again.kind === 'ok' ? again.value.issues.get(markerIn(place, text) ?? '') : undefined;
  if (first === undefined || first.number >= number) return { kind: 'ok', value: number };
  await closeIssue(repository, number, 'not_planned');
  return { kind: 'ok', value: null };
}

/** @param marker the first line of the comment, which runs at the same time have in common */
export async function commentOnce(
  repository: Repository,
  issue: number,
  comment: { readonly marker: string; readonly text: string; readonly since: string },
): Promise<Answer<'created' | 'present'>> {
  const { marker, text, since } = comment;
  const own = await isOwn(repository);
  if (own.kind !== 'ok') return own;
  const present = async (): Promise<Answer<readonly Comment[]>> => {
    const found = await commentsWith(repository, issue, { marker, since });
    return found.kind === 'ok' ? { kind: 'ok', value: found.value.filter(({ user }) => own.value(user)) } : found;
  };
  const before = await present();
  if (before.kind !== 'ok') return before;
  if (before.value.length > 0) return { kind: 'ok', value: 'present' };
  const created = await createComment(repository, issue, `${marker}\n${text}`);
  if (created.kind !== 'ok') return created;
  const after = await present();
  const first = after.kind === 'ok' ? after.value[0] : undefined;
  if (first === undefined || first.id >= created.value.id) return { kind: 'ok', value: 'created' };
  await deleteComment(repository, created.value);
  return { kind: 'ok', value: 'present' };
}

/** Replaces the texts of an issue. @param text absent parts stay */
export async function updateIssue(
  repository: Repository,
  number: number,
  text: Partial<IssueText>,
): Promise<Answer<unknown>> {
  return await call(repository, { method: 'PATCH', path: `/issues/${number}`, body: text, schema: z.unknown() });
}

export async function closeIssue(
  repository: Repository,
  number: number,
  reason: 'completed' | 'not_planned',
): Promise<Answer<unknown>> {
  const sent = { state: 'closed', state_reason: reason };
  return await call(repository, { method: 'PATCH', path: `/issues/${number}`, body: sent, schema: z.unknown() });
}
