import { execaSync } from 'execa';
import { readEnv } from '../../../src/core/env.ts';
import { serverProgram } from './server-program.ts';

const REF = 'refs/dolt/data';

/**
 * Makes a new commit of Dolt's data in a repository, from which files are gone, as after a push that did not upload all
 * of them. At once, so that nothing of a run comes between.
 * @param isGone by the path in the tree
 * @returns the paths that are gone
 */
export function dropTables(repository: string, isGone: (path: string) => boolean): readonly string[] {
  const who = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.org' };
  const env = { PATH: readEnv()['PATH'] ?? '', ...who, GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.org' };
  const git = (args: readonly string[], input = '') =>
    String(execaSync(serverProgram('GIT'), ['-C', repository, ...args], { env, extendEnv: false, input }).stdout);
  const lines = git(['ls-tree', REF]).split('\n');
  const pathOf = (line: string) => line.split('\t')[1] ?? '';
  const tree = git(['mktree'], `${lines.filter((line) => !isGone(pathOf(line))).join('\n')}\n`);
  git(['update-ref', REF, git(['commit-tree', tree, '-p', REF, '-m', 'files are gone'])]);
  return lines.map(pathOf).filter(isGone);
}

/** Empties Dolt's remote in a repository. */
export function deleteTables(repository: string): void {
  execaSync(serverProgram('GIT'), ['-C', repository, 'update-ref', '-d', REF]);
}
