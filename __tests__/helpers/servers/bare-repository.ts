import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';
import { readEnv } from '../../../src/core/env.ts';
import { serverProgram } from './server-program.ts';

/** A bare git repository, with a branch `main` or with none; `refs` are its refs now. */
export interface BareRepository {
  readonly path: string;
  refs(): Promise<readonly string[]>;
}

/** Makes one; Dolt refuses to push into a repository without a branch. */
export async function bareRepository(path: string, { withBranch }: { withBranch: boolean }): Promise<BareRepository> {
  await mkdir(path, { recursive: true });
  const person = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.org' };
  const env = {
    PATH: readEnv()['PATH'] ?? '',
    HOME: path,
    GIT_CONFIG_NOSYSTEM: '1',
    ...person,
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.org',
  };
  const git = (...args: string[]) => execa(serverProgram('GIT'), ['-C', path, ...args], { env, extendEnv: false });
  await git('init', '--quiet', '--bare', '--initial-branch=main');
  // The setting that receive-pack over HTTP needs if the web server knows no users.
  await git('config', 'http.receivepack', 'true');
  // Otherwise each push starts about ten processes that clean up.
  await git('config', 'receive.autogc', 'false');
  if (withBranch) {
    const { stdout: tree } = await execa(serverProgram('GIT'), ['-C', path, 'mktree'], {
      env,
      extendEnv: false,
      input: '',
    });
    const { stdout: commit } = await git('commit-tree', tree, '-m', 'a first commit');
    await git('update-ref', 'refs/heads/main', commit);
  }
  return {
    path,
    refs: async () => (await git('for-each-ref', '--format=%(refname)')).stdout.split('\n').filter((ref) => ref !== ''),
  };
}
