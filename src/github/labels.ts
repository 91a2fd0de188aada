import { z } from 'zod';
import { PULL_REQUEST_LABELS, type PullRequestLabel } from '../contract/vocabulary.ts';
import { call, type Repository, type Unwritten } from './client.ts';

/** Whether a pull request has its label, and no other label of ours. */
export type Labelled = { readonly kind: 'labelled' | 'unchanged' } | Unwritten;

const labelsSchema = z.array(z.looseObject({ name: z.string() }));
/** GitHub allows 100 labels on one pull request. */
const PAGE = 100;

function nameOf(label: PullRequestLabel): string {
  return `federation: ${label}`;
}

/** GitHub keeps the case of the first use of a label in a repository, and ignores it everywhere else. */
export function isSameLabel(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Gives a pull request the label of a result, and removes those of other results. GitHub creates a label that is new. */
export async function setLabel(
  repository: Repository,
  pullRequest: number,
  label: PullRequestLabel,
): Promise<Labelled> {
  const path = `/issues/${pullRequest}/labels`;
  const found = await call(repository, { method: 'GET', path: `${path}?per_page=${PAGE}`, schema: labelsSchema });
  if (found.kind !== 'ok') return { kind: 'unwritten', reason: found.reason };
  const present = found.value.map(({ name }) => name);
  const isPresent = present.some((name) => isSameLabel(name, nameOf(label)));
  const others = present.filter((name) =>
    PULL_REQUEST_LABELS.some((one) => one !== label && isSameLabel(name, nameOf(one))),
  );
  for (const other of others) {
    const at = `${path}/${encodeURIComponent(other)}`;
    const removed = await call(repository, { method: 'DELETE', path: at, schema: z.unknown() });
    // Another run may have removed it.
    if (removed.kind === 'refused' || removed.kind === 'failed') return { kind: 'unwritten', reason: removed.reason };
  }
  if (isPresent) return { kind: others.length === 0 ? 'unchanged' : 'labelled' };
  const body = { labels: [nameOf(label)] };
  const added = await call(repository, { method: 'POST', path, body, schema: z.unknown() });
  return added.kind === 'ok' ? { kind: 'labelled' } : { kind: 'unwritten', reason: added.reason };
}
