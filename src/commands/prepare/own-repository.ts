import type { Endpoint } from '../../config/configuration.ts';
import { doltEnvironment } from '../../dolt/environment.ts';
import { run } from '../../dolt/process.ts';
import type { Context } from '../context.ts';

/** A repository at a git host. */
export interface Repository {
  readonly host: string;
  readonly owner: string;
  readonly name: string;
}

/** The names are written into a workflow, so they have only the characters that git hosts allow. */
const FORMS = [
  /^https:\/\/(?:[^/@\s]*@)?([\w.:-]+)\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/,
  /^(?:ssh:\/\/)?git@([\w.-]+)(?::\d+)?[/:]([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/,
] as const;

/** The repository that a URL of git names; null if it has another form. */
export function parseRepository(url: string): Repository | null {
  for (const form of FORMS) {
    const [, host, owner, name] = form.exec(url) ?? [];
    if (host !== undefined && owner !== undefined && name !== undefined) return { host, owner, name };
  }
  return null;
}

/** The repository that the remote `origin` of the working directory names; null if there is none. */
export async function ownRepositoryOf(context: Context): Promise<Repository | null> {
  const found = await git(context, 'config', '--get', 'remote.origin.url');
  return found?.exitCode === 0 ? parseRepository(found.stdout.trim()) : null;
}

/** Whether a folder is in a git repository that does not ignore it, so that a commit could contain it. */
export async function isCommittable(folder: string, context: Context): Promise<boolean> {
  return (await git(context, 'check-ignore', '--quiet', '--', folder))?.exitCode === NOT_IGNORED;
}

/** Of `git check-ignore`; outside a repository it ends with 128. */
const NOT_IGNORED = 1;

/** @returns null if there is no git */
async function git({ env, cwd, tempDir, userHome, signal }: Context, ...args: readonly string[]) {
  const environment = doltEnvironment(env, tempDir, { privateDir: tempDir, userHome });
  return await run('git', args, { env: environment, cwd, signal }).catch(() => null);
}

/** The endpoint that keeps a database in this repository, over https so that the token of a job can be used. */
export function endpointIn({ host, owner, name }: Repository): string {
  return `https://${host}/${owner}/${name}.git`;
}

/** Whether an endpoint is in the repository and is reached with the token of its jobs. */
export function isOwnRepository(endpoint: Endpoint, repository: Repository | null): boolean {
  if (repository === null || endpoint.kind !== 'git') return false;
  return endpoint.dolt.replace(/^git\+/, '').toLowerCase() === endpointIn(repository).toLowerCase();
}
