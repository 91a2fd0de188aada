import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readEnv } from '../../src/core/env.ts';
import { publishing, remoteHead, type TestDatabase } from './database.ts';
import { testDolt } from './dolt-binary.ts';
import { git } from './git.ts';
import { RECIPES, recipes } from './recipes.ts';
import { type Mailbox, scenario } from './scenario.ts';
import { type ActEnd, runWorkflows } from './servers/act.ts';
import { type Remotesrv, startRemotesrv } from './servers/remotesrv.ts';
import { tempFolder } from './temp-folder.ts';

export const PASSWORD = 'the-password-of-the-vault';

/** A repository with a recipe and the configuration beside it, with folders and a local server instead of the hosts. */
export interface RecipeScene extends AsyncDisposable {
  /** Folder of the repository. */
  readonly repository: string;
  /** Our remote, in which the row 3 is new. */
  readonly primary: Mailbox;
  /** The database of the partner, and its mailbox. */
  readonly south: TestDatabase;
  readonly partner: Mailbox;
  /** The server of the backup peer. */
  readonly server: Remotesrv;
  /** The head of `main` at the backup peer; null: the remote is empty. */
  vault(): Promise<string | null>;
  run(given?: RecipeRun): Promise<ActEnd>;
}

interface RecipeRun {
  /** The event; absent: the schedule of a private repository. */
  readonly event?: { readonly name: string; readonly payload: unknown };
  readonly secrets?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Another folder of programs. */
  readonly path?: string;
}

/** @param edit the user's change of the recipe */
export async function recipeScene(
  recipe: string,
  edit: (text: string) => string = (text) => text,
): Promise<RecipeScene> {
  const folder = await tempFolder();
  const [made, server] = await Promise.all([
    scenario(folder)
      .database('north', "INSERT INTO items VALUES (3, 'three', 'ann')")
      .database('south', "INSERT INTO items VALUES (4, 'four', 'bob')")
      .mailbox('primary')
      .mailbox('partner')
      .build(),
    startRemotesrv(folder.path),
  ]);
  const [north, south] = [made.database('north'), made.database('south')];
  const [primary, partner] = [made.mailbox('primary'), made.mailbox('partner')];
  await Promise.all([north.sql(...publishing(primary.url)), south.sql(...publishing(partner.url))]);

  const hosts = [
    ['https://github.com/my-org/my-repo.git', primary.url],
    ['https://github.com/partner-org/their-repo.git', partner.url],
    ['https://dolt.my-org.example', server.url],
    // The recipes name the user's own repository.
    ['my-org/my-repo', 'org/repo'],
  ] as const;
  const local = (text: string) => hosts.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  const repository = folder.file('repository');
  const files = {
    [join('.beads', 'config.yaml')]: local(await readFile(join(RECIPES, 'config.yaml'), 'utf8')),
    [join('.github', 'workflows', recipe)]: local(edit((await recipes()).get(recipe) ?? '')),
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(repository, path)), { recursive: true });
    await writeFile(join(repository, path), text);
  }
  await git(repository, 'init', '--quiet', '--initial-branch=main');
  await git(repository, 'add', '--all');
  await git(repository, 'commit', '--quiet', '--message=federation');

  let clones = 0;
  return {
    repository,
    primary,
    south,
    partner,
    server,
    vault: () => remoteHead(`${server.url}/issues`, folder.file(`vault-${clones++}`)),
    run: ({ event, secrets = { VAULT_PASSWORD: PASSWORD }, env = {}, path } = {}) =>
      runWorkflows(folder, {
        ...(event === undefined ? {} : { event }),
        repository,
        secrets,
        env: {
          GITHUB_REPOSITORY: 'org/repo',
          PATH: [...(path === undefined ? [] : [path]), dirname(testDolt()), readEnv()['PATH'] ?? ''].join(':'),
          ...env,
        },
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
