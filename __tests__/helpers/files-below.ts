import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Every file below a folder with its content, one character a byte; files that disappear during the read are omitted.
 */
export async function filesBelow(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => [path, await readFile(path, 'latin1').catch(() => '')] as const),
  );
  return new Map(files);
}

/** The files below a folder that hold one of some texts. */
export async function filesWith(folder: string, texts: Iterable<string>): Promise<readonly string[]> {
  const wanted = [...texts].map((text) => Buffer.from(text, 'utf8').toString('latin1'));
  const files = await filesBelow(folder);
  return [...files].filter(([, content]) => wanted.some((text) => content.includes(text))).map(([path]) => path);
}
