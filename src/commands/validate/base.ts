import { join, resolve } from 'node:path';
import { readConfigText } from '../../config/find-config.ts';
import { pathInRepository } from '../../config/workspace/repository.ts';
import { Failure } from '../../core/failure.ts';
import { readSmallText } from '../../core/files.ts';
import { type BaseFile, readBaseFile } from '../../github/base-file.ts';
import type { Context } from '../context.ts';

/**
 * Reads the configuration to compare with: a named file, or the one before the change that the event proposes.
 * @param root folder of the checkout that has the file; null: none
 * @returns null if there is none
 * @throws Failure `bad-usage` if changes may fail the check and a terminal names no file, `config-not-found`,
 * `config-unreadable`
 */
export async function readBase(
  { base, failing }: { readonly base: string | undefined; readonly failing: boolean },
  { cwd, proposed, repository = null }: Context,
  { file, root }: { readonly file: string; readonly root: string | null },
): Promise<BaseFile | null> {
  if (base !== undefined) {
    const text = await readConfigText(resolve(cwd, base));
    return { kind: 'read', text, commit: null, behind: 0, isMerged: false };
  }
  if (proposed === undefined && failing) {
    const message = '`--fail-on-change` needs a configuration to compare with';
    throw new Failure('bad-usage', message, { hint: 'Give the file with `--base`.' });
  }
  if (proposed === undefined || proposed === null) return null;
  if (repository === null) return { kind: 'unread', reason: 'the step has no github-token for the API of its server' };
  const path = pathInRepository(file, root);
  if (root === null || path === null) return { kind: 'unread', reason: `${file} is outside of the checkout` };
  return await readBaseFile(repository, proposed, { checkedOut: await checkedOutIn(root), path });
}

const MAX_HEAD = 1_000;
const COMMIT = /^[0-9a-f]{40,64}$/;

/**
 * The commit that is checked out; null if that is unknown. actions/checkout leaves a detached HEAD, whose file holds the
 * commit, or a new branch, which has a file of its own.
 */
async function checkedOutIn(root: string): Promise<string | null> {
  const read = async (...names: readonly string[]) =>
    (await readSmallText(join(root, '.git', ...names), MAX_HEAD)).trim();
  const head = await read('HEAD');
  const branch = /^ref: (refs\/heads\/[\w./-]+)$/.exec(head)?.[1];
  const commit = branch === undefined || branch.includes('..') ? head : await read(...branch.split('/'));
  return COMMIT.test(commit) ? commit : null;
}
