import { z } from 'zod';
import type { Visibility } from '../../contract/vocabulary.ts';
import { readSmall } from '../../core/files.ts';

/** The event that started the workflow. */
interface WorkflowEvent {
  readonly name: string;
  /** GITHUB_REF. */
  readonly ref: string;
  /** The parsed payload; null if it could not be read. */
  readonly payload: unknown;
}

/** Whether a run may write on this event, why, and who can read its log and summary. */
export interface EventVerdict {
  readonly trusted: boolean;
  readonly why: string;
  readonly visibility: Visibility;
  /** The branch of the event, or the default branch if it has none, as on a release or a tag; null: unknown. */
  readonly branch: string | null;
  /** The tag of the release; null on every other event, and without a name of it. */
  readonly releaseTag: string | null;
  /** Whether the workflow file of the event is that of the default branch, so that no change can alter its inputs. */
  readonly ownWorkflow: boolean;
}

/** Started by a user with write access, or by the schedule of the default branch. */
const TRUSTED_EVENTS: readonly string[] = ['schedule', 'workflow_dispatch', 'repository_dispatch', 'release'];

/**
 * Events whose workflow file is always that of the default branch (GitHub, "Events that trigger workflows"), although
 * their checkout may be a proposed change.
 */
const OWN_WORKFLOW: readonly string[] = ['pull_request_target', 'issue_comment', 'workflow_run'];

/** The relevant fields; GitHub may add others. */
const payloadSchema = z.looseObject({
  repository: z.looseObject({
    default_branch: z.string().min(1).optional(),
    visibility: z.enum(['public', 'private', 'internal']).optional(),
    private: z.boolean().optional(),
  }),
});

const releaseSchema = z.looseObject({ release: z.looseObject({ tag_name: z.string().min(1) }) });
type Repository = z.infer<typeof payloadSchema>['repository'];

/**
 * Judges an event by its name and ref. Only events that are known to be safe are trusted; a repository of unspecified
 * visibility counts as `unknown`.
 */
export function judgeEvent(event: WorkflowEvent): EventVerdict {
  const parsed = payloadSchema.safeParse(event.payload);
  const repository = parsed.success ? parsed.data.repository : {};
  const own = /^refs\/heads\/(.+)$/.exec(event.ref)?.[1];
  const branch = own ?? repository.default_branch ?? null;
  return {
    ...trust(event, repository),
    visibility: visibilityOf(repository),
    branch,
    ownWorkflow: OWN_WORKFLOW.includes(event.name),
    releaseTag: event.name === 'release' ? releaseTag(event) : null,
  };
}

/** The tag of a release: the ref of its event, else the one in the payload. */
function releaseTag({ ref, payload }: WorkflowEvent): string | null {
  const parsed = releaseSchema.safeParse(payload);
  return /^refs\/tags\/(.+)$/.exec(ref)?.[1] ?? (parsed.success ? parsed.data.release.tag_name : null);
}

function trust({ name, ref }: WorkflowEvent, repository: Repository): Pick<EventVerdict, 'trusted' | 'why'> {
  if (TRUSTED_EVENTS.includes(name)) return { trusted: true, why: `writes are allowed on the event ${name}` };
  if (name !== 'push')
    return { trusted: false, why: `writes are not allowed on the event ${name === '' ? '(none)' : name}` };
  if (ref.startsWith('refs/tags/')) return { trusted: true, why: 'writes are allowed on a push of a tag' };
  const branch = repository.default_branch;
  if (branch === undefined)
    return { trusted: false, why: 'writes are not allowed on a push if the default branch is unknown' };
  if (ref === `refs/heads/${branch}`) return { trusted: true, why: `writes are allowed on a push to ${branch}` };
  return {
    trusted: false,
    why: `writes on a push are only allowed on the default branch ${branch} and on tags, not on ${ref}`,
  };
}

function visibilityOf(repository: Repository): Visibility {
  if (repository.visibility !== undefined) return repository.visibility === 'public' ? 'public' : 'private';
  if (repository.private === undefined) return 'unknown';
  return repository.private ? 'private' : 'public';
}

/** GitHub sends no webhook payload over 25 MB. */
const MAX_BYTES = 32 * 1024 * 1024;

/** The payload of the workflow's event; null if it cannot be read, and then the event is unknown. */
export async function readPayload(path: string | null): Promise<unknown> {
  if (path === null) return null;
  try {
    const found = await readSmall(path, MAX_BYTES);
    const payload: unknown = found.kind === 'read' ? JSON.parse(found.bytes.toString('utf8')) : null;
    return payload;
  } catch {
    return null;
  }
}
