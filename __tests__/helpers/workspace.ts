import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type BeadsPlace, beadsDatabase } from '../../src/beads/workspace.ts';
import { findConfig } from '../../src/config/find-config.ts';
import { readEnvFile } from '../../src/config/workspace/env-file.ts';
import { boundaryOf } from '../../src/core/boundary.ts';
import type { Env } from '../../src/core/env.ts';
import type { TempFolder } from './temp-folder.ts';

/**
 * Files by their path below `repo`; a path that ends in `/` is a folder. `%` in a text is the path of the folder above.
 */
export type Files = Readonly<Record<string, string>>;

/** Writes files. */
export async function writeFiles(folder: TempFolder, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const at = folder.file('repo', path);
    await mkdir(path.endsWith('/') ? at : dirname(at), { recursive: true });
    if (!path.endsWith('/')) await writeFile(at, text.replaceAll('%', folder.path));
  }
}

interface Asked {
  readonly env?: Env;
  readonly cwd?: string;
  readonly userHome?: boolean;
  readonly ceiling?: string;
  readonly untrusted?: boolean;
}

/** The database of the workspace of a folder, and its server. `%` as in files. */
export async function askPlace(folder: TempFolder, asked: Asked = {}): Promise<BeadsPlace | null> {
  const { env: written = {}, cwd = 'repo', userHome = false, ceiling, untrusted } = asked;
  const env = Object.fromEntries(
    Object.entries(written).map(([name, value]) => [name, value.replaceAll('%', folder.path)]),
  );
  const top = ceiling === undefined ? null : folder.file(ceiling);
  const context = { env, cwd: folder.file(cwd), ceiling: top, userHome, untrusted };
  const { workspace, redirect } = await findConfig(context, undefined);
  const bdEnv = workspace === null ? {} : await readEnvFile(workspace);
  const boundary = await boundaryOf(context, []);
  return await beadsDatabase({ workspace, redirect, bdEnv, cwd: context.cwd, env, userHome, boundary });
}

/** The folder of the database, without the server. */
export async function ask(folder: TempFolder, asked: Asked = {}): Promise<string | null> {
  const place = await askPlace(folder, asked);
  if (place?.kind === 'at-server') throw place.failure;
  return place?.path ?? null;
}

export const METADATA = '.beads/metadata.json';
export const EMBEDDED = '{"backend":"dolt",\n"dolt_mode":"embedded",\n"dolt_database":"north"}';
export const SERVER = EMBEDDED.replace('embedded', 'server');

/** A database named `north` in the folder of one mode or of both. */
export const IN_EMBEDDED: Files = { '.beads/embeddeddolt/north/.dolt/noms/': '' };
export const IN_SERVER: Files = { '.beads/dolt/north/.dolt/noms/': '' };
export const IN_BOTH: Files = { ...IN_EMBEDDED, ...IN_SERVER };

/** A workspace in embedded mode, with its database. */
export const embedded: Files = { [METADATA]: EMBEDDED, ...IN_EMBEDDED };

/** A metadata.json with more members, on its second line. */
export const metadata = (more: string): Files => ({ [METADATA]: `{"dolt_database":"north",\n${more}}` });

/** A file of settings in the workspace. */
export const config = (text: string, name = 'config.yaml'): Files => ({ [`.beads/${name}`]: text });
