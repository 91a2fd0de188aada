import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';

const ROOT = process.cwd();
const CACHE = join(ROOT, '.cache', 'compiled');

/** The compiled files, and the settings of the compiler. */
const FOLDERS = ['src', 'scripts', 'bench'];
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json'];

/** The command line as few files, in the folder of compiled sources. */
export const BUNDLED_CLI = join('bundle', 'cli.js');
/** Dependencies that are CommonJS load modules of Node with it. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Compiles the sources once for all test files that need them. The folder is below the repository, so that the
 * dependencies are found; its name is a hash of the sources, so it never contains old ones.
 * @returns the folder that holds `src`, `scripts`, `bench`, and `BUNDLED_CLI`
 */
export async function compiledSources(): Promise<string> {
  const folder = join(CACHE, await hashOfSources());
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const temporary = await mkdtemp(join(CACHE, '.new-'));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await execa(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.json'), '--noCheck', '--outDir', temporary]);
  await bundleCli(temporary);
  try {
    await rename(temporary, folder);
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    // Another test file was faster.
    if (!existsSync(folder)) throw thrown;
  }
  return folder;
}

/** Node needs three times the time to start the command line from a file for each module. */
async function bundleCli(folder: string): Promise<void> {
  await build({
    entryPoints: [join(folder, 'src', 'cli.js')],
    outdir: join(folder, 'bundle'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    banner: { js: REQUIRE },
  });
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
