import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { ErrorResult, RunResult } from '../../src/contract/result.ts';
import { readEnv } from '../../src/core/env.ts';
import type { CompiledCli } from './compiled-cli.ts';
import { testDolt } from './dolt-binary.ts';
import { inMountNamespace } from './small-disk.ts';
import type { TempFolder } from './temp-folder.ts';

interface Wanted {
  /** Below `peers:`. */
  readonly peers: Readonly<Record<string, unknown>>;
  /** Names with the address of each. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

interface Came {
  readonly code: number;
  readonly result: RunResult & ErrorResult;
  readonly stderr: string;
}

/** Federates the database `local` on a machine on which hosts have the addresses that a test gives them. Linux only. */
export async function syncWithHosts(
  { folder, cli }: { readonly folder: TempFolder; readonly cli: CompiledCli },
  { peers, hosts, env = {}, args = [] }: Wanted,
): Promise<Came> {
  const lines = Object.entries({ localhost: '127.0.0.1', ...hosts }).map(([name, address]) => `${address} ${name}\n`);
  await writeFile(folder.file('hosts'), lines.join(''));
  await writeFile(folder.file('c.yaml'), stringify({ federation: { peers } }));
  await mkdir(folder.file('home'), { recursive: true });
  const words = [process.execPath, cli.path, 'sync', '--json', '--allow-insecure', '--config', 'c.yaml'];
  const run = [...words, '--database', 'local', '--dolt-path', testDolt(), ...args].join(' ');
  const script = `mount --bind hosts /etc/hosts\ncode=0; ${run} > out.json || code=$?; echo "$code" > code\n`;
  const { PATH = '' } = readEnv();
  const variables = { PATH, HOME: folder.file('home'), DOLT_DISABLE_EVENT_FLUSH: '1', ...env };
  const { exitCode, stderr } = await inMountNamespace(folder, script, variables);
  if (exitCode !== 0) throw new Error(stderr);
  return {
    code: Number(await readFile(folder.file('code'), 'utf8')),
    result: JSON.parse(await readFile(folder.file('out.json'), 'utf8')),
    stderr,
  };
}
