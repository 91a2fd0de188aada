import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const ROOT = process.cwd();
const CACHE = join(ROOT, '.cache', 'compiled');

/** What is compiled, and what says how. */
const FOLDERS = ['src', 'scripts', 'bench'];
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * Compiles the sources, once for all test files that want them. The folder lies below the repository, so that the
 * dependencies are found; its name is a hash of the sources, so it never holds old ones.
 * @returns the folder that holds `src`, `scripts` and `bench`
 */
export async function compiledSources(): Promise<string> {
  const folder = join(CACHE, await hashOfSources());
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const temporary = await mkdtemp(join(CACHE, '.new-'));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await execa(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.json'), '--noCheck', '--outDir', temporary]);
  try {
    await rename(temporary, folder);
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    // Another test file was faster.
    if (!existsSync(folder)) throw thrown;
  }
  return folder;
}

async function hashOfSources(): Promise<string> {
  const below = await Promise.all(
    FOLDERS.map(async (folder) => {
      const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  const hash = createHash('sha256');
  for (const path of [...FILES.map((file) => join(ROOT, file)), ...below.flat().sort()]) {
    hash
      .update(`${path}\0`)
      .update(await readFile(path))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
