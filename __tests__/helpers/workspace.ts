import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { beadsDatabase } from '../../src/beads/workspace.ts';
import type { Env } from '../../src/core/env.ts';
import type { TempFolder } from './temp-folder.ts';

/** Files by their path below `repo`; a path that ends in `/` is a folder. `%` in a text is the path of the folder above. */
export type Files = Readonly<Record<string, string>>;

/** Writes files. */
export async function lay(folder: TempFolder, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const at = folder.file('repo', path);
    await mkdir(path.endsWith('/') ? at : dirname(at), { recursive: true });
    if (!path.endsWith('/')) await writeFile(at, text.replaceAll('%', folder.path));
  }
}

interface Asked {
  readonly env?: Env;
  readonly cwd?: string;
  readonly workspace?: string | null;
  readonly userHome?: boolean;
}

/** Where the workspace `repo/.beads` says that its database is. `%` as in files. */
export async function ask(
  folder: TempFolder,
  { env = {}, cwd = 'repo', workspace = '.beads', userHome = false }: Asked = {},
) {
  const variables = Object.entries(env).map(([name, value]) => [name, value.replaceAll('%', folder.path)] as const);
  const beads = workspace === null ? null : folder.file('repo', workspace);
  return await beadsDatabase({ workspace: beads, cwd: folder.file(cwd), env: Object.fromEntries(variables), userHome });
}

export const METADATA = '.beads/metadata.json';
export const EMBEDDED = '{"backend":"dolt",\n"dolt_mode":"embedded",\n"dolt_database":"north"}';
