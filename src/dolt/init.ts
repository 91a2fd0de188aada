import type { Env } from '../core/env.ts';
import { explained, Failure } from '../core/failure.ts';
import { makeFolders } from '../core/files.ts';
import { type FolderPlace, inPrivateFolder } from '../core/private-folder.ts';
import { doltEnvironment, preparePrivateRoot } from './environment.ts';
import { run } from './process.ts';
import { refusedIn, textFailure } from './sql/failure.ts';

interface InitContext extends FolderPlace {
  readonly env: Env;
  readonly signal: AbortSignal;
}

interface NewDatabase {
  /** Dolt executable. */
  readonly dolt: string;
  /** Folder for the database; created if absent. */
  readonly folder: string;
  readonly branch: string;
  readonly author: { readonly name: string; readonly email: string };
}

/**
 * Creates a database with only its first commit.
 * @throws Failure `database-read-only`, `disk-full`, or `unknown` with Dolt's output, for example if the folder already
 * holds a database
 */
export async function initDatabase(context: InitContext, wanted: NewDatabase): Promise<void> {
  await makeFolders(wanted.folder).catch((thrown: unknown) => {
    throw explained(thrown, 'database-read-only', `no database can be made in ${wanted.folder}`);
  });
  await inPrivateFolder(context, 'init', async (privateDir) => {
    const env = doltEnvironment(context.env, await preparePrivateRoot(privateDir));
    const { name, email } = wanted.author;
    const result = await run(wanted.dolt, ['init', '-b', wanted.branch, '--name', name, '--email', email], {
      env,
      cwd: wanted.folder,
      signal: context.signal,
    });
    if (result.exitCode !== 0) {
      const output = `${result.stderr}${result.stdout}`.trim();
      const { code } = refusedIn(wanted.folder, textFailure(output));
      throw new Failure(code, `no database could be created in ${wanted.folder}: ${output}`);
    }
  });
}
