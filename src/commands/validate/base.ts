import { join, resolve } from 'node:path';
import { readConfigText } from '../../config/find-config.ts';
import { repositoryOf } from '../../config/workspace/repository.ts';
import { Failure } from '../../core/failure.ts';
import { isFolder, readSmallText, realPath } from '../../core/files.ts';
import { type BaseCommit, readBaseCommit, type Unread } from '../../github/base-commit.ts';
import type { Context } from '../context.ts';
import { movedContext } from '../prepare/base/moved-context.ts';
import {
  checkoutOfJob,
  type GuardedSource,
  OUTSIDE_OF_CHECKOUT,
  readGuardedAt,
  readMoved,
} from '../prepare/base/source-at.ts';
import type { CompareRequest } from './changes.ts';

/** The configuration to compare with. */
export type Base =
  /** A text, for the place of the checked file. */
  | { readonly kind: 'text'; readonly text: string }
  /** A configuration with the files around it; `of`: its commit, absent for a folder. */
  | (GuardedSource & { readonly of?: BaseCommit })
  | Unread;

/**
 * Reads the configuration to compare with: a named file or folder, or the one before the change that the event proposes.
 * @returns null if there is none
 * @throws Failure `bad-usage` if changes may fail the check and a terminal names no file, `config-unreadable`
 */
export async function readBase(
  { base, failOnChange, overrides }: CompareRequest,
  context: Context,
): Promise<Base | null> {
  const { cwd, proposed, repository = null } = context;
  if (base !== undefined) {
    const path = resolve(cwd, base);
    if (!(await isFolder(path))) return { kind: 'text', text: await readConfigText(path) };
    const root = (await repositoryOf(cwd))?.root ?? cwd;
    return await readMoved(await movedContext(root, await realPath(path), context, overrides));
  }
  if (proposed === undefined && failOnChange.length > 0) {
    const message = '`--fail-on-change` needs a configuration to compare with';
    throw new Failure('bad-usage', message, { hint: 'Give it with `--base`.' });
  }
  if (proposed === undefined || proposed === null) return null;
  if ('kind' in proposed) return proposed;
  if (repository === null) return { kind: 'unread', reason: 'the step has no github-token for the API of its server' };
  const root = await checkoutOfJob(context, overrides);
  if (root === null) return { kind: 'unread', ...OUTSIDE_OF_CHECKOUT };
  const found = await readBaseCommit(repository, proposed, await checkedOutIn(root));
  if (found.kind === 'unread') return found;
  const read = await readGuardedAt({ repository, commit: found.commit }, root, context, overrides);
  return read.kind === 'unread' ? read : { ...read, of: found };
}

const COMMIT = /^[0-9a-f]{40,64}$/;

/**
 * The commit that is checked out; null if that is unknown. actions/checkout leaves a detached HEAD, whose file holds the
 * commit, or a new branch, which has a file of its own until git packs its refs.
 */
async function checkedOutIn(root: string): Promise<string | null> {
  const read = async (...names: readonly string[]) => (await readSmallText(join(root, '.git', ...names))).trim();
  const head = await read('HEAD');
  const branch = /^ref: (refs\/heads\/.+)$/.exec(head)?.[1];
  if (branch === undefined) return COMMIT.test(head) ? head : null;
  // git allows no `..` in the name of a ref.
  const own = branch.includes('..') ? '' : await read(...branch.split('/'));
  const packed = async () => (await read('packed-refs')).split('\n').find((line) => line.endsWith(` ${branch}`));
  const [commit = ''] = (own || (await packed()) || '').split(' ');
  return COMMIT.test(commit) ? commit : null;
}
