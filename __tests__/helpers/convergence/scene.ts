import { readEnv } from '../../../src/core/env.ts';
import { initDatabase } from '../../../src/dolt/init.ts';
import { testDolt } from '../dolt-binary.ts';
import { federateIn, filePeer, inDatabase, withEngines } from '../federating.ts';
import type { TempFolder } from '../temp-folder.ts';
import { firstEdit } from './edit-database.ts';
import type { Edit } from './edits.ts';

/** A database, its first edit, and a mailbox that holds it; every database begins as a copy. */
export interface Scene {
  readonly folder: TempFolder;
  readonly first: { readonly commit: string; readonly edit: Edit };
}

/** Makes a scene in a folder: the database `base` and the mailbox `base.box`. */
export async function makeScene(folder: TempFolder): Promise<Scene> {
  const context = { env: readEnv(), tempDir: folder.path, signal: new AbortController().signal };
  const author = { name: 'Ann', email: 'ann@example.org' };
  await initDatabase(context, { dolt: testDolt(), folder: folder.file('base'), branch: 'main', author });
  const first = await withEngines(folder.file('base'), folder.file('tmp'), async (engines) => {
    const made = await inDatabase(engines, firstEdit);
    await federateIn(engines, { peers: [filePeer('own', folder.file('base.box'))] });
    return made;
  });
  return { folder, first };
}
