import { notice } from '@actions/core';
import type { Rendered } from '../../commands/command.ts';
import type { Proposed } from '../../commands/context.ts';
import type { CommandName } from '../../contract/commands.ts';
import type { CommentMode } from '../../contract/vocabulary.ts';
import type { Env } from '../../core/env.ts';
import { writeComment } from '../../github/comment.ts';
import type { WrittenInputs } from './inputs.ts';
import { logText } from './logger.ts';

/** What decides whether a comment is written, and which. */
export interface Commenting {
  readonly name: CommandName;
  readonly mode: CommentMode;
  readonly written: WrittenInputs;
  readonly proposed: Proposed | null;
  readonly env: Env;
}

/**
 * Writes the comment of the pull request that started the step, as the input `comment` says. A comment that cannot be
 * written does not fail the step: the token of a fork may only read, and the job summary has the same text.
 */
export async function commentOn(
  { comment }: Pick<Rendered, 'comment'>,
  { name, mode, written, proposed, env }: Commenting,
) {
  if (mode === 'never' || comment === undefined) return;
  const number = proposed?.change.number ?? null;
  if (proposed === null || number === null) {
    logText('No comment is written: the event has no pull request.');
    return;
  }
  const { text, isNews } = comment();
  const place = { pullRequest: number, workflow: env['GITHUB_WORKFLOW'] ?? '', file: fileOf(written), command: name };
  const create = mode === 'always' || isNews;
  const end =
    proposed.repository === null
      ? ({ kind: 'unwritten', reason: 'the step has no github-token for the API of its server' } as const)
      : await writeComment(proposed.repository, place, { body: text, create });
  if (end.kind === 'unwritten') notice(`${end.reason}. The job summary has the report.`, TITLE);
  else logText(`Comment of the pull request: ${end.kind}.`);
}

const TITLE = { title: 'The comment of the pull request was not written' };

/** The configuration as the workflow names it, which is the same in every run. */
function fileOf(written: WrittenInputs): string {
  return JSON.stringify([written('working-directory'), written('config')]);
}
