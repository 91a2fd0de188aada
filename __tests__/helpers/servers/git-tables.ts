import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { readEnv } from '../../../src/core/env.ts';
import { serverProgram } from './server-program.ts';

const REF = 'refs/dolt/data';

function gitIn(repository: string): (args: readonly string[], input?: string) => string {
  const who = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.org' };
  const env = { PATH: readEnv()['PATH'] ?? '', ...who, GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.org' };
  return (args, input = '') =>
    String(execaSync(serverProgram('GIT'), ['-C', repository, ...args], { env, extendEnv: false, input }).stdout);
}

const pathOf = (line: string) => line.split('\t')[1] ?? '';
const isTable = (path: string) => path !== 'manifest';

/**
 * Makes a new commit of Dolt's data in a repository, without some files, as after a push that did not upload all of
 * them. This is synchronous, so that no step of a run comes between.
 * @param isGone by the path in the tree; every table file by default
 * @returns the paths that are gone
 */
export function dropTables(repository: string, isGone: (path: string) => boolean = isTable): readonly string[] {
  const git = gitIn(repository);
  const lines = git(['ls-tree', REF]).split('\n');
  const tree = git(['mktree'], `${lines.filter((line) => !isGone(pathOf(line))).join('\n')}\n`);
  git(['update-ref', REF, git(['commit-tree', tree, '-p', REF, '-m', 'files are gone'])]);
  return lines.map(pathOf).filter(isGone);
}

/**
 * Removes the content of the table files from a repository, which keeps their names.
 * @returns a function that restores it
 */
export function dropObjects(repository: string): () => void {
  const lines = gitIn(repository)(['ls-tree', REF]).split('\n');
  const gone = lines.filter((line) => isTable(pathOf(line))).map((line) => line.split(/\s+/)[2] ?? '');
  const files = gone.map((object) => join(repository, 'objects', object.slice(0, 2), object.slice(2)));
  for (const file of files) renameSync(file, `${file}-gone`);
  return () => {
    for (const file of files) renameSync(`${file}-gone`, file);
  };
}

/** Empties Dolt's remote in a repository. */
export function deleteTables(repository: string): void {
  gitIn(repository)(['update-ref', '-d', REF]);
}
