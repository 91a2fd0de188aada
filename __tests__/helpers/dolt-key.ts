import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { testDolt } from './dolt-binary.ts';

/** A DoltHub key, made as `dolt login` does, and its id. */
export async function makeDoltKey(root: string): Promise<{ readonly jwk: string; readonly kid: string }> {
  await mkdir(root, { recursive: true });
  await execa(testDolt(), ['creds', 'new'], { env: { DOLT_ROOT_PATH: root } });
  const folder = join(root, '.dolt', 'creds');
  const [name = ''] = await readdir(folder);
  return { jwk: await readFile(join(folder, name), 'utf8'), kid: name.replace(/\.jwk$/, '') };
}
