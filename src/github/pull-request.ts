import { z } from 'zod';
import { type Answer, call, type Repository } from './client.ts';

/** A pull request within one repository. */
interface Proposal {
  /** The branch with the change, and the one that it is for. */
  readonly head: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
}

const pullSchema = z.looseObject({ html_url: z.string() });

/**
 * Opens a pull request, unless one is open for the branch.
 * @returns its address
 */
export async function openPullRequest(repository: Repository, proposal: Proposal): Promise<Answer<string>> {
  const open = await find(repository, proposal);
  if (open.kind !== 'ok') return open;
  if (open.value !== null) return { kind: 'ok', value: open.value };
  const { title, head, base, body } = proposal;
  const created = await call(repository, {
    method: 'POST',
    path: '/pulls',
    body: { title, head, base, body },
    schema: pullSchema,
  });
  if (created.kind === 'ok') return { kind: 'ok', value: created.value.html_url };
  // Another run may have opened it meanwhile, and then GitHub refuses a second one.
  const again = await find(repository, proposal);
  return again.kind === 'ok' && again.value !== null ? { kind: 'ok', value: again.value } : created;
}

async function find(
  repository: Repository,
  { head, base }: Pick<Proposal, 'head' | 'base'>,
): Promise<Answer<string | null>> {
  const [owner = ''] = repository.name.split('/');
  const query = new URLSearchParams({ state: 'open', head: `${owner}:${head}`, base, per_page: '1' });
  const found = await call(repository, { method: 'GET', path: `/pulls?${query}`, schema: z.array(pullSchema) });
  return found.kind === 'ok' ? { kind: 'ok', value: found.value[0]?.html_url ?? null } : found;
}
