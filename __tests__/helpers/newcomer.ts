import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { readEnv } from '../../src/core/env.ts';
import { CLI } from './bundled-cli.ts';
import { writeProgram } from './child-node.ts';
import { cliInProcess, plainWords } from './cli-in-process.ts';
import { testDolt } from './dolt-binary.ts';
import type { TempFolder } from './temp-folder.ts';

/** A user at a shell, with a repository that has a database. */
export class User {
  readonly repository: string;
  readonly #env: Record<string, string>;

  constructor(folder: TempFolder, name: string, env: Readonly<Record<string, string>>) {
    this.repository = folder.file(name);
    this.#env = { PATH: pathFor(folder), HOME: folder.file('home'), DOLT_DISABLE_EVENT_FLUSH: '1', ...env };
  }

  /** Types one line; throws if it fails. A line that needs no shell runs in this process. */
  async type(line: string): Promise<string> {
    const words = plainWords(line);
    if (words !== null) {
      const { exitCode, stdout, stderr } = await cliInProcess(words, { cwd: this.repository, env: this.#env });
      if (exitCode !== 0) throw new Error(`${line} ended with ${exitCode}:\n${stdout}${stderr}`);
      return stdout;
    }
    const options = { cwd: this.repository, env: this.#env, extendEnv: false };
    return (await execa('/bin/sh', ['-c', line], options)).stdout;
  }
}

/** `dolt-federation`, and Dolt in the wanted version, as on a runner whose tool cache has it. */
export function pathFor(folder: TempFolder): string {
  return [folder.file('bin'), dirname(testDolt()), readEnv()['PATH'] ?? ''].join(':');
}

/** Installs the bundled `dolt-federation` for users of a folder. */
export async function installCommand(folder: TempFolder): Promise<void> {
  await mkdir(folder.file('bin'));
  await mkdir(folder.file('home'));
  await writeProgram(folder.file('bin', 'dolt-federation'), CLI);
}
