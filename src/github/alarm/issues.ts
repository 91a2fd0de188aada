import { z } from 'zod';
import { authorSchema, isOwn } from '../author.ts';
import { type Answer, call, type Repository } from '../client.ts';
import { type AlarmPlace, type AlarmState, markerIn, stateIn } from './marker.ts';

/** Issues are found by their label in the list of issues: the index of the search is updated later. */
export const ALARM_LABEL = 'federation: alarm';

/** An open issue of ours. */
export interface AlarmIssue {
  readonly number: number;
  readonly marker: string;
  readonly state: AlarmState;
}

/** The texts of an issue. */
export interface IssueText {
  readonly title: string;
  /** Begins with the marker. */
  readonly body: string;
}

const PAGE = 100;
/** One issue for each peer of many workflows. */
const MAX_PAGES = 20;

const body = z
  .string()
  .nullish()
  .transform((text) => text ?? '');
const issueSchema = z.looseObject({
  number: z.int().positive(),
  body,
  created_at: z.iso.datetime(),
  user: authorSchema,
  /** Present if it is a pull request. */
  pull_request: z.unknown().optional(),
});
const createdSchema = issueSchema.extend({
  labels: z.array(z.union([z.string(), z.looseObject({ name: z.string().nullish() })])),
});
const commentSchema = z.looseObject({ id: z.int().positive(), body, user: authorSchema });
type Comment = z.infer<typeof commentSchema>;

/** The open issues of a place, by marker, and the numbers of those that repeat an older one. */
export interface OpenAlarms {
  readonly issues: ReadonlyMap<string, AlarmIssue>;
  readonly repeated: readonly number[];
}

/** Reads the open issues of a place that the token itself has opened. */
export async function openAlarms(repository: Repository, place: AlarmPlace, now: number): Promise<Answer<OpenAlarms>> {
  const found = await pages(repository, `/issues?state=open&labels=${encodeURIComponent(ALARM_LABEL)}`, issueSchema);
  if (found.kind !== 'ok') return found;
  const marked = found.value.filter(
    (issue) => issue.pull_request === undefined && markerIn(place, issue.body) !== null,
  );
  if (marked.length === 0) return { kind: 'ok', value: { issues: new Map(), repeated: [] } };
  const own = await isOwn(repository);
  if (own.kind !== 'ok') return own;
  const issues = new Map<string, AlarmIssue>();
  const repeated: number[] = [];
  for (const issue of marked.filter(({ user }) => own.value(user)).toSorted((a, b) => a.number - b.number)) {
    const marker = markerIn(place, issue.body) ?? '';
    if (issues.has(marker)) repeated.push(issue.number);
    else issues.set(marker, { number: issue.number, marker, state: stateIn(issue.body, issue.created_at, now) });
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
  if (!labels.some((label) => (typeof label === 'string' ? label : label.name) === ALARM_LABEL)) {
    // GitHub drops labels without a word where the token may not set them. Later runs could not find the issue.
    await closeIssue(repository, number, 'not_planned');
    return { kind: 'refused', reason: `issue ${number} was closed again, because it did not get its label` };
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
    const path = `/issues/${issue}/comments?since=${encodeURIComponent(since)}`;
    const found = await pages(repository, path, commentSchema);
    if (found.kind !== 'ok') return found;
    const ours = found.value.filter((one) => one.body.startsWith(marker) && own.value(one.user));
    return { kind: 'ok', value: ours.toSorted((a, b) => a.id - b.id) };
  };
  const before = await present();
  if (before.kind !== 'ok') return before;
  if (before.value.length > 0) return { kind: 'ok', value: 'present' };
  const created = await call(repository, {
    method: 'POST',
    path: `/issues/${issue}/comments`,
    body: { body: `${marker}\n${text}` },
    schema: commentSchema,
  });
  if (created.kind !== 'ok') return created;
  const after = await present();
  const { id } = created.value;
  const first = after.kind === 'ok' ? after.value[0] : undefined;
  if (first === undefined || first.id >= id) return { kind: 'ok', value: 'created' };
  await call(repository, { method: 'DELETE', path: `/issues/comments/${id}`, schema: z.unknown() });
  return { kind: 'ok', value: 'present' };
}

/** Replaces the texts of an issue. */
export async function updateIssue(
  repository: Repository,
  number: number,
  { title, body: text }: IssueText,
): Promise<Answer<unknown>> {
  const sent = { title, body: text };
  return await call(repository, { method: 'PATCH', path: `/issues/${number}`, body: sent, schema: z.unknown() });
}

export async function closeIssue(
  repository: Repository,
  number: number,
  reason: 'completed' | 'not_planned',
): Promise<Answer<unknown>> {
  const sent = { state: 'closed', state_reason: reason };
  return await call(repository, { method: 'PATCH', path: `/issues/${number}`, body: sent, schema: z.unknown() });
}

/** @param path with a query */
async function pages<T>(repository: Repository, path: string, schema: z.ZodType<T>): Promise<Answer<readonly T[]>> {
  const all: T[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const answer = await call(repository, {
      method: 'GET',
      path: `${path}&per_page=${PAGE}&page=${page}`,
      schema: z.array(schema),
    });
    if (answer.kind !== 'ok') return answer;
    all.push(...answer.value);
    if (answer.value.length < PAGE) break;
  }
  return { kind: 'ok', value: all };
}
