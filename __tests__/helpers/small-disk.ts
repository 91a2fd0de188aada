import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { ErrorResult, RunResult } from '../../src/contract/result.ts';
import { readEnv } from '../../src/core/env.ts';
import type { CompiledCli } from './compiled-cli.ts';
import { testDolt } from './dolt-binary.ts';
import type { TempFolder } from './temp-folder.ts';

/** How a shell script in a mount namespace of its own ended. */
interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

type Variables = Readonly<Record<string, string>>;

/**
 * Runs a shell script that may mount anything: the mounts are not visible outside, and is gone when the script ends.
 * Linux only. Who is not root becomes so in a user namespace or, where the system allows none, by sudo; then the files
 * are given back.
 */
export async function inMountNamespace(folder: TempFolder, script: string, env: Variables): Promise<Ended> {
  const file = folder.file('mount.sh');
  const giveBack = `trap 'chown -R ${process.getuid?.()}:${process.getgid?.()} .' EXIT`;
  const [words, own] = await asRoot(env);
  await writeFile(file, `set -eu\nmount --make-rprivate /\n${own ? '' : `${giveBack}\n`}${script}`);
  const [command = '', ...rest] = [...words, '--mount', '/bin/bash', file];
  const { exitCode, stdout, stderr } = await execa(command, rest, {
    cwd: folder.path,
    extendEnv: false,
    env,
    reject: false,
  });
  return { exitCode, stdout, stderr };
}

/** The words before those of `unshare`, and whether the written files then belong to us. */
async function asRoot(env: Variables): Promise<readonly [words: readonly string[], own: boolean]> {
  if (process.getuid?.() === 0) return [['unshare'], true];
  const mapped = ['unshare', '--map-root-user'] as const;
  const tried = await execa(mapped[0], [mapped[1], '--mount', 'true'], { reject: false });
  if (tried.exitCode === 0) return [mapped, true];
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [['sudo', '-n', 'env', ...variables, 'unshare'], false];
}

/** Half a megabyte that no compression makes smaller. */
export const BULK = [
  'CREATE TABLE bulk (id INT PRIMARY KEY, v LONGTEXT)',
  `INSERT INTO bulk WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 999)
   SELECT n, CONCAT(SHA2(n, 512), SHA2(n + 1000, 512), SHA2(n + 2000, 512), SHA2(n + 3000, 512)) FROM s`,
] as const;

/** Fills the disk that is mounted on `small`. */
export const FILL = 'dd if=/dev/zero of=small/fill bs=1k status=none 2>/dev/null || true';

export interface Step {
  readonly code: number;
  readonly result: RunResult & ErrorResult;
}

/**
 * Runs a script with `small` as a place to mount something on. In it `sync NAME [words]` federates the database
 * `$LOCAL` and keeps its result.
 */
export async function withSmallDisk(
  { folder, cli }: { readonly folder: TempFolder; readonly cli: CompiledCli },
  peers: Readonly<Record<string, string>>,
  script: string,
) {
  await mkdir(folder.file('small'), { recursive: true });
  await mkdir(folder.file('home'));
  await writeFile(folder.file('c.yaml'), stringify({ federation: { peers } }));
  const run = `${process.execPath} ${cli.path} sync --json --config c.yaml --dolt-path ${testDolt()}`;
  const prelude = `sync() { local name=$1; shift; local code=0; ${run} --database "$LOCAL" "$@" > "$name.json" || code=$?; echo "$code" > "$name.code"; }\n`;
  const env = { PATH: readEnv()['PATH'] ?? '', HOME: folder.file('home'), DOLT_DISABLE_EVENT_FLUSH: '1' };
  const ended = await inMountNamespace(folder, prelude + script, env);
  expect(ended).toMatchObject({ exitCode: 0 });
  return async (name: string): Promise<Step> => ({
    code: Number(await readFile(folder.file(`${name}.code`), 'utf8')),
    result: JSON.parse(await readFile(folder.file(`${name}.json`), 'utf8')),
  });
}

/** A text as one word of the shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
