import type { Rendered } from '../../commands/command.ts';
import type { CommandName } from '../../contract/commands.ts';
import type { CommentMode } from '../../contract/vocabulary.ts';
import type { Env } from '../../core/env.ts';
import { toFailure } from '../../core/failure.ts';
import type { ProposedChange, Unread } from '../../github/base-commit.ts';
import { type Repository, within } from '../../github/client.ts';
import { type Commented, type CommentPlace, writeComment } from '../../github/comment.ts';
import { type Labelled, setLabel } from '../../github/labels.ts';
import type { WrittenInputs } from './inputs.ts';
import { logNotice, logText, logWarning } from './logger.ts';

/** The facts that decide the comment and the label of the pull request. */
export interface Commenting {
  readonly name: CommandName;
  readonly mode: CommentMode;
  /** Whether it gets a label. */
  readonly labels: boolean;
  readonly written: WrittenInputs;
  readonly proposed: ProposedChange | Unread | null;
  /** null: there is no token for it. */
  readonly repository: Repository | null;
  readonly env: Env;
}

/** All calls about the comment and the label. */
const ALL_CALLS_MS = 60_000;

/**
 * Writes comment and label of the pull request that started the step, as the inputs `comment` and `label` say. A
 * failed write does not fail the step: the token of a fork may only read, and the job summary has the same text.
 */
export async function commentOn({ pullRequest }: Pick<Rendered, 'pullRequest'>, commenting: Commenting): Promise<void> {
  const { mode, labels, proposed, repository } = commenting;
  if ((mode === 'never' && !labels) || pullRequest === undefined) return;
  const number = proposed === null || 'kind' in proposed ? null : proposed.number;
  if (number === null) {
    logText('The event has no pull request to comment on.');
    return;
  }
  if (repository === null) {
    const title = titleOf(mode === 'never' ? 'label' : 'comment');
    logNotice('The step has no github-token for the API of its server. The job summary has the report.', title);
    return;
  }
  const { text, label } = pullRequest();
  const limited = within(repository, ALL_CALLS_MS);
  try {
    if (mode !== 'never') {
      const create = mode === 'always' || (label !== null && label !== 'no change');
      report('comment', await writeComment(limited, placeOf(number, commenting), { body: text, create }));
    }
    if (labels && label !== null) report('label', await setLabel(limited, number, label));
  } catch (thrown) {
    // The outputs of the step are set already.
    logWarning(`the comment or label of the pull request was not written: ${toFailure(thrown).message}`);
  }
}

function titleOf(what: 'comment' | 'label'): string {
  return `The pull request got no ${what}`;
}

function report(what: 'comment' | 'label', end: Commented | Labelled): void {
  if (end.kind !== 'unwritten') logText(`The ${what} of the pull request: ${end.kind}.`);
  else logNotice(`The ${what} was not written: ${end.reason}. The job summary has the report.`, titleOf(what));
}

function placeOf(pullRequest: number, { name, written, env }: Commenting): CommentPlace {
  return { pullRequest, workflow: env['GITHUB_WORKFLOW'] ?? '', file: fileOf(written), command: name };
}

/** The configuration as the workflow names it, which is the same in every run. */
function fileOf(written: WrittenInputs): string {
  return JSON.stringify([written('working-directory'), written('config')]);
}
